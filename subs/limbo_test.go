package subs_test

import (
	"testing"

	"github.com/resclient/resclient-go/subs"
)

func TestReleasedResourceFollowsItsEventsWhileARequestIsOut(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1,"child":{"rid":"g"}},"g":{"x":1}}}`)
	r.open("h", "c")
	r.forget()
	seq := r.request()
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.forget()
	r.has("c", `~{"child":{"rid":"g"},"x":1}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.apply("g", "change", `{"values":{"x":3}}`)
	r.apply("c", "ping", `1`)
	r.hears("nobody knows yet whether it is held")
	r.granted(seq, "c", `{}`)
	r.hears("it was, all the time", `h: c sync (first) {"child":{"rid":"g"},"x":2}`)
	r.has("g", `{"x":3}`)
	r.faults(0)
}

func TestReleasedResourceMayGetNewReferencesWhileARequestIsOut(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"child":{"rid":"g"}},"g":{}}}`)
	r.open("h", "c")
	seq := r.request()
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.apply("c", "change", `{"values":{"child":{"rid":"n"}},"models":{"n":{"x":1}}}`)
	r.apply("n", "change", `{"values":{"x":2}}`)
	r.granted(seq, "c", `{}`)
	r.has("n", `{"x":2}`)
	r.has("g", "")
	r.faults(0)
	r.counts(2, 0, 3)
}

func TestReleasedResourceGoesWhenTheRequestsOfThatMomentAreAnswered(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	first, second := r.request(), r.request()
	r.apply("p", "change", `{"values":{"child":null}}`)
	third := r.request()
	r.answered(first)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.counts(1, 0, 2)
	r.answered(second)
	r.counts(1, 0, 1)
	if err := r.event("c", "change", `{"values":{"x":3}}`); err == nil {
		t.Error("an event for a resource that is gone was applied")
	}
	r.answered(third)
}

func TestReleasedResourceWithoutRequestsGoesAtOnce(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.counts(1, 0, 1)
}

func TestSetOfAGetServesASubscribeThatIsOut(t *testing.T) {
	r := newRig(t)
	r.open("h", "a")
	subscribe, get := r.request(), r.request()
	r.got(get, `{"models":{"a":{"x":1}}}`)
	r.hears("not granted")
	r.apply("a", "change", `{"values":{"x":2}}`)
	r.granted(subscribe, "a", `{}`)
	r.hears("the set of the get was the only one", `h: a sync (first) {"x":2}`)
	r.faults(0)
}

func TestSetOfAGetCanBeReadAndGoes(t *testing.T) {
	r := newRig(t)
	seq := r.request()
	install(r.reg, set(t, `{"models":{"a":{"child":{"rid":"b"}},"b":{}}}`))
	r.has("a", `~{"child":{"rid":"b"}}`)
	r.answered(seq)
	r.counts(0, 0, 0)
}

func TestReleasedResourceThatComesAgainHasTheNewContent(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[{"rid":"a"}]},"models":{"a":{"x":1}}}`)
	r.open("h", "a")
	r.subscribe("a", `{}`)
	r.forget()
	seq := r.request()
	r.apply("a", "unsubscribe", `{"reason":{"code":"c","message":"m"}}`)
	r.apply("l", "remove", `{"idx":0}`)
	r.forget()
	r.apply("l", "add", `{"idx":0,"value":{"rid":"a"},"models":{"a":{"x":2}}}`)
	r.hears("live before the event that refers to it", "h: a change x=2 (was 1)", `h: a sync (reconnect) {"x":2}`, `l: l add [0] {"rid":"a"}`)
	r.answered(seq)
	r.has("a", `{"x":2}`)
	r.faults(0)
}

func TestMisfitInLimboIsNoFaultUntilItIsAskedFor(t *testing.T) {
	for name, damage := range map[string]func(*rig) error{
		"an index out of bounds": func(r *rig) error { return r.event("c", "remove", `{"idx":5}`) },
		"a message nobody can read": func(r *rig) error {
			r.reg.Distrust("c", subs.ErrInconsistent)
			return subs.ErrInconsistent
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", `{"models":{"p":{"child":{"rid":"c"}}},"collections":{"c":[1]}}`)
			r.open("h", "c")
			seq := r.request()
			r.apply("p", "change", `{"values":{"child":null}}`)
			if damage(r) == nil {
				t.Error("the misfit was not seen")
			}
			r.faults(0)
			r.forget()
			r.granted(seq, "c", `{}`)
			r.faults(1)
			r.hears("content that missed something is not given out")
		})
	}
}

func TestRequestForWhatIsInLimboKeepsItThere(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"child":{"rid":"g"}},"g":{"x":1}}}`)
	r.open("h", "g")
	first := r.request() // may be the one that holds c
	r.apply("p", "change", `{"values":{"child":null}}`)
	second := r.request()
	r.reg.Requested("g")
	r.answered(first) // it was not, and second has taken over
	r.has("c", "")
	r.apply("g", "change", `{"values":{"x":2}}`)
	r.forget()
	r.granted(second, "g", `{}`)
	r.hears("held by one request after the other", `h: g sync (first) {"x":2}`)
	r.faults(0)
	r.reg.Requested("unknown")
	r.check()
}

func TestNewParentInLimboKeepsItsChildrenThere(t *testing.T) {
	for name, adopt := range map[string]func(*rig){
		"by an event": func(r *rig) {
			r.apply("n", "add", `{"idx":0,"value":{"rid":"c"}}`)
		},
		"by a set": func(r *rig) {
			r.got(r.request(), `{"collections":{"n":[{"rid":"c"}]}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"child":{"rid":"g"}},"g":{"x":1}}}`)
			r.open("h", "n")
			first := r.request() // the gateway holds c for it, until it is refused
			r.apply("p", "change", `{"values":{"child":null}}`)
			second := r.request() // subscribes to n
			r.got(r.request(), `{"collections":{"n":[]}}`)
			adopt(r)
			r.answered(first)
			r.granted(second, "n", `{}`)
			r.has("g", `{"x":1}`)
			r.faults(0)
		})
	}
}

func TestDeletedInLimboIsGone(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"}}}}`)
	seq := r.request()
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.counts(1, 0, 2)
	r.apply("c", "delete", `null`)
	r.counts(1, 0, 1)
	r.answered(seq)
}

func TestLimboKeepsOneEntryHoweverOftenAResourceComesAndGoes(t *testing.T) {
	r := newRig(t)
	r.want("l", `{"collections":{"l":[]}}`)
	seq := r.request()
	for range 1000 {
		r.apply("l", "add", `{"idx":0,"value":{"rid":"a"},"models":{"a":{}}}`)
		r.apply("l", "remove", `{"idx":0}`)
	}
	if n := r.reg.InLimbo(); n != 1 {
		t.Errorf("%d in limbo, want 1", n)
	}
	r.answered(seq)
	r.counts(1, 0, 1)
}

func TestLostConnectionEndsLimbo(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{}}}`)
	r.request()
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.disconnect()
	if n := r.reg.InLimbo(); n != 0 {
		t.Errorf("%d in limbo without a connection", n)
	}
	r.counts(1, 1, 1)
	r.subscribe("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{}}}`)
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.sweep()
	r.counts(1, 0, 1)
}

// The gateway goes on holding the dead child for its parent, and will not send it anew.
func TestParentThatIsHeldAgainAfterItsChildWasDeletedInLimboIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.open("again", "p")
	out := r.request()
	r.drop("p")
	r.apply("c", "delete", `null`)
	r.faults(0)
	r.granted(out, "p", `{}`)
	r.faults(1)
	if content, live := r.reg.Snapshot("c"); content == nil || live {
		t.Errorf("the deleted child is %v, live %v", content, live)
	}
}

// The first of the references leads back to what has the second.
func TestChangeInLimboOfACycleWithAReferenceThatHasNotCome(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"},"d":{"rid":"d"}},"c":{},"d":{"back":{"rid":"c"}}}}`)
	out := r.request()
	r.drop("p")
	later := r.request()
	r.apply("c", "change", `{"values":{"d":{"rid":"d"},"n":{"rid":"n"}}}`)
	r.has("c", `~{"d":{"rid":"d"},"n":{"rid":"n"}}`)
	r.answered(out)
	r.answered(later)
	r.counts(0, 0, 0)
}
