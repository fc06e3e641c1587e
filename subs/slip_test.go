package subs_test

import (
	"fmt"
	"testing"
)

// What the gateway lets go by mistake was observed on Resgate 1.8.0, see slip.go.

func TestCycleThatTheGatewayLetsGoByMistakeIsAFault(t *testing.T) {
	for name, test := range map[string]struct {
		set, rid, event string
		stale           []string
	}{
		"a reference to itself": {
			`{"models":{"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"},"leaf":{"rid":"l"}},"l":{}}}`,
			"c", `{"values":{"self":null}}`, []string{"c", "l"},
		},
		"a reference back to the parent": {
			`{"models":{"p":{"child":{"rid":"c"}},"c":{"below":{"rid":"b"}},"b":{"above":{"rid":"c"}}}}`,
			"b", `{"values":{"above":null}}`, []string{"b", "c"},
		},
		"a parent that refers twice": {
			`{"models":{"p":{"child":{"rid":"c"},"again":{"rid":"c"}},"c":{"self":{"rid":"c"}}}}`,
			"c", `{"values":{"self":null}}`, []string{"c"},
		},
		"two references that go together": {
			`{"models":{"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"},"below":{"rid":"b"}},"b":{"above":{"rid":"c"}}}}`,
			"c", `{"values":{"self":null,"below":null}}`, []string{"c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", test.set)
			r.apply(test.rid, "change", test.event)
			r.faults(len(test.stale))
			for _, rid := range test.stale {
				if r.reg.Live(rid) {
					t.Errorf("%q is live", rid)
				}
			}
		})
	}
}

// The gateway counts a subscription when it gets the request. So p may be held by itself
// when it is answered, and c by p alone.
func TestCycleThatTheGatewayMayLetGoBecauseOfARequestIsAFault(t *testing.T) {
	const set = `{"models":{"root":{"p":{"rid":"p"}},"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"},"above":{"rid":"p"}}}}`
	for name, test := range map[string]struct {
		early, late []string // requests, in their order: before the client knows of p, and after
		timeOut     bool     // of these
		revoked     []string // for these an unsubscribe event comes
		last        string   // one more
		replied     string
		released    string // is not subscribed any more, says the registry; the gateway may be late
		stale       int
	}{
		"no request":                                           {},
		"one for another resource":                             {late: []string{"x"}},
		"one for the parent":                                   {late: []string{"p"}, stale: 1},
		"one that was sent before":                             {early: []string{"p"}, stale: 1},
		"one that has timed out":                               {late: []string{"p"}, timeOut: true, stale: 1},
		"one that was answered":                                {late: []string{"p", "x"}, replied: "p"},
		"of two, the gateway got one":                          {late: []string{"p", "c"}, stale: 1},
		"the child is held before the parent":                  {late: []string{"c", "p"}},
		"the gateway did not get the first":                    {late: []string{"c"}, timeOut: true, last: "p", stale: 1},
		"of two that have timed out, the gateway got the last": {late: []string{"c", "p"}, timeOut: true, stale: 1},
		"an unsubscribe event took the first away":             {late: []string{"c", "p"}, revoked: []string{"c"}, stale: 1},
		"an unsubscribe event took the last away":              {late: []string{"c", "p"}, revoked: []string{"p"}},
		"of two such events one came before it":                {late: []string{"c", "p"}, revoked: []string{"c", "p"}, stale: 1},
		"an unsubscribe event may have come before it":         {late: []string{"p"}, revoked: []string{"p"}, stale: 1},
		"one that would take the parent away":                  {released: "p", stale: 1},
		"one that has taken it away":                           {released: "p", last: "x", replied: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			ask := func(rids []string) {
				for _, rid := range rids {
					r.request()
					r.reg.Requested(rid)
				}
			}
			root := r.request()
			ask(test.early)
			r.open("root", "root")
			r.granted(root, "root", set)
			ask(test.late)
			if test.timeOut {
				r.reg.Answered(r.seq + 1)
			}
			for _, rid := range test.revoked {
				r.apply(rid, "unsubscribe", `{"reason":{"code":"system.accessDenied","message":"no"}}`)
			}
			if test.released != "" {
				r.reg.Subscribed(test.released)
				r.reg.Overdue(test.released, 1, r.request())
			}
			if test.last != "" {
				ask([]string{test.last})
			}
			if test.replied != "" {
				r.reg.Replied(test.replied, r.seq-1)
			}
			r.apply("c", "change", `{"values":{"self":null}}`)
			r.faults(test.stale)
		})
	}
}

// What an unsubscribe that has timed out would take away, an unsubscribe event does.
func TestCycleThatTheGatewayKeepsAfterAnUnsubscribeEventIsNoFault(t *testing.T) {
	r := newRig(t)
	r.want("root", `{"models":{"root":{"p":{"rid":"p"}},"p":{"child":{"rid":"c"}},"c":{"self":{"rid":"c"},"above":{"rid":"p"}}}}`)
	r.reg.Subscribed("p")
	r.reg.Overdue("p", 1, r.request())
	r.apply("p", "unsubscribe", `{"reason":{"code":"system.accessDenied","message":"no"}}`)
	r.apply("c", "change", `{"values":{"self":null}}`)
	r.faults(0)
}

func TestCycleThatTheGatewayMayLetGoInLimboIsAFaultWhenItIsHeld(t *testing.T) {
	for name, test := range map[string]struct {
		children, event string
		faults          int
	}{
		"a reference to itself": {`"c":{"self":{"rid":"c"}}`, `{"values":{"self":null}}`, 1},
		"no cycle":              {`"c":{"other":{"rid":"d"}},"d":{}`, `{"values":{"other":null}}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			seq := r.request()
			r.got(r.request(), `{"models":{"p":{"child":{"rid":"c"}},`+test.children+`}}`)
			r.apply("c", "change", test.event)
			r.faults(0)
			r.open("p", "p")
			r.granted(seq, "p", `{}`)
			r.faults(test.faults)
		})
	}
}

// The cycle of a, c, d and b goes on while d is deleted.
func TestCycleThatTheGatewayMayLetGoInLimboIsAFaultAlsoByWayOfWhatIsDeleted(t *testing.T) {
	r := newRig(t)
	seq := r.request()
	r.got(r.request(), `{"models":{"p":{"child":{"rid":"b"}},"a":{"c":{"rid":"c"}},"c":{"d":{"rid":"d"}},"d":{"b":{"rid":"b"}},"b":{"a":{"rid":"a"}}}}`)
	r.apply("d", "delete", `null`)
	r.apply("a", "change", `{"values":{"c":null}}`)
	r.faults(0)
	r.open("p", "p")
	r.granted(seq, "p", `{}`)
	r.faults(1)
}

func TestWhatRefersToWhatWasDeletedAndCameAnewIsAFaultWhenItIsHeld(t *testing.T) {
	r := newRig(t)
	seq := r.request()
	r.got(r.request(), `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "delete", `null`)
	r.want("c", `{"models":{"c":{"x":2}}}`)
	r.open("p", "p")
	r.granted(seq, "p", `{}`)
	r.faults(1) // p holds what was deleted
	r.has("c", `{"x":2}`)
}

// p refers to c and is not sent again, so it has been held all along. Then c has been, too, unless
// the gateway has let go of it by its slip.
func TestWhatRefersToContentThatCameAnewInLimboIsAFaultWhenItIsHeld(t *testing.T) {
	for name, test := range map[string]struct {
		event, comes string
		faults       int
	}{
		"another content":               {`{}`, `"q":{"child":{"rid":"c"}},"c":{"x":2}`, 1},
		"the first copy":                {`{}`, `"q":{"child":{"rid":"c"}},"c":{"x":1}`, 0},
		"the present content":           {`{"x":2}`, `"q":{"child":{"rid":"c"}},"c":{"x":2}`, 1},
		"with what refers to it":        {`{}`, `"p":{"child":{"rid":"c"}},"c":{"x":2}`, 0},
		"another content for something": {`{}`, `"q":{"child":{"rid":"d"}},"d":{"x":2}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.open("p", "p")
			seq := r.request()
			r.got(r.request(), `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1},"d":{"x":1}}}`)
			r.apply("c", "change", `{"values":`+test.event+`}`)
			r.got(r.request(), `{"models":{`+test.comes+`}}`)
			r.faults(0)
			r.granted(seq, "p", `{}`)
			r.faults(test.faults)
		})
	}
}

func TestErrorThatComesAgainIsNoSignThatTheGatewayHasLetGoOfIt(t *testing.T) {
	r := newRig(t)
	parent := r.request()
	const failed = `"errors":{"c":{"code":"system.timeout","message":""}}`
	r.got(r.request(), `{"models":{"p":{"child":{"rid":"c"}}},`+failed+`}`)
	r.want("q", `{"models":{"q":{"child":{"rid":"c"}}},`+failed+`}`)
	r.open("p", "p")
	r.granted(parent, "p", `{}`)
	r.faults(0)
}

func TestCycleThatTheGatewayKeepsIsNoFault(t *testing.T) {
	for name, test := range map[string]struct{ set, rid, event string }{
		"with two holders": {
			`{"models":{"p":{"a":{"rid":"c"},"b":{"rid":"q"}},"q":{"a":{"rid":"c"}},"c":{"self":{"rid":"c"}}}}`,
			"c", `{"values":{"self":null}}`,
		},
		"with a second reference": {
			`{"models":{"p":{"a":{"rid":"c"}},"c":{"self":{"rid":"c"},"again":{"rid":"c"}}}}`,
			"c", `{"values":{"self":null}}`,
		},
		"that is held further down": {
			`{"models":{"p":{"a":{"rid":"c"},"b":{"rid":"b"}},"c":{"below":{"rid":"b"}},"b":{"above":{"rid":"c"}}}}`,
			"b", `{"values":{"above":null}}`,
		},
		"of the root": {
			`{"models":{"p":{"child":{"rid":"c"}},"c":{"above":{"rid":"p"}}}}`,
			"c", `{"values":{"above":null}}`,
		},
		"no cycle": {
			`{"models":{"p":{"a":{"rid":"c"},"b":{"rid":"d"}},"c":{},"d":{"c":{"rid":"c"}}}}`,
			"d", `{"values":{"c":null}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", test.set)
			r.apply(test.rid, "change", test.event)
			r.faults(0)
		})
	}
}

func TestContentForWhatIsHeldIsAFaultWhenItIsNew(t *testing.T) {
	for x, faults := range map[int]int{1: 0, 2: 1, 3: 1} { // the first copy, the present one, another
		r := newRig(t)
		r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		r.apply("c", "change", `{"values":{"x":2}}`)
		r.got(r.request(), fmt.Sprintf(`{"models":{"c":{"x":%d}}}`, x))
		r.faults(faults)
	}
}

// An event may take away the last reference to what its own set brings anew. The copy
// in limbo is the old one then.
func TestContentThatComesAnewAsItIsReleasedIsAFaultWhenItIsHeld(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.request()
	r.apply("p", "change", `{"values":{"child":null,"other":{"rid":"d"}},"models":{"d":{},"c":{"x":2}}}`)
	r.faults(0)
	r.apply("p", "change", `{"values":{"child":{"rid":"c"}}}`)
	r.faults(1)
}

func TestCopyThatWasMissingAndCameWithItsOwnEventIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"c":{"rid":"c"}}}}`)
	r.faults(1) // it did not come
	if err := r.event("c", "change", `{"values":{"self":{"rid":"c"}},"models":{"c":{"x":1}}}`); err == nil {
		t.Error("it was applied")
	}
	r.faults(1)
	if r.reg.Live("c") {
		t.Error("it is live")
	}
}

// The gateway comes across a subscription that it has ended, while it has another one.
func TestErrorOfADisposedSubscriptionIsNoContent(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"above":{"rid":"p"}}},"errors":{"p":{"code":"system.disposedSubscription","message":""}}}`)
	r.has("p", `{"child":{"rid":"c"}}`)
	r.faults(1) // c holds the one that has ended, and nobody tells when the other one does
	r.want("q", `{"models":{"q":{"child":{"rid":"d"}}},"errors":{"d":{"code":"system.disposedSubscription","message":""}}}`)
	if content, _ := r.reg.Snapshot("d"); content == nil || content.Err() == nil {
		t.Errorf("%v, and there is nothing else", content)
	}
	r.faults(1) // it will not be had on this connection
}

func TestDeletedResourceGoesOnHoldingWhatItRefersTo(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"below":{"rid":"b"}},"b":{"x":1}}}`)
	r.apply("c", "delete", `null`)
	r.apply("b", "change", `{"values":{"x":2}}`)
	r.has("b", `{"x":2}`)
	r.apply("p", "change", `{"values":{"child":null}}`)
	r.counts(1, 0, 1)
	r.faults(0)
}

func TestNewContentForWhatIsDeadIsAFault(t *testing.T) {
	for x, faults := range map[int]int{1: 0, 2: 1} { // the dead copy, another
		r := newRig(t)
		r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		r.apply("c", "delete", `null`)
		r.apply("p", "change", fmt.Sprintf(`{"values":{"other":{"rid":"q"}},"models":{"q":{"child":{"rid":"c"}},"c":{"x":%d}}}`, x))
		r.faults(faults)
	}
}

// Nor is the present content what the gateway has of it while it is dead, if it has changed.
func TestPresentContentForWhatIsDeadIsAFault(t *testing.T) {
	for x, faults := range map[int]int{1: 0, 2: 1} { // the dead copy, the present one
		r := newRig(t)
		r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
		r.apply("c", "change", `{"values":{"x":2}}`)
		r.apply("c", "delete", `null`)
		r.apply("p", "change", fmt.Sprintf(`{"values":{"child":{"rid":"q"}},"models":{"q":{"child":{"rid":"c"}},"c":{"x":%d}}}`, x))
		r.faults(faults)
	}
}

func TestPresentContentThatIsSentAgainIsTheFirstCopy(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"child":{"rid":"c"}},"c":{"x":1}}}`)
	r.apply("c", "change", `{"values":{"x":2}}`)
	r.apply("p", "change", `{"values":{"child":{"rid":"q"}},"models":{"q":{"child":{"rid":"c"}},"c":{"x":2}}}`)
	r.apply("c", "change", `{"values":{"x":3}}`)
	r.drop("p")
	r.want("c", `{"models":{"c":{"x":2}}}`)
	r.faults(1)
}

// Nothing but a slip has the gateway send c as it is by now, unless the event has taken away what
// held it before it came to be held anew.
func TestPresentContentThatIsSentAgainIsAFaultUnlessItWasReleased(t *testing.T) {
	for name, test := range map[string]struct {
		values, with string
		faults       int
	}{
		"it is held anew by what comes":    {`"child":{"rid":"d"}`, `"d":{"child":{"rid":"c"}},`, 0},
		"it is what the event refers to":   {`"child":{"rid":"c"}`, ``, 1},
		"the event has released another":   {`"leaf":null,"other":{"rid":"d"}`, `"d":{"child":{"rid":"c"}},`, 1},
		"the event has released something": {`"leaf":null,"child":{"rid":"d"}`, `"d":{"child":{"rid":"c"}},`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.want("p", `{"models":{"p":{"child":{"rid":"q"},"leaf":{"rid":"l"}},"q":{"child":{"rid":"c"}},"l":{},"c":{"x":1}}}`)
			r.apply("c", "change", `{"values":{"x":2}}`)
			r.apply("p", "change", `{"values":{`+test.values+`},"models":{`+test.with+`"c":{"x":2}}}`)
			r.faults(test.faults)
		})
	}
}

// The gateway goes through the references that an event takes away in any order. With b
// gone first, c is held by d alone.
func TestCycleThatTheGatewayMayLetGoAfterAnotherIsAFault(t *testing.T) {
	r := newRig(t)
	r.want("p", `{"models":{"p":{"d":{"rid":"d"}},"d":{"c":{"rid":"c"}},"c":{"self":{"rid":"c"},"b":{"rid":"b"}},"b":{"d":{"rid":"d"}}}}`)
	r.apply("c", "change", `{"values":{"self":null,"b":null}}`)
	r.faults(1)
}
