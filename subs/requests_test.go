package subs_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/resclient/resclient-go/subs"
)

// Of the requests for a resource the newest counts, until it is answered or the connection is
// lost; whatever the order of answers, and whether or not somebody looks.
func TestTheNewestRequestForAResourceCounts(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 3))
		var r subs.Requests
		newest := map[string]uint64{} // what has to be known
		about := map[uint64]string{}  // all that are out, also those that do not count any more
		looks := random.IntN(3) > 0
		for seq := uint64(1); seq < 400; seq++ {
			rid := fmt.Sprint("r", random.IntN(20))
			if random.IntN(100) == 0 { // the connection is lost
				r.Clear()
				clear(newest)
				clear(about)
			}
			switch random.IntN(8) {
			case 0, 1, 2, 3:
				r.Add(seq, rid)
				newest[rid], about[seq] = seq, rid
			case 4: // it was answered, and is owed now
				if owed := newest[rid]; owed > 0 {
					r.End(owed)
					r.Insert(owed, rid)
				}
			default:
				for n := 1 + random.IntN(3); n > 0 && len(about) > 0; n-- {
					answer := anyRequest(random, about, seq)
					r.End(answer)
					if newest[about[answer]] == answer {
						delete(newest, about[answer])
					}
					delete(about, answer)
				}
			}
			for i := 0; looks && i < 20; i++ {
				rid := fmt.Sprint("r", i)
				if have := r.Newest(rid); have != newest[rid] {
					t.Fatalf("seed %d: of %s the newest is %d, want %d", seed, rid, have, newest[rid])
				}
			}
		}
		for rid, want := range newest {
			if have := r.Newest(rid); have != want {
				t.Fatalf("seed %d: at the end, of %s the newest is %d, want %d", seed, rid, have, want)
			}
		}
		for answer, rid := range about {
			r.End(answer)
			delete(newest, rid)
		}
		if have := r.Newest("r0"); have != 0 {
			t.Fatalf("seed %d: %d is left", seed, have)
		}
	}
}

// anyRequest returns one that is out, mostly the oldest.
func anyRequest(random *rand.Rand, out map[uint64]string, until uint64) uint64 {
	first := uint64(1)
	if random.IntN(3) == 0 {
		first += random.Uint64N(until)
	}
	for i := range until {
		if seq := (first+i-1)%until + 1; out[seq] != "" {
			return seq
		}
	}
	panic("none is out")
}

// One that is never answered does not have those after it pile up.
func TestRequestsThatAreOverTakeNoRoom(t *testing.T) {
	var r subs.Requests
	r.Add(1, "silent")
	for seq := uint64(2); seq < 100_000; seq++ {
		r.Add(seq, "r")
		r.End(seq)
	}
	if r.Room() > 1000 || r.Newest("silent") != 1 || r.Newest("r") != 0 {
		t.Errorf("there is room for %d, and the newest are %d and %d", r.Room(), r.Newest("silent"), r.Newest("r"))
	}
}
