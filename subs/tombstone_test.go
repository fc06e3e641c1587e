package subs_test

import (
	"fmt"
	"testing"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// The histories below are those of the conversations review-stale,
// review-fresh-reverted and count-resent-stale recorded from a Resgate: what the
// connection is sent of a child that it has let go is the first copy again.

func TestTheFirstCopyAgainAfterAChangeIsDoubtful(t *testing.T) {
	for _, test := range []struct {
		name    string
		changes []int // to n, which is 1 at first
		again   int   // what is sent after the release
		faults  int
	}{
		{"never changed", nil, 1, 0},
		{"changed, and sent as it was last", []int{2}, 2, 0},
		{"changed, and sent as something new", []int{2}, 3, 0},
		{"changed and changed back before the release", []int{2, 1}, 1, 0},
		{"changed, and sent as it was first", []int{2}, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := subs.NewRegistry()
			h := new(subs.Handle)
			r.Open(h, "child")
			grant(r, "child", 1)
			for _, n := range test.changes {
				if err := r.Changed("child", wire.Change{Values: nIs(n)}); err != nil {
					t.Fatal(err)
				}
			}
			r.Close(h)
			r.Unsubscribed("child", 1)
			if n := r.Counts().Resources; n != 0 {
				t.Fatalf("%d resources after the release", n)
			}
			again := new(subs.Handle)
			r.Open(again, "child")
			grant(r, "child", test.again)
			if faults := r.TakeFaults(); len(faults) != test.faults {
				t.Fatalf("faults %v, want %d", faults, test.faults)
			}
			doubtful := test.faults > 0
			if r.Doubtful("child") != doubtful || r.Live("child") == doubtful {
				t.Errorf("doubtful %t, live %t", r.Doubtful("child"), r.Live("child"))
			}
			r.Disconnected(fmt.Errorf("resync"))
			grant(r, "child", 1)
			if r.Doubtful("child") || !r.Live("child") {
				t.Error("another connection did not settle the doubt")
			}
		})
	}
}

func TestADoubtfulCopyOfWhatIsInLimboDoesNotReplaceIt(t *testing.T) {
	r := subs.NewRegistry()
	h := new(subs.Handle)
	r.Open(h, "child")
	grant(r, "child", 1)
	if err := r.Changed("child", wire.Change{Values: nIs(2)}); err != nil {
		t.Fatal(err)
	}
	r.Issued(1) // a request for a parent is out
	r.Close(h)
	r.Unsubscribed("child", 1)
	if err := r.Changed("child", wire.Change{Values: nIs(3)}); err != nil {
		t.Fatal(err)
	}
	grant(r, "child", 1)
	r.Answered(2)
	if content, live := r.Snapshot("child"); live || content.String() != `{"n":3}` {
		t.Errorf("got %v, live %t, want the copy that has followed its events, not live", content, live)
	}
	if faults := r.TakeFaults(); len(faults) != 1 {
		t.Errorf("faults %v, want 1", faults)
	}
}

// The gateway lets go of c by its slip, and loads it anew; and what is loading, and has
// referred to c before, brings its first copy again.
func TestAnEarlierFirstCopyAfterASlipIsDoubtful(t *testing.T) {
	const first, later = `{"n":1,"self":{"rid":"c"}}`, `{"n":1}`
	for name, test := range map[string]struct {
		change, anew, again string
		faults              int
	}{
		"what it was first":    {`{"self":{"action":"delete"}}`, later, first, 1},
		"what was loaded anew": {`{"self":{"action":"delete"}}`, later, later, 0},
		"something else":       {`{"self":{"action":"delete"}}`, later, `{"n":2}`, 0},
		"what it was, no slip": {`{"n":2}`, `{"n":2,"self":{"rid":"c"}}`, first, 0},
	} {
		for _, gone := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, gone before %t", name, gone), func(t *testing.T) {
				r := newRig(t)
				out := r.request()
				r.got(r.request(), `{"models":{"c":`+first+`}}`)
				r.apply("c", "change", `{"values":`+test.change+`}`)
				r.got(r.request(), `{"models":{"c":`+test.anew+`}}`)
				if gone {
					r.answered(out)
					r.counts(0, 0, 0)
					out = r.request()
				}
				r.granted(out, "p", `{"models":{"p":{"child":{"rid":"c"}},"c":`+test.again+`}}`)
				r.faults(test.faults)
				if doubtful := test.faults > 0; r.reg.Doubtful("c") != doubtful || r.reg.Live("c") == doubtful {
					t.Errorf("doubtful %t, live %t", r.reg.Doubtful("c"), r.reg.Live("c"))
				}
			})
		}
	}
}

// The gateway lets go of c by its slip while p, which it has sent, holds it.
func TestAnEarlierFirstCopyOfWhatWasHeldIsDoubtful(t *testing.T) {
	const first = `{"models":{"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"}}}}`
	r := newRig(t)
	r.want("p", first)
	r.apply("c", "change", `{"values":{"self":null}}`)
	r.faults(1)
	r.drop("p")
	out := r.request()
	r.got(r.request(), `{"models":{"c":{"self":null}}}`) // it is loaded anew
	r.granted(out, "p", first)                           // and there is still something that refers to what it was
	r.faults(1)
}

// What comes for a copy in doubt may be what the gateway keeps from then on.
func TestCopyIsDoubtfulThatCameForOneInDoubt(t *testing.T) {
	r := newRig(t)
	out := r.request()
	r.got(r.request(), `{"models":{"c":{"n":1}}}`)
	r.apply("c", "change", `{"values":{"n":2}}`)
	r.got(r.request(), `{"models":{"c":{"n":1}}}`)
	r.got(r.request(), `{"models":{"c":{"n":3}}}`)
	r.apply("c", "change", `{"values":{"n":4}}`)
	r.answered(out)
	r.counts(0, 0, 0)
	r.want("c", `{"models":{"c":{"n":3}}}`)
	r.faults(1)
}

func TestEarlierFirstCopiesAreBounded(t *testing.T) {
	for n, faults := range map[int]int{1: 0, 99: 1} {
		r := newRig(t)
		out := r.request()
		for i := range 100 {
			r.got(r.request(), fmt.Sprintf(`{"models":{"c":{"n":%d,"self":{"rid":"c"}}}}`, i))
			r.apply("c", "change", `{"values":{"self":{"action":"delete"}}}`)
		}
		r.got(r.request(), `{"models":{"c":{"n":100}}}`)
		r.granted(out, "p", fmt.Sprintf(`{"models":{"p":{"child":{"rid":"c"}},"c":{"n":%d,"self":{"rid":"c"}}}}`, n))
		r.faults(faults)
	}
}

// Each connection is sent its own first copy.
func TestWhatAConnectionWasSentFirstIsForgottenWithIt(t *testing.T) {
	r := subs.NewRegistry()
	h := new(subs.Handle)
	r.Open(h, "child")
	grant(r, "child", 1)
	if err := r.Changed("child", wire.Change{Values: nIs(2)}); err != nil {
		t.Fatal(err)
	}
	r.Close(h)
	r.Unsubscribed("child", 1)
	r.Disconnected(nil)
	r.Sweep()
	r.Open(new(subs.Handle), "child")
	grant(r, "child", 1)
	if content, live := r.Snapshot("child"); !live || content.String() != `{"n":1}` {
		t.Errorf("got %v, live %t, want what the new connection was sent", content, live)
	}
	if faults := r.TakeFaults(); len(faults) > 0 {
		t.Errorf("faults %v", faults)
	}
}

func TestAnEarlierFirstCopyIsRememberedUntilTheConnectionIsLost(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("lost %t", lost), func(t *testing.T) {
			const first, later = `{"models":{"c":{"self":{"rid":"c"}}}}`, `{"models":{"c":{}}}`
			r := newRig(t)
			r.request()
			r.open("c", "c")
			r.got(r.request(), first)
			r.apply("c", "change", `{"values":{"self":{"action":"delete"}}}`)
			r.subscribe("c", later)
			r.faults(0)
			if lost {
				r.disconnect()
				r.subscribe("c", later)
			}
			r.drop("c")
			r.open("again", "c")
			r.subscribe("c", first)
			if lost {
				r.faults(0)
			} else {
				r.faults(1)
			}
		})
	}
}

func TestTombstonesAreBounded(t *testing.T) {
	r := subs.NewRegistry()
	const many = 20_000
	for i := range many {
		rid, h := fmt.Sprintf("m.%d", i), new(subs.Handle)
		r.Open(h, rid)
		grant(r, rid, 1)
		if err := r.Changed(rid, wire.Change{Values: nIs(2)}); err != nil {
			t.Fatal(err)
		}
		r.Close(h)
		r.Unsubscribed(rid, 1)
	}
	if n := r.Tombstones(); n == 0 || n >= many {
		t.Errorf("%d tombstones for %d released resources", n, many)
	}
}

func grant(r *subs.Registry, rid string, n int) {
	install(r, wire.Set{Resources: []wire.Resource{{RID: rid, Kind: wire.KindModel, Model: nIs(n)}}})
	r.Subscribed(rid)
}

func nIs(n int) []wire.Property {
	return []wire.Property{{Name: "n", Value: value(n)}}
}
