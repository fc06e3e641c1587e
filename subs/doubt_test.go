package subs_test

import "testing"

func TestCopyIsDoubtfulWhenEventsWereMissed(t *testing.T) {
	for _, event := range []string{"change", "delete"} {
		r := newRig(t)
		r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		r.drop("p")
		if err := r.event("c", event, `{"values":{"x":2}}`); err == nil {
			t.Errorf("%s was applied to what nothing holds", event)
		}
		r.want("q", `{"models":{"q":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		r.faults(1)
	}
}

// A set may come with an event for what the client has let go. The gateway will not
// send the same content as something new.
func TestCopyIsDoubtfulThatCameWithAnEventForNobody(t *testing.T) {
	for event, data := range map[string]string{
		"change": `{"values":{"child":{"rid":"c"}},"models":{"c":{"x":1}}}`,
		"add":    `{"idx":0,"value":{"rid":"c"},"models":{"c":{"x":1}}}`,
	} {
		r := newRig(t)
		if err := r.event("gone", event, data); err == nil {
			t.Errorf("%s was applied to what nobody knows", event)
		}
		r.counts(0, 0, 0)
		if err := r.event("c", "change", `{"values":{"x":2}}`); err == nil {
			t.Error("it was kept")
		}
		r.want("c", `{"models":{"c":{"x":1}}}`)
		r.faults(1)
	}
}

// What an event brings of its own resource does not have that event.
func TestCopyIsDoubtfulThatCameWithItsOwnEvent(t *testing.T) {
	for event, data := range map[string]string{
		"change": `{"values":{"self":{"rid":"c"}},"models":{"c":{"x":1}}}`,
		"add":    `{"idx":0,"value":{"rid":"c"},"collections":{"c":[1]}}`,
	} {
		r := newRig(t)
		r.request()
		if err := r.event("c", event, data); err == nil {
			t.Errorf("%s was applied to what nobody knows", event)
		}
		r.want("p", `{"models":{"p":{"c":{"rid":"c"}}}}`)
		r.faults(1)
	}
}

func TestCopyIsDoubtfulWhenItMayBeDead(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "delete", `null`)
	r.drop("p")
	r.want("c", `{"models":{"c":{"x":1}}}`)
	r.faults(1)
}

func TestDoubtOutlivesTheCopy(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.drop("p")
	r.got(r.request(), `{"models":{"c":{"x":1}}}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.faults(1)
}

// What comes for a copy that is suspect is not taken in, but may come again as it was.
func TestCopyIsDoubtfulThatCameWhileItWasSuspect(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"},"x":1}}}`)
	r.apply("c", "change", `{"values":{"self":null}}`)
	r.faults(1)
	r.apply("p", "change", `{"values":{"other":{"rid":"q"}},"models":{"q":{"child":{"rid":"c"}},"c":{"x":2}}}`)
	if err := r.event("c", "change", `{"values":{"x":3}}`); err == nil {
		t.Error("it was followed")
	}
	r.drop("p")
	r.want("c", `{"models":{"c":{"x":2}}}`)
	r.faults(1)
}

// Nor is what shows that the gateway has let go of something.
func TestCopyIsDoubtfulThatWasTheSignOfASlip(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.got(r.request(), `{"models":{"c":{"x":2}}}`)
	r.faults(1)
	if err := r.event("c", "change", `{"values":{"x":3}}`); err == nil {
		t.Error("it was followed")
	}
	r.drop("p")
	r.want("c", `{"models":{"c":{"x":2}}}`)
	r.faults(1)
}
