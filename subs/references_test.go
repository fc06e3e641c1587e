package subs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func TestChildIsLiveThroughItsParent(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"},"soft":{"rid":"s","soft":true}},"c":{"x":1}}}`)
	r.has("c", `{"x":1}`)
	r.has("s", "")
	r.counts(1, 0, 2)
	r.forget()
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.has("c", `{"x":2}`)
	r.hears("nobody has a handle on the child")
}

func TestChildIsDroppedWithItsParent(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"child":{"rid":"g"}},"g":{}}}`)
	r.counts(1, 0, 3)
	r.drop("p")
	r.counts(0, 0, 0)
	r.has("c", "")
	if err := r.event("c", "change", `{"values":{"x":2}}`); err == nil {
		t.Error("an event for a child that is gone was applied")
	}
}

func TestChildIsDroppedWithTheLastReference(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"a":{"rid":"c"},"b":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("p", "change", `{"values":{"a":null}}`)
	r.has("c", `{"x":1}`)
	r.apply("p", "change", `{"values":{"b":{"action":"delete"}}}`)
	r.counts(1, 0, 1)
}

func TestChildOfAnEventIsLive(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[]}}`)
	r.apply("l", "add", `{"idx":0,"value":{"rid":"a"},"models":{"a":{"next":{"rid":"b"}},"b":{"x":1}}}`)
	r.has("a", `{"next":{"rid":"b"}}`)
	r.has("b", `{"x":1}`)
	r.apply("a", "change", `{"values":{"next":{"rid":"c"}},"collections":{"c":[1]}}`)
	r.has("b", "")
	r.has("c", `[1]`)
	r.apply("l", "remove", `{"idx":0}`)
	r.counts(1, 0, 1)
}

func TestMovedReferenceKeepsItsContent(t *testing.T) {
	r := newRig(t)
	r.want("m", `{"models":{"m":{"a":{"rid":"c"},"b":null},"c":{"x":1}}}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.apply("m", "change", `{"values":{"a":null,"b":{"rid":"c"}}}`)
	r.has("c", `{"x":2}`)
	r.faults(0)
}

func TestMoveInACollectionBringsTheItemAgain(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"},{"rid":"b"}]},"models":{"a":{"x":1},"b":{}}}`)
	r.apply("l", "remove", `{"idx":0}`)
	r.apply("l", "add", `{"idx":1,"value":{"rid":"a"},"models":{"a":{"x":2}}}`)
	r.has("a", `{"x":2}`)
	r.counts(1, 0, 3)
	r.faults(0)
}

func TestSharedChildGoesWithItsLastParent(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"c"}}}}`)
	r.open("c", "c")
	r.subscribe("c", `{}`)
	r.drop("p")
	r.has("c", `{"x":1}`)
	r.drop("c")
	r.has("c", `{"x":1}`)
	r.counts(1, 0, 2)
	r.drop("q")
	r.counts(0, 0, 0)
}

func TestContentForWhatIsHeldDoesNotReplaceIt(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.forget()
	r.got(r.request(), `{"models":{"c":{"x":1},"p":{"child":{"rid":"c"}}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("q", "change", `{"values":{"other":{"rid":"c"}},"models":{"c":{"x":1}}}`)
	r.has("c", `{"x":2}`)
	r.has("p", `{"child":{"rid":"c"}}`)
}

func TestReferenceInErrorIsNotReplacedWhileItIsHeld(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"a"}}},"errors":{"a":{"code":"system.notFound","message":"Not found"}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"a"}}},"errors":{"a":{"code":"system.notFound","message":"Not found"}}}`)
	r.has("a", `{"code":"system.notFound","message":"Not found"}`)
	r.faults(0)
	r.apply("q", "change", `{"values":{"more":{"rid":"a"}},"models":{"a":{"x":1}}}`)
	r.has("a", `~{"code":"system.notFound","message":"Not found"}`)
	r.faults(1) // the gateway has let go of it, and that may not be all
}

func TestReferenceInErrorHealsWhenItIsPutBack(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"}]},"errors":{"a":{"code":"system.notFound","message":"Not found"}}}`)
	r.apply("l", "remove", `{"idx":0}`)
	r.apply("l", "add", `{"idx":0,"value":{"rid":"a"},"models":{"a":{"x":1}}}`)
	r.has("a", `{"x":1}`)
	r.faults(0)
}

func TestReferenceThatNeverCameIsAFault(t *testing.T) {
	for name, bring := range map[string]func(*rig){
		"with a subscribe": func(r *rig) { r.want("p", `{"models":{"p":{"child":{"rid":"c"}}}}`) },
		"with a change": func(r *rig) {
			r.want("p", `{"models":{"p":{}}}`)
			r.apply("p", "change", `{"values":{"child":{"rid":"c"}}}`)
		},
		"with an add": func(r *rig) {
			r.want("p", `{"collections":{"p":[]}}`)
			r.apply("p", "add", `{"idx":0,"value":{"rid":"c"}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			bring(r)
			r.faults(1)
			r.has("c", "")
			r.counts(1, 0, 2)
			r.got(r.request(), `{"models":{"c":{"x":1}}}`)
			r.has("c", `{"x":1}`) // better late than never
			r.drop("p")
			r.counts(0, 0, 0)
		})
	}
}

func TestEmptyAnswerForWhatNobodySentIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("a", `{}`)
	r.faults(1)
	r.hears("there is nothing to read")
	r.counts(1, 1, 1)
}

func TestSuspectParentStillHoldsItsChildren(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"}]},"models":{"a":{"x":1}}}`)
	if r.event("l", "remove", `{"idx":7}`) == nil {
		t.Fatal("an index out of bounds was accepted")
	}
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.has("a", `{"x":2}`)
	r.drop("l")
	r.counts(0, 0, 0)
}

func TestCyclesAreDroppedWhenNothingOutsideHoldsThem(t *testing.T) {
	for _, tc := range []struct{ name, content string }{
		{"self", `{"models":{"root":{"r":{"rid":"root"}}}}`},
		{"two", `{"models":{"root":{"r":{"rid":"b"}},"b":{"r":{"rid":"root"}}}}`},
		{"self below", `{"models":{"root":{"r":{"rid":"b"}},"b":{"r":{"rid":"b"}}}}`},
		{"entered from outside", `{"models":{"root":{"r":{"rid":"b"}},"b":{"r":{"rid":"c"}},"c":{"r":{"rid":"b"}}}}`},
		{"eight", `{"models":{"root":{"a":{"rid":"b"},"b":{"rid":"c"}},"b":{"a":{"rid":"c"},"b":{"rid":"d"}},"c":{"a":{"rid":"d"},"b":{"rid":"b"}},"d":{"a":{"rid":"b"},"b":{"rid":"root"}}}}`},
		{"with a tail", `{"models":{"root":{"r":{"rid":"b"}},"b":{"r":{"rid":"root"},"tail":{"rid":"c"}},"c":{}}}`},
		{"a list and its items", `{"collections":{"root":[{"rid":"b"},{"rid":"c"}]},"models":{"b":{"up":{"rid":"root"}},"c":{"up":{"rid":"root"}}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.want("root", tc.content)
			r.drop("root")
			r.counts(0, 0, 0)

			r.want("top", `{"collections":{"top":[{"rid":"root"}]},`+tc.content[1:])
			r.apply("top", "remove", `{"idx":0}`)
			r.counts(1, 0, 1)
		})
	}
}

func TestCycleIsKeptByASubscriptionOfOneMember(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"r":{"rid":"b"}},"b":{"r":{"rid":"c"}},"c":{"r":{"rid":"a"}}}}`)
	r.open("c", "c")
	r.subscribe("c", `{}`)
	r.drop("a")
	r.counts(1, 0, 3)
	r.apply("a", "ping", `1`)
	r.has("b", `{"r":{"rid":"c"}}`)
	r.drop("c")
	r.counts(0, 0, 0)
}

func TestCycleIsKeptByOneReferenceFromOutside(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"r":{"rid":"c"}},"a":{"r":{"rid":"b"}},"b":{"r":{"rid":"c"}},"c":{"r":{"rid":"a"}}}}`)
	r.open("a", "a")
	r.subscribe("a", `{}`)
	r.drop("a")
	r.counts(1, 0, 4)
	r.has("a", `{"r":{"rid":"b"}}`)
	r.apply("p", "change", `{"values":{"r":null}}`)
	r.counts(1, 0, 1)
}

func TestCycleGoesWithoutDelayAmongMany(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[]}}`)
	for n := range 100 { // items that refer to each other come and go on one connection
		item, detail := fmt.Sprintf("item.%d", n), fmt.Sprintf("detail.%d", n)
		r.apply("l", "add", fmt.Sprintf(`{"idx":0,"value":{"rid":%q},"models":{%q:{"d":{"rid":%q}},%q:{"of":{"rid":%q}}}}`, item, item, detail, detail, item))
		r.apply("l", "remove", `{"idx":0}`)
	}
	r.counts(1, 0, 1)
}

func TestListenedMemberOfACycleIsTold(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"r":{"rid":"b"}},"b":{"r":{"rid":"a"}}}}`)
	r.open("b", "b")
	r.subscribe("b", `{}`)
	r.forget()
	r.apply("b", "unsubscribe", `{"reason":{"code":"c","message":"m"}}`)
	r.hears("the other still holds it", "b: b unsubscribe: m (c)")
	r.apply("a", "unsubscribe", `{"reason":{"code":"c","message":"m"}}`)
	r.hears("both are lost", "a: a unsubscribe: m (c) (not live)", "a: a stale: m (c) (not live)",
		"b: b stale: nothing holds the resource at the gateway any more (not live)")
	r.counts(2, 2, 2)
	r.close("b")
	r.has("b", `~{"r":{"rid":"a"}}`) // a still refers to it
	r.close("a")
	r.counts(0, 0, 0)
}

// chain is a set of n models, each with a reference to the next, and from the last
// one to the first if it is closed.
func chain(n int, closed bool) wire.Set {
	var s wire.Set
	for i := range n {
		m := wire.Resource{RID: fmt.Sprint(i), Kind: wire.KindModel}
		if i+1 < n || closed {
			m.Model = []wire.Property{{Name: "next", Value: res.NewRef(fmt.Sprint((i + 1) % n))}}
		}
		s.Resources = append(s.Resources, m)
	}
	return s
}

// A search for each model would take so long that the test would not end.
func TestLongChainsAreFreedQuickly(t *testing.T) {
	for _, closed := range []bool{false, true} {
		r := newRig(t)
		r.open("h", "0")
		seq := r.request()
		r.reg.Install(chain(100_000, closed))
		r.reg.Subscribed("0")
		r.reg.Answered(seq + 1)
		r.counts(1, 0, 100_000)
		r.reg.Close(r.handles["h"])
		r.reg.Unsubscribed("0", 1)
		r.counts(0, 0, 0)
		r.out = nil
		r.check()
		r.faults(0)
	}
}

// Each item holds a hub with a lot below it; losing one after the other must not
// search what is below the hub each time.
func TestItemsThatShareALargeHubAreFreedQuickly(t *testing.T) {
	const items, below = 3000, 30_000
	hub := wire.Resource{RID: "hub", Kind: wire.KindCollection}
	list := wire.Resource{RID: "list", Kind: wire.KindCollection}
	var s wire.Set
	for i := range below {
		rid := fmt.Sprintf("leaf.%d", i)
		hub.Collection = append(hub.Collection, res.NewRef(rid))
		s.Resources = append(s.Resources, wire.Resource{RID: rid, Kind: wire.KindModel})
	}
	for i := range items {
		rid := fmt.Sprintf("item.%d", i)
		list.Collection = append(list.Collection, res.NewRef(rid))
		s.Resources = append(s.Resources, wire.Resource{RID: rid, Kind: wire.KindModel,
			Model: []wire.Property{{Name: "hub", Value: res.NewRef("hub")}}})
	}
	s.Resources = append(s.Resources, hub, list)

	r := newRig(t)
	r.open("list", "list")
	r.reg.Install(s)
	r.reg.Subscribed("list")
	r.counts(1, 0, items+below+2)
	began := time.Now()
	r.drop("list")
	r.counts(0, 0, 0)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func BenchmarkChainOf100000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := chain(100_000, true)
		b.StartTimer()
		reg := subs.NewRegistry()
		reg.Install(s)
		reg.Subscribed("0")
		reg.Unsubscribed("0", 1)
	}
}
