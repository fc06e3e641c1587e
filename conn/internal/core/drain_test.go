package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func TestDrainWithoutCallsClosesAtOnce(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.subscribe("b")
	r.get("c")
	r.step(core.Drain{})
	r.wantState(state.Closed)
	if a.ended != core.ErrClosed {
		t.Errorf("the subscription ended with %v", a.ended)
	}
	if n := r.core.CutOff(); n != 0 {
		t.Errorf("%d calls cut off", n)
	}
	r.step(core.Drain{})
}

func TestDrainWaitsForCallsThatAreOut(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	answered, canceled, unanswered := r.call("a", "1"), r.call("a", "2"), r.call("a", "3")
	reqs := r.sent("call a.1", "call a.2", "call a.3")
	r.step(core.Drain{})
	for _, to := range []any{r.subscribe("b"), r.get("a"), r.call("a", "4"), r.subscribe("a")} {
		r.wantReply(to, core.ErrShuttingDown)
		r.wantReply(to, core.ErrClosed)
	}
	r.sent()
	r.event("a.change", `{"values":{"v":2}}`)
	a.hears("a change v=2 (was 1)")
	r.answer(reqs[0], `{"payload":1}`)
	r.wantReply(answered, nil)
	r.step(core.CancelCall{Call: canceled})
	r.wantState(state.Connected)
	r.pass(r.cfg.RequestTimeout)
	r.wantReply(unanswered, core.ErrNoAnswer)
	r.wantState(state.Closed)
}

// What the answer names has not come with it, and the next connection brings it. That is as
// with a subscription: the call was carried out.
func TestDrainDoesNotWaitForTheResourceOfACall(t *testing.T) {
	r := connected(t)
	call, _ := r.callResource("x", "find")
	r.answer(r.sent("call x.find")[0], `{"rid":"a"}`)
	r.wantNoReply(call)
	r.step(core.Drain{})
	r.wantState(state.Closed)
	r.wantReply(call, core.ErrClosed)
}

func TestDrainWaitsForCallsThatWaitForAConnection(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.Authenticate = true })
	r.step(core.Start{})
	call, canceled := r.call("a", "do"), r.call("a", "leave")
	r.step(core.Drain{})
	r.dialFails(errRefused, wait(time.Second))
	r.step(core.CancelCall{Call: canceled})
	r.pass(time.Second)
	r.open()
	login := r.newCall("auth", wire.TypeAuth, "login")
	login.Session = r.generation
	r.step(login) // not a new request: the call waits for it
	r.answer(r.sent("auth auth.login")[0], `{"payload":null}`)
	r.step(core.Authenticated{Generation: r.generation})
	r.answer(r.sent("call a.do")[0], `{"payload":1}`)
	r.wantReply(call, nil)
	r.wantState(state.Closed)
}

func TestDrainEndsWhenTheConnectionTakesItsCallsAlong(t *testing.T) {
	r := connected(t)
	call := r.call("a", "do")
	r.sent("call a.do")
	r.step(core.Drain{})
	r.cut()
	r.wantReply(call, core.ErrConnectionLost)
	r.wantState(state.Closed)
}

func TestCloseCutsADrainOff(t *testing.T) {
	r := connected(t)
	out := r.call("a", "do")
	r.sent("call a.do")
	r.step(core.Drain{})
	r.step(core.Close{})
	r.wantReply(out, core.ErrClosed)
	if n := r.core.CutOff(); n != 1 {
		t.Errorf("%d calls cut off, want one", n)
	}
}
