package mutation_test

import (
	"flag"
	"testing"

	"github.com/resclient/resclient-go/internal/mutation"
)

var mutate = flag.Bool("mutate", false, "break every rule, and see that a test notices")

// Random tests find nearly everything, but say little about what is wrong. So they do
// not count here.
const random = "^(TestRandomWalks|TestWalksThatHaveFailed|TestRegistryAgainstAModel|TestQueueAgainstAModel|TestReplayedEventsGiveThePresentState)$"

// The numbers in the names of the patches group them: 01 the order on a new connection,
// 02 one request per resource, 03 sets and limbo, 04 what is held, 05 old copies,
// 06 tolerance, 07 counts that are left behind, 08 resources of calls, 09 access that is
// lost, 10 what is deleted, 11 references in error, 12 silence, 13 closing, 14 frames,
// 20 staleness and events, 21 replay and dialling, 22 calls, 23 deep handles and queues, 24 the latest value.
func TestEveryRuleHasATest(t *testing.T) {
	const dir = "testdata/rules"
	if *mutate {
		mutation.Run(t, dir, nil, "-skip", random)
		return
	}
	mutation.Check(t, dir)
}
