package subs_test

import (
	"errors"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

func TestDeletedResourceStaysReadable(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.forget()
	r.apply("a", "delete", `null`)
	r.apply("a", "unsubscribe", `{"reason":{"code":"system.deleted","message":"Deleted"}}`)
	d := r.reg.TakeDeliveries()
	var heard []string
	for _, delivery := range d {
		heard = append(heard, delivery.Event.String())
	}
	expect(t, "the gateway says both", heard, "a delete", "a stale: Deleted (system.deleted)", "a unsubscribe: Deleted (system.deleted)")
	if stale := d[1].Event.(*subs.Stale); !errors.Is(stale.Cause, res.ErrDeleted) || d[1].Handle.Live() {
		t.Errorf("live %t because of %v", d[1].Handle.Live(), stale.Cause)
	}
	r.has("a", `~{"x":1}`)
	if r.reg.Direct("a") != 0 || r.reg.Dead("a") {
		t.Errorf("direct %d, dead %t: want it free to be subscribed again", r.reg.Direct("a"), r.reg.Dead("a"))
	}
	r.open("second", "a")
	r.hears("who comes now is told as well", `second: a sync (first) {"x":1} (not live)`, "second: a delete (not live)",
		"second: a stale: Deleted (system.deleted) (not live)")
	r.close("second")

	r.subscribe("a", `{"models":{"a":{"x":2}}}`)
	r.hears("created anew", "a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`)
}

func TestDeletedResourceThatIsStillReferredToIsDead(t *testing.T) {
	r := newRig(t)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.open("a", "a")
	r.subscribe("a", `{}`)
	r.forget()
	r.apply("a", "delete", `null`)
	r.apply("a", "unsubscribe", `{"reason":{"code":"system.deleted","message":"Deleted"}}`)
	if !r.reg.Dead("a") {
		t.Error("the gateway would answer with dead content, and it is not known")
	}
	r.forget()
	r.got(r.request(), `{"models":{"a":{"x":1}}}`)
	r.has("a", `~{"x":1}`)
	r.hears("dead content makes nothing live")

	r.apply("parent", "change", `{"values":{"child":null}}`)
	if r.reg.Dead("a") {
		t.Error("nothing refers to it any more")
	}
	r.forget()
	r.subscribe("a", `{"models":{"a":{"x":2}}}`)
	r.hears("now it is loaded anew", "a: a change x=2 (was 1)", `a: a sync (reconnect) {"x":2}`)
	r.faults(0)
}

func TestDeletedResourceIsDeadUntilNothingRefersToIt(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"a"}}}}`)
	r.apply("a", "delete", `null`)
	r.apply("p", "change", `{"values":{"child":null}}`)
	if !r.reg.Dead("a") {
		t.Error("it is taken for alive, and the other one still refers to it")
	}
	r.drop("q")
	if r.reg.Dead("a") {
		t.Error("nothing refers to it any more")
	}
}

func TestSubscribeThatIsAnsweredWithDeadContentIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.open("h", "a")
	seq := r.request()
	r.apply("a", "delete", `null`)
	r.forget()
	r.granted(seq, "a", `{"models":{"a":{"x":1}}}`)
	r.hears("no event of it would come")
	r.faults(1)
	r.disconnect()
	r.subscribe("a", `{"models":{"a":{"x":2}}}`)
	r.hears("the next connection knows better",
		`parent: parent stale: connection reset (not live)`, `h: a sync (first) {"x":2}`)
}

func TestReferenceToDeletedResourceMayReturnWithNewContent(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"}]},"models":{"a":{"x":1}}}`)
	r.apply("a", "delete", `null`)
	r.has("a", `~{"x":1}`)
	r.apply("l", "remove", `{"idx":0}`)
	r.counts(1, 0, 1)
	r.apply("l", "add", `{"idx":0,"value":{"rid":"a"},"models":{"a":{"x":2}}}`)
	r.has("a", `{"x":2}`)
	r.faults(0)
}

func TestRevokedResourceIsStale(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1,"child":{"rid":"b"}},"b":{}}}`)
	r.subscribe("a", `{}`) // as a resource response does
	r.forget()
	r.apply("a", "unsubscribe", `{"reason":{"code":"system.accessDenied","message":"Access denied"}}`)
	r.hears("lost, and why", "a: a unsubscribe: Access denied (system.accessDenied) (not live)", "a: a stale: Access denied (system.accessDenied) (not live)")
	if r.reg.Direct("a") != 0 {
		t.Errorf("%d direct subscriptions, want none", r.reg.Direct("a"))
	}
	r.counts(1, 1, 2)
	r.open("second", "a")
	r.hears("who comes now is told as well", `second: a sync (first) {"child":{"rid":"b"},"x":1} (not live)`,
		"second: a unsubscribe: Access denied (system.accessDenied) (not live)", "second: a stale: Access denied (system.accessDenied) (not live)")
	r.subscribe("a", `{"models":{"a":{"x":1},"b":{}}}`)
	r.hears("granted again", "a: a change child deleted (was {\"rid\":\"b\"})", `a: a sync (reconnect) {"x":1}`,
		"second: a change child deleted (was {\"rid\":\"b\"})", `second: a sync (reconnect) {"x":1}`)
	r.counts(1, 0, 1)
}

func TestStaleResourceTakesNoEvents(t *testing.T) {
	r := newRig(t)
	r.want("a", `{"models":{"a":{"x":1}}}`)
	r.apply("a", "unsubscribe", `{"reason":{"code":"system.accessDenied","message":"Access denied"}}`)
	r.forget()
	for _, event := range []struct{ name, data string }{
		{"change", `{"values":{"x":2}}`}, {"custom", `null`}, {"delete", `null`},
	} {
		if err := r.event("a", event.name, event.data); !errors.Is(err, subs.ErrUnknownResource) {
			t.Errorf("%s: %v, want ErrUnknownResource", event.name, err)
		}
	}
	r.hears("nothing came")
	r.has("a", `~{"x":1}`)
	r.faults(0)
}

func TestRevokedResourceThatAParentHoldsGoesOn(t *testing.T) {
	r := newRig(t)
	r.want("parent", `{"models":{"parent":{"child":{"rid":"a"}},"a":{"x":1}}}`)
	r.open("a", "a")
	r.subscribe("a", `{}`)
	r.forget()
	r.apply("a", "unsubscribe", `{"reason":{"code":"system.accessDenied","message":"Access denied"}}`)
	r.hears("not stale", "a: a unsubscribe: Access denied (system.accessDenied)")
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.hears("its events come", "a: a change x=2 (was 1)")
	r.counts(2, 0, 2)
	r.apply("parent", "change", `{"values":{"child":null}}`)
	r.hears("until the parent lets go", `parent: parent change child=null (was {"rid":"a"})`,
		"a: a stale: nothing holds the resource at the gateway any more (not live)")
}
