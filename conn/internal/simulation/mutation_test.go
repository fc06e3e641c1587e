package simulation_test

import (
	"flag"
	"testing"

	"github.com/resclient/resclient-go/internal/mutation"
)

var mutate = flag.Bool("sim.mutate", false, "break the client in every way that testdata/mutations knows, and see that TestSeeds finds it")

// A check that nothing can break is none. Package mutation says what a patch is.
func TestTheSimulationFindsWhatIsBroken(t *testing.T) {
	const dir = "testdata/mutations"
	if *mutate {
		mutation.Run(t, dir, nil, "-run", "^Test(Seeds|RunsThatHaveFailed)$", "-sim.seeds", "10000", "-sim.whole")
		return
	}
	mutation.Check(t, dir)
}
