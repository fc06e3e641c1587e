package core_test

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/state"
)

// flood is how many messages a gateway sends that means no good.
const flood = 150_000 / slower

// kept is how many bytes the client may hold on to after a flood: less than 14 for
// every message.
const kept = 2 << 20

// A gateway may send whatever it likes, for as long as it likes. What does not make the
// local copy larger must not make anything else larger.
func TestFloodsTakeNoMemory(t *testing.T) {
	never := func(int) string { return "" }
	for name, test := range map[string]struct {
		message func(i int) string // a copy of "a" and one of "p", with a reference, are subscribed
		after   func(i int) string // sent right after it, unless ""
		counted func(r *rig) uint64
	}{
		"events for unknown resources": {
			func(i int) string {
				return fmt.Sprintf(`{"event":"x.%d.change","data":{"values":{"c":{"rid":"y.%d"}},"models":{"y.%d":{"v":1}}}}`, i, i, i)
			}, never,
			func(r *rig) uint64 { return r.core.Stats().UnknownEvents },
		},
		"unsubscribe events for unknown resources": {
			func(i int) string {
				return fmt.Sprintf(`{"event":"x.%d.unsubscribe","data":{"reason":{"code":"x"}}}`, i)
			}, never,
			func(r *rig) uint64 { return r.core.Stats().UnknownEvents },
		},
		"answers to nothing": {
			func(i int) string {
				return fmt.Sprintf(`{"id":%d,"result":{"rid":"x.%d","models":{"x.%d":{"v":1}}}}`, 1<<20+i, i, i)
			}, never,
			func(r *rig) uint64 { return r.core.Stats().Messages },
		},
		"messages that are none": {
			func(i int) string { return fmt.Sprintf(`{"unknown":%d}`, i) }, never,
			func(r *rig) uint64 { return r.core.Stats().BadFrames },
		},
		"custom events that nobody reads": {
			func(i int) string { return fmt.Sprintf(`{"event":"c.custom","data":{"n":%d}}`, i) }, never,
			func(r *rig) uint64 { return r.core.Stats().Events },
		},
		"unsubscribe events for what is held indirectly": {
			func(int) string { return `{"event":"c.unsubscribe","data":{"reason":{"code":"x"}}}` }, never,
			func(r *rig) uint64 { return r.core.Stats().Events },
		},
		"references that come and go": {
			func(i int) string {
				return fmt.Sprintf(`{"event":"p.change","data":{"values":{"c":{"rid":"x.%d"}},"models":{"x.%d":{"v":1}}}}`, i, i)
			}, never,
			func(r *rig) uint64 { return r.core.Stats().Events },
		},
		"a resource that is deleted again and again": {
			func(int) string { return `{"event":"c.delete"}` }, never,
			func(r *rig) uint64 { return r.core.Stats().Events },
		},
		"resources that are deleted as soon as they are there": {
			func(i int) string {
				return fmt.Sprintf(`{"event":"p.change","data":{"values":{"c":{"rid":"x.%d"}},"models":{"x.%d":{"v":1}}}}`, i, i)
			},
			func(i int) string { return fmt.Sprintf(`{"event":"x.%d.delete"}`, i) },
			func(r *rig) uint64 { return r.core.Stats().Events },
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			a := r.subscribed("a")
			p := r.subscribe("p")
			r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
			r.call("x", "do") // is never answered
			r.pass(r.cfg.RequestTimeout)
			grown := heapGrowth(func() {
				for i := range flood {
					r.read(test.message(i))
					if after := test.after(i); after != "" {
						r.read(after)
					}
					p.heard = p.heard[:0]
				}
			})
			if grown > kept {
				t.Errorf("%d bytes are held on to, want %d at the most", grown, kept)
			}
			if n := test.counted(r); n < flood {
				t.Errorf("%d messages were counted, want %d", n, flood)
			}
			r.event("a.change", `{"values":{"v":2}}`)
			a.hears(`a change v=2 (was 1)`)
			r.wantState(state.Connected)
		})
	}
}

// heapGrowth runs f and returns how many bytes it has left in use.
func heapGrowth(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// Neither library that reads JSON here goes deeper than 10,000 levels, and so does no gateway: it ignores
// such a message of a service.
func TestJSONNestedWithoutEndIsNoMessage(t *testing.T) {
	deep := strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000)
	objects := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat(`}`, 100_000)
	for name, frame := range map[string]string{
		"alone":             deep,
		"objects":           objects,
		"without end":       strings.Repeat(`{"a":[`, 100_000),
		"a custom event":    `{"event":"a.custom","data":` + deep + `}`,
		"a data value":      `{"event":"a.change","data":{"values":{"v":{"data":` + deep + `}}}}`,
		"an unknown member": `{"event":"a.change","x":` + objects + `,"data":{"values":{"v":2}}}`,
		"an unknown result": `{"id":7,"result":` + objects + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			a := r.subscribed("a")
			r.read(frame)
			r.reopen() // it may have been an event
			r.answer(r.sent("subscribe a")[0], model("a", 2))
			if s := r.core.Stats(); s.BadFrames != 1 || s.Resyncs != 1 || !a.live {
				t.Errorf("the figures are %+v", s)
			}
		})
	}
}

func TestDataNestedAsDeepAsAGatewaySendsItIsRead(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	data := strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000)
	r.event("a.custom", data)
	a.hears(`a custom ` + data)
}

// What is wanted takes the memory that it takes, and gives it back.
func TestAMillionResourcesAreHeldAsLongAsTheyAreWanted(t *testing.T) {
	n := 1_000_000 / slower
	r := connected(t)
	a, all := r.subscribed("a"), r.subscribe("all")
	frame := r.success(r.sent("subscribe all")[0], largeSet(n))
	grown := heapGrowth(func() { r.read(frame) })
	r.wantReply(all, nil)
	if s := r.core.Stats(); s.Resources != n+2 {
		t.Errorf("%d resources, want %d", s.Resources, n+2)
	}
	if most := int64(16 * len(frame)); grown > most {
		t.Errorf("%d bytes for a message of %d, want %d at the most", grown, len(frame), most)
	}
	freed := -heapGrowth(func() {
		all.close()
		all.heard = nil
		r.answer(r.sent("unsubscribe all")[0], "")
	})
	if s := r.core.Stats(); s.Resources != 1 || grown-freed > kept {
		t.Errorf("%d resources and %d of %d bytes are left", s.Resources, grown-freed, grown)
	}
	r.event("a.change", `{"values":{"v":2}}`)
	a.hears(`a change v=2 (was 1)`)
}

// Nothing refers to them, so they are no more than a message to be read.
func TestManyResourcesThatNothingHoldsAreLetGo(t *testing.T) {
	r := connected(t)
	b := r.subscribe("b")
	frame := r.success(r.sent("subscribe b")[0], strings.Replace(largeSet(flood), `"models":{`, `"models":{"b":{"v":1},`, 1))
	if grown := heapGrowth(func() { r.read(frame) }); grown > kept {
		t.Errorf("%d bytes are held on to, want %d at the most", grown, kept)
	}
	r.wantReply(b, nil)
	if s := r.core.Stats(); s.Resources != 1 {
		t.Errorf("%d resources, want 1", s.Resources)
	}
}

// largeSet is a collection "all" of n models, and these.
func largeSet(n int) string {
	var references, models strings.Builder
	for i := range n {
		fmt.Fprintf(&references, `,{"rid":"m.%d"}`, i)
		fmt.Fprintf(&models, `,"m.%d":{}`, i)
	}
	return fmt.Sprintf(`{"collections":{"all":[%s]},"models":{%s}}`, references.String()[1:], models.String()[1:])
}

func TestAnIndexNobodyHasAllocatesNothing(t *testing.T) {
	for _, idx := range []int64{3, 1 << 20, math.MaxInt32, math.MaxInt64} {
		r := connected(t)
		r.subscribe("list")
		r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[1,2]}}`)
		grown := heapGrowth(func() { r.event("list.add", fmt.Sprintf(`{"idx":%d,"value":1}`, idx)) })
		if grown > kept {
			t.Errorf("index %d takes %d bytes", idx, grown)
		}
		r.pass(0)
		r.wantState(state.Dialing)
	}
}
