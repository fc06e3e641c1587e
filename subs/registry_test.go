package subs_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/subs"
)

func TestFirstSyncComesWhenTheGatewayHasGrantedTheSubscription(t *testing.T) {
	r := newRig(t)
	if r.open("h", "a") {
		t.Error("readable before the gateway was asked")
	}
	seq := r.request()
	r.hears("nothing is known yet")
	r.counts(1, 1, 1)
	r.granted(seq, "a", `{"models":{"a":{"x":1}}}`)
	r.hears("granted", `h: a sync (first) {"x":1}`)
	r.counts(1, 0, 1)
}

func TestContentAloneIsNoGrant(t *testing.T) {
	r := newRig(t)
	r.open("h", "a")
	subscribe := r.request()
	r.got(r.request(), `{"models":{"a":{"x":1}}}`)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}}}}`)
	r.hears("the subscription may still be refused", `parent: parent sync (first) {"child":{"rid":"a"}}`)
	r.granted(subscribe, "a", `{}`)
	r.hears("granted", `h: a sync (first) {"x":1}`)
}

func TestFurtherHandleIsSyncedAtOnce(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.forget()
	if !r.open("second", "a") {
		t.Error("the second handle must wait although the first has the resource")
	}
	r.hears("the state of now", `second: a sync (first) {"x":2}`)
	r.apply("a", "change", `{"values":{"x":3}}`)
	r.hears("both hear what happens, in the order they were opened", "a: a change x=3 (was 2)", "second: a change x=3 (was 2)")
	r.counts(1, 0, 1)
	r.close("a")
	r.apply("a", "change", `{"values":{"x":4}}`)
	r.hears("the closed one hears nothing", "second: a change x=4 (was 3)")
	if !r.reg.Wanted("a") {
		t.Error("the resource is given up although a handle is open")
	}
}

func TestFurtherHandleOnStaleContentIsSyncedAndToldSo(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.disconnect()
	r.forget()
	if !r.open("second", "a") {
		t.Error("the second handle must wait although there is content to read")
	}
	r.hears("what there is", `second: a sync (first) {"x":1} (not live)`, "second: a stale: connection reset (not live)")
	r.subscribe("a", `{"models":{"a":{"x":2}}}`)
	r.hears("both are brought up to date",
		"a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`,
		"second: a change x=2 (was 1)", `second: a sync (reconnect) {"x":2}`)
}

func TestHandlesThatWaitAreAllSyncedByTheGrant(t *testing.T) {
	r := newRig(t)
	r.open("first", "a")
	r.open("second", "a")
	r.subscribe("a", `{"models":{"a":{"x":1}}}`)
	r.hears("granted", `first: a sync (first) {"x":1}`, `second: a sync (first) {"x":1}`)
}

func TestClosedHandleHearsNothing(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.forget()
	r.close("a")
	r.close("a") // does nothing
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.hears("closed")
	if r.reg.Wanted("a") || r.reg.Direct("a") != 1 {
		t.Errorf("wanted %t, direct %d: want a subscription to give back", r.reg.Wanted("a"), r.reg.Direct("a"))
	}
	r.counts(0, 0, 1)
	r.unsubscribe("a")
	r.counts(0, 0, 0)
}

func TestHandleThatIsClosedBeforeTheGrantIsForgotten(t *testing.T) {
	r := newRig(t)
	r.open("a", "a")
	r.close("a")
	r.counts(0, 0, 0)
	r.reg.Close(&subs.Handle{}) // was never opened
}

func TestChangeDeliversOldAndNewValues(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"same":1,"changed":2,"gone":3}}}`)
	r.forget()
	r.apply("a", "change", `{"values":{"same":1,"changed":"two","gone":{"action":"delete"},"new":true,"never":{"action":"delete"}}}`)
	d := r.reg.TakeDeliveries()
	if len(d) != 1 {
		t.Fatalf("%d deliveries, want 1", len(d))
	}
	change := d[0].Event.(*subs.Change)
	var names []string
	for c := range change.Changes() {
		names = append(names, c.Name)
	}
	if want := []string{"changed", "gone", "new"}; !slices.Equal(names, want) {
		t.Errorf("changes %q, want %q", names, want)
	}
	for name, want := range map[string][2]string{"changed": {"2", `"two"`}, "gone": {"3", ""}, "new": {"", "true"}, "same": {"", ""}} {
		if got := [2]string{change.Old(name).Raw(), change.Value(name).Raw()}; got != want {
			t.Errorf("%s went from %q to %q, want %q", name, got[0], got[1], want)
		}
	}
	r.has("a", `{"changed":"two","new":true,"same":1}`)
}

func TestUnchangedPropertiesMakeNoEvent(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":"A","y":{"data":{"p":1,"q":2}}}}}`)
	r.forget()
	r.apply("a", "change", `{"values":{"x":"\u0041","y":{"data":{"q":2,"p":1}},"z":{"action":"delete"}}}`)
	r.hears("nothing became another")
}

func TestAddAndRemoveAtEveryPlace(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":["b","d"]}}`)
	r.forget()
	for _, step := range []struct{ event, data, heard, list string }{
		{"add", `{"idx":0,"value":"a"}`, `l: l add [0] "a"`, `["a","b","d"]`},
		{"add", `{"idx":2,"value":"c"}`, `l: l add [2] "c"`, `["a","b","c","d"]`},
		{"add", `{"idx":4,"value":"e"}`, `l: l add [4] "e"`, `["a","b","c","d","e"]`},
		{"remove", `{"idx":4}`, `l: l remove [4] "e"`, `["a","b","c","d"]`},
		{"remove", `{"idx":1}`, `l: l remove [1] "b"`, `["a","c","d"]`},
		{"remove", `{}`, `l: l remove [0] "a"`, `["c","d"]`},
	} {
		r.apply("l", step.event, step.data)
		r.hears(step.event+" "+step.data, step.heard)
		r.has("l", step.list)
	}
}

func TestCustomEventsAreHandedOn(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{}}}`)
	r.forget()
	r.apply("a", "ping", `{"n":1}`)
	r.hears("as it came", `a: a ping {"n":1}`)
}

func TestEventsOfDifferentResourcesKeepTheirOrder(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.want("l", `{"collections":{"l":[]}}`)
	r.forget()
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.apply("l", "add", `{"idx":0,"value":1}`)
	r.apply("a", "ping", `1`)
	r.hears("in the order received", "a: a change x=2 (was 1)", "l: l add [0] 1", "a: a ping 1")
}

func TestEventForAnUnknownResourceIsAnError(t *testing.T) {
	r := newRig(t)
	for name, data := range map[string]string{
		"change": `{"values":{"x":1}}`, "add": `{"idx":0,"value":1}`, "remove": `{"idx":0}`,
		"delete": `null`, "ping": `1`, "unsubscribe": `{"reason":{"code":"c"}}`,
	} {
		if err := r.event("a", name, data); !errors.Is(err, subs.ErrUnknownResource) {
			t.Errorf("%s event: %v, want ErrUnknownResource", name, err)
		}
	}
	r.faults(0)
	r.hears("nobody is told")
	r.counts(0, 0, 0)
}

func TestEventThatDoesNotFitMakesTheResourceSuspect(t *testing.T) {
	const model, list = `{"models":{"r":{"x":1}}}`, `{"collections":{"r":[1]}}`
	for _, tc := range []struct{ name, content, event, data string }{
		{"an index behind the end", list, "add", `{"idx":2,"value":1}`},
		{"a remove of what is not there", list, "remove", `{"idx":1}`},
		{"add on a model", model, "add", `{"idx":0,"value":1}`},
		{"remove on a model", model, "remove", `{"idx":0}`},
		{"change on a collection", list, "change", `{"values":{"x":1}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.want("r", tc.content)
			content, _ := r.reg.Snapshot("r")
			r.forget()
			err := r.event("r", tc.event, tc.data)
			if !errors.Is(err, subs.ErrInconsistent) {
				t.Errorf("error %v, want ErrInconsistent", err)
			}
			r.faults(1)
			r.hears("the handle is told", "r: r stale: "+err.Error()+" (not live)")
			r.counts(1, 1, 1)
			r.has("r", "~"+content.String())

			if err := r.event("r", "ping", `1`); !errors.Is(err, subs.ErrUnknownResource) {
				t.Errorf("an event for a suspect resource: %v, want ErrUnknownResource", err)
			}
			r.got(r.request(), `{"models":{"r":{"x":9}}}`)
			r.subscribe("r", `{"models":{"r":{"x":9}}}`)
			r.has("r", "~"+content.String())
			r.hears("nothing on this connection can be trusted")

			r.disconnect()
			r.hears("it was told already")
			r.subscribe("r", tc.content)
			r.hears("the next connection confirms it", "r: r sync (reconnect) "+content.String())
			r.faults(0)
		})
	}
}

func TestUnreadableMessageMakesTheResourceSuspect(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1,"child":{"rid":"b"}},"b":{}}}`)
	r.forget()
	r.reg.Distrust("a", subs.ErrInconsistent)
	r.reg.Distrust("a", subs.ErrInconsistent)
	r.reg.Distrust("unknown", subs.ErrInconsistent)
	r.check()
	r.faults(1)
	r.hears("once", "a: a stale: the local copy does not fit what the gateway sends (not live)")
	r.has("b", `{}`) // the gateway still holds it
	r.drop("a")
	r.counts(0, 0, 0)
}

func TestResumeGivesTheStateOfNow(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.forget()
	r.reg.Resume(r.handles["a"])
	r.hears("live", `a: a sync (lag) {"x":2}`)
	r.disconnect()
	r.forget()
	r.reg.Resume(r.handles["a"])
	r.hears("stale", `a: a sync (lag) {"x":2} (not live)`, "a: a stale: connection reset (not live)")
	r.close("a")
	r.reg.Resume(r.handles["a"])
	r.open("b", "b")
	r.reg.Resume(r.handles["b"])
	r.hears("closed, or not granted yet")
}

func TestHandedOutResourcesNeverChange(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1,"y":1}}}`)
	r.want("l", `{"collections":{"l":[1,2,3]}}`)
	texts := map[*subs.Resource]string{}
	keep := func() {
		for _, rid := range []string{"a", "l"} {
			content, _ := r.reg.Snapshot(rid)
			texts[content] = content.String()
		}
		for _, d := range r.reg.TakeDeliveries() {
			if sync, ok := d.Event.(*subs.Sync); ok {
				texts[sync.Resource] = sync.Resource.String()
			}
		}
	}
	keep()
	for _, step := range []struct{ rid, event, data string }{
		{"a", "change", `{"values":{"x":2}}`},
		{"a", "change", `{"values":{"y":{"action":"delete"}}}`},
		{"a", "change", `{"values":{"b":0}}`},
		{"l", "add", `{"idx":0,"value":0}`},
		{"l", "remove", `{"idx":2}`},
		{"l", "add", `{"idx":3,"value":9}`},
	} {
		r.apply(step.rid, step.event, step.data)
		r.apply(step.rid, "ping", `1`)
		keep()
		r.apply(step.rid, "ping", `2`)
	}
	r.disconnect()
	keep()
	r.subscribe("a", `{"models":{"a":{"x":7}}}`)
	keep()
	if len(texts) < 8 {
		t.Fatalf("only %d different resources were seen", len(texts))
	}
	for content, text := range texts {
		if content.String() != text {
			t.Errorf("a resource that was %s is now %s", text, content)
		}
	}
}

func TestWantedResourcesAreInTheOrderOfFirstSubscription(t *testing.T) {
	r := newRig(t)
	for _, rid := range []string{"c", "a", "b"} {
		r.open(rid, rid)
	}
	r.open("again", "a")
	r.close("c")
	r.open("c2", "c")
	expect(t, "a resource that was given up is a new one", r.reg.WantedInOrder(), "a", "b", "c")
	if got := r.reg.Handles("a"); len(got) != 2 || got[0] != r.handles["a"] || got[1] != r.handles["again"] {
		t.Errorf("handles %v", got)
	}
	if r.reg.Handles("unknown") != nil || r.reg.Synced("unknown") || r.reg.Direct("unknown") != 0 || r.reg.Live("unknown") {
		t.Error("an unknown resource has something")
	}
}

func TestDirectSubscriptionsAreCounted(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{}}}`)
	r.subscribe("a", `{}`)
	if r.reg.Direct("a") != 2 {
		t.Errorf("%d direct subscriptions, want 2", r.reg.Direct("a"))
	}
	r.unsubscribe("a")
	r.has("a", `{}`)
	r.forget()
	r.reg.Unsubscribed("a", 5)
	r.check()
	r.hears("the count never goes below zero", "a: a stale: nothing holds the resource at the gateway any more (not live)")
	if r.reg.Direct("a") != 0 {
		t.Errorf("%d direct subscriptions, want none", r.reg.Direct("a"))
	}
	r.reg.Unsubscribed("unknown", 1)
	r.check()
}
