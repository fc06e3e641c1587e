package core_test

import (
	"testing"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// An unsubscribe event takes away what the gateway has counted for requests that it
// answers later. If anything else holds the resource, the count is wrong from then on.
func TestRequestThatIsOutWhenItsSubscriptionIsEnded(t *testing.T) {
	const ended = `{"event":"c.unsubscribe","data":{"reason":{"code":"system.accessDenied","message":"no"}}}`
	for name, test := range map[string]struct {
		before bool // the request goes out before the event
		answer string
		faults uint64
	}{
		"and is refused":              {true, `{"rid":"c","errors":{"c":{"code":"system.accessDenied","message":"no"}}}`, 1},
		"and is granted":              {true, `{"rid":"c"}`, 1},
		"and answered with a payload": {true, `{"payload":1}`, 0},
		"but is sent later":           {false, `{"rid":"c"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			withChild(r)
			if test.before {
				r.call("x", "find")
			}
			r.read(ended)
			if !test.before {
				r.call("x", "find")
			}
			r.answer(r.sent("call x.find")[0], test.answer)
			if got := r.core.Stats().Inconsistencies; got != test.faults {
				t.Errorf("%d faults, want %d", got, test.faults)
			}
		})
	}
}

func TestSubscribeThatIsOutWhenItsSubscriptionIsEnded(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	req := r.sent("subscribe c")[0]
	r.event("c.unsubscribe", `{"reason":{"code":"system.accessDenied","message":"no"}}`)
	r.refuse(req, res.ErrAccessDenied)
	r.wantReply(c, res.ErrAccessDenied)
	if got := r.core.Stats().Inconsistencies; got != 1 {
		t.Errorf("%d faults, want 1: the gateway counts one less than nothing", got)
	}
}

// An answer after the unsubscribe that was to give its count back takes one more away.
func TestRequestThatIsAnsweredAfterItWasGivenBack(t *testing.T) {
	for name, test := range map[string]struct {
		ask    func(*rig)
		sent   string
		answer func(*rig, wire.Request)
		faults uint64
	}{
		"a subscribe that is refused": {
			func(r *rig) { r.subscribe("c") }, "subscribe c",
			func(r *rig, late wire.Request) { r.refuse(late, res.ErrAccessDenied) }, 1,
		},
		"a subscribe that is granted": {
			func(r *rig) { r.subscribe("c") }, "subscribe c",
			func(r *rig, late wire.Request) { r.answer(late, `{}`) }, 0,
		},
		"a get": {
			func(r *rig) { r.get("c") }, "get c",
			func(r *rig, late wire.Request) { r.answer(late, `{}`) }, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			test.ask(r)
			late := r.sent(test.sent)[0]
			r.pass(r.cfg.RequestTimeout)
			back := r.sent("unsubscribe c")[0]
			r.subscribe("p")
			r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
			r.answer(back, "")
			r.sent("unsubscribe c")
			test.answer(r, late)
			if got := r.core.Stats().Inconsistencies; got != test.faults {
				t.Errorf("%d faults, want %d", got, test.faults)
			}
		})
	}
}

// Of two calls, the subscription of the one that is answered first fails, and then
// that of the other, whose caller has given up, is given back in its place, which is refused as
// well.
func TestCallThatIsRefusedAfterItWasGivenBackWhileAnotherIsOut(t *testing.T) {
	const (
		failed = `{"rid":"c","errors":{"c":{"code":"system.timeout","message":"no"}}}`
		denied = `{"rid":"c","errors":{"c":{"code":"system.accessDenied","message":"no"}}}`
	)
	for name, faults := range map[string]uint64{"p": 1, "": 0} {
		r := connected(t)
		r.call("x", "find")
		other := r.call("x", "find")
		calls := r.sent("call x.find", "call x.find")
		r.step(core.CancelCall{Call: other})
		r.answer(calls[0], failed)
		r.answer(r.sent("unsubscribe c")[0], "")
		r.refuse(r.sent("unsubscribe c")[0], res.ErrNoSubscription)
		if name != "" {
			r.subscribe(name)
			r.sent("subscribe " + name)
		}
		r.answer(calls[1], denied)
		if got := r.core.Stats().Inconsistencies; got != faults {
			t.Errorf("with %q out %d faults, want %d", name, got, faults)
		}
	}
}

// What is loading may be going to hold the resource; nobody but the gateway knows.
func TestRequestThatIsRefusedAfterItWasGivenBackWhileAnotherIsOut(t *testing.T) {
	for name, faults := range map[string]uint64{"p": 1, "": 0} {
		r := connected(t)
		r.subscribe("c")
		late := r.sent("subscribe c")[0]
		r.pass(r.cfg.RequestTimeout)
		back := r.sent("unsubscribe c")[0]
		if name != "" {
			r.subscribe(name)
			r.sent("subscribe " + name)
		}
		r.answer(back, "")
		r.refuse(r.sent("unsubscribe c")[0], res.ErrNoSubscription)
		r.refuse(late, res.ErrAccessDenied)
		if got := r.core.Stats().Inconsistencies; got != faults {
			t.Errorf("with %q out %d faults, want %d", name, got, faults)
		}
	}
}
