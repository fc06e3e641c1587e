package subs_test

import (
	"slices"
	"testing"
)

func TestLostConnectionMakesEverythingStaleInTheOrderOfSubscription(t *testing.T) {
	r := newRig(t)
	r.want("b", `{"models":{"b":{"child":{"rid":"c"}},"c":{}}}`)
	r.want("a", `{"models":{"a":{}}}`)
	r.open("c", "c")
	r.subscribe("c", `{}`)
	r.open("d", "d") // not granted
	r.forget()
	r.disconnect()
	r.hears("each handle once", "b: b stale: connection reset (not live)", "a: a stale: connection reset (not live)", "c: c stale: connection reset (not live)")
	r.counts(4, 4, 4)
	r.has("b", `~{"child":{"rid":"c"}}`)
	for _, rid := range []string{"a", "b", "c", "d"} {
		if r.reg.Direct(rid) != 0 {
			t.Errorf("%q has %d direct subscriptions without a connection", rid, r.reg.Direct(rid))
		}
	}
	r.disconnect()
	r.hears("once")
}

func TestReconnectDeliversTheDifferenceAndThenTheState(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1,"y":1}}}`)
	r.want("l", `{"collections":{"l":[1,2,3]}}`)
	r.want("same", `{"models":{"same":{}}}`)
	r.disconnect()
	r.forget()
	r.subscribe("a", `{"models":{"a":{"x":2,"z":1}}}`)
	r.subscribe("l", `{"collections":{"l":[3,1]}}`)
	r.subscribe("same", `{"models":{"same":{}}}`)
	r.sweep()
	r.hears("brought up to date",
		"a: a change x=2 (was 1) y deleted (was 1) z=1 (new)", `a: a sync (reconnect) {"x":2,"z":1}`,
		"l: l remove [2] 3", "l: l remove [1] 2", "l: l add [0] 3", "l: l sync (reconnect) [3,1]",
		"same: same sync (reconnect) {}")
	r.counts(3, 0, 3)
}

func TestReconnectComparesWithWhatTheHandlesWereTold(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.forget()
	out := r.request() // keeps events applied after the end
	r.apply("a", "unsubscribe", `{"reason":{"code":"c","message":"m"}}`)
	r.forget()
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.hears("stale: no event")
	r.open("second", "a")
	r.hears("as the others were told", `second: a sync (first) {"x":1} (not live)`, "second: a unsubscribe: m (c) (not live)", "second: a stale: m (c) (not live)")
	r.granted(out, "a", `{}`)
	r.hears("everything since", "a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`,
		"second: a change x=2 (was 1)", `second: a sync (reconnect) {"x":2}`)
}

// The new connection has brought the resource as it was, for something else.
func TestReconnectComparesWithWhatTheHandlesKnowFromBefore(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.reg.Disconnected(errLost)
	r.forget()
	out := r.request()
	r.got(r.request(), `{"models":{"a":{"x":1}}}`)
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.hears("stale: no event")
	r.granted(out, "a", `{}`)
	r.hears("everything since", "a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`)
}

func TestResourceThatChangedItsKindIsASyncAlone(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.forget()
	for _, step := range []struct{ content, heard string }{
		{`{"collections":{"a":[1]}}`, "a: a sync (kind changed) [1]"},
		{`{"errors":{"a":{"code":"c","message":"m"}}}`, `a: a sync (kind changed) {"code":"c","message":"m"}`},
		{`{"errors":{"a":{"code":"d","message":"m"}}}`, `a: a sync (kind changed) {"code":"d","message":"m"}`},
		{`{"models":{"a":{"x":1}}}`, `a: a sync (kind changed) {"x":1}`},
	} {
		r.disconnect()
		r.forget()
		r.subscribe("a", step.content)
		r.sweep()
		r.hears(step.content, step.heard)
	}
}

func TestReferenceInErrorHealsOnTheNextConnection(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"}]},"errors":{"a":{"code":"system.notFound","message":"Not found"}}}`)
	r.has("a", `{"code":"system.notFound","message":"Not found"}`)
	content, live := r.reg.Snapshot("a")
	if content.Err() == nil || !live {
		t.Errorf("error %v, live %t: want an error that is right", content.Err(), live)
	}
	r.disconnect()
	r.subscribe("l", `{"collections":{"l":[{"rid":"a"}]},"models":{"a":{"x":1}}}`)
	r.sweep()
	r.has("a", `{"x":1}`)
	r.counts(1, 0, 2)
}

func TestReconnectMayFindOnlyAParentGranted(t *testing.T) {
	r := newRig(t)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.open("a", "a")
	r.subscribe("a", `{}`)
	r.disconnect()
	r.forget()
	r.subscribe("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":2}}}`)
	r.sweep()
	r.hears("what the gateway sends events of is live", `parent: parent sync (reconnect) {"child":{"rid":"a"}}`,
		"a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`)
	r.counts(2, 0, 2)
}

func TestRefusedReplayLeavesOnlyThatResourceStale(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.want("b", `{"models":{"b":{"x":1,"child":{"rid":"c"}},"c":{}}}`)
	r.disconnect()
	r.forget()
	r.subscribe("a", `{"models":{"a":{"x":1}}}`)
	r.answered(r.request()) // of b, with an error
	r.sweep()
	r.hears("only one is back", `a: a sync (reconnect) {"x":1}`)
	r.counts(2, 1, 3)
	r.has("b", `~{"child":{"rid":"c"},"x":1}`)
	r.has("c", `~{}`) // b still refers to it
	r.drop("b")
	r.counts(1, 0, 1)
}

func TestContentOfAFormerConnectionHoldsNothing(t *testing.T) {
	r := newRig(t)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.disconnect()
	r.subscribe("parent", `{"models":{"parent":{"child":{"rid":"a"}}}}`)
	r.faults(1) // the gateway has not sent it on this connection
	r.has("a", `~{"x":1}`)
	r.got(r.request(), `{"models":{"a":{"x":2}}}`)
	r.has("a", `{"x":2}`)
}

func TestLateGrantOfAHandleThatWasClosedIsKnown(t *testing.T) {
	r := newRig(t)
	r.open("a", "a")
	seq := r.request()
	r.close("a")
	r.granted(seq, "a", `{"models":{"a":{"x":1}}}`)
	if r.reg.Wanted("a") || r.reg.Direct("a") != 1 {
		t.Errorf("wanted %t, direct %d: want one to give back", r.reg.Wanted("a"), r.reg.Direct("a"))
	}
	r.unsubscribe("a")
	r.counts(0, 0, 0)
}

func TestLostConnectionLeavesOnlyWhatIsWanted(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"child":{"rid":"b"}},"b":{"parent":{"rid":"a"}}}}`)
	r.want("x", `{"models":{"x":{"other":{"rid":"y"}},"y":{"other":{"rid":"x"}}}}`)
	r.close("x")
	r.request()
	install(r.reg, set(t, `{"models":{"got":{"self":{"rid":"got"}}}}`))
	r.disconnect()
	r.counts(1, 1, 2)
}

func TestSweepCollectsCyclesOfStaleCopies(t *testing.T) {
	r := newRig(t)
	r.want("root", `{"models":{"root":{"r":{"rid":"x"}},"x":{"r":{"rid":"y"}},"y":{"r":{"rid":"x"}}}}`)
	r.want("refused", `{"models":{"refused":{"r":{"rid":"z"}},"z":{"r":{"rid":"z"}}}}`)
	r.disconnect()
	r.counts(2, 2, 5)
	r.subscribe("root", `{"models":{"root":{}}}`)
	r.counts(2, 1, 5)
	r.sweep()
	r.counts(2, 1, 3)
	r.has("z", `~{"r":{"rid":"z"}}`)
	r.close("refused")
	r.counts(1, 0, 1)
}

func TestWhatWaitsForItsFirstSyncIsNotLost(t *testing.T) {
	r := newRig(t)
	r.open("new", "new")
	r.want("b", `{"models":{"b":{}}}`)
	r.want("a", `{"models":{"a":{}}}`)
	r.open("another", "b")
	check := func(stale, lost int, some ...string) {
		t.Helper()
		if c := r.reg.Counts(); c.Stale != stale || c.Lost != lost {
			t.Errorf("%d stale and %d lost, want %d and %d", c.Stale, c.Lost, stale, lost)
		}
		if got := r.reg.LostSome(10); !slices.Equal(got, some) {
			t.Errorf("lost %q, want %q", got, some)
		}
	}
	check(1, 0)
	r.disconnect()
	check(3, 2, "b", "a")
	if got := r.reg.LostSome(1); !slices.Equal(got, []string{"b"}) {
		t.Errorf("the first is %q", got)
	}
	r.close("b")
	check(3, 2, "b", "a") // there is another handle on it
	r.close("another")
	check(2, 1, "a")
	r.subscribe("a", `{"models":{"a":{}}}`)
	r.subscribe("new", `{"models":{"new":{}}}`)
	check(0, 0)
}
