package subs_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Items come and go anywhere, at times in front or behind only; what was handed out before
// stays as it was.
func TestACollectionIsWhatItsAddsAndRemovesMakeOfIt(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		want := numbers(rnd.IntN(20))
		reg := subscribed(wire.Resource{RID: "l", Kind: wire.KindCollection, Collection: want})
		want = slices.Clone(want)
		for n := range 500 {
			at := func(end int) int {
				switch seed % 3 {
				case 0:
					return 0
				case 1:
					return end
				}
				return rnd.IntN(end + 1)
			}
			var err error
			if len(want) > 0 && rnd.IntN(2) == 0 {
				index := at(len(want) - 1)
				want = slices.Delete(want, index, index+1)
				err = reg.Removed("l", wire.Remove{Index: index})
			} else {
				index := at(len(want))
				want = slices.Insert(want, index, number(1000+n))
				err = reg.Added("l", wire.Add{Index: index, Value: number(1000 + n)})
			}
			if err != nil {
				t.Fatal(err)
			}
			var kept []res.Value
			if rnd.IntN(10) == 0 { // a snapshot has the next event work on a copy
				snapshot, _ := reg.Snapshot("l")
				for _, v := range snapshot.Items() {
					kept = append(kept, v)
				}
				if !slices.Equal(kept, want) {
					t.Fatalf("seed %d: after %d events %v, want %v", seed, n+1, kept, want)
				}
			}
		}
	}
}
