package mutation_test

import (
	"flag"
	"testing"

	"github.com/resclient/resclient-go/internal/mutation"
)

var mutate = flag.Bool("mutate", false, "break every rule, and see that a test notices")

// Random tests find nearly everything, but say little about what is wrong. So they do
// not count here.
func TestEveryRuleHasATest(t *testing.T) {
	const dir = "testdata/rules"
	if *mutate {
		mutation.Run(t, dir, nil, "-skip", "Walk|Model|Fuzz|Random")
		return
	}
	mutation.Check(t, dir)
}
