package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func withHook(c *core.Config) { c.Authenticate = true }

// authenticated lets the hook return.
func (r *rig) authenticated(err error) {
	r.Helper()
	if len(r.authenticates) == 0 || r.authenticates[len(r.authenticates)-1] != r.generation {
		r.Fatalf("the hook does not run: %v, generation %d", r.authenticates, r.generation)
	}
	r.step(core.Authenticated{Generation: r.generation, Err: err})
}

// sessionCall makes an auth request of the hook.
func (r *rig) sessionCall(generation uint64) *core.Call {
	r.Helper()
	call := r.newCall("user", wire.TypeAuth, "login")
	call.Session = generation
	r.step(call)
	return call
}

func TestHookRunsAfterVersionAndBeforeEverythingElse(t *testing.T) {
	r := newRig(t, withHook)
	r.step(core.Start{})
	r.subscribe("a")
	call := r.call("b", "do")
	r.dialled(core.Delay{})
	if len(r.authenticates) > 0 {
		t.Fatal("the hook runs before the version is agreed")
	}
	r.wantReply(r.sessionCall(r.generation), core.ErrNotConnected)
	r.agree(wire.Protocol)
	if len(r.authenticates) != 1 {
		t.Fatal("the hook does not run")
	}
	login := r.sessionCall(r.generation)
	r.get("c")
	r.call("d", "do")
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	r.wantReply(login, nil)
	r.wantNoReply(call)
	r.wantState(state.Dialing)
	r.authenticated(nil)
	r.wantState(state.Connected)
	r.sent("call b.do", "call d.do", "subscribe a", "get c")
	r.wantReply(r.sessionCall(r.generation), core.ErrNotConnected)
	r.sent()
}

func TestSessionsOfOldConnectionsAreOver(t *testing.T) {
	r := newRig(t, withHook)
	r.step(core.Start{})
	r.open()
	old := r.generation
	out := r.sessionCall(old)
	r.sent("auth user.login")
	r.cut()
	r.wantReply(out, core.ErrConnectionLost)
	r.wantReply(r.sessionCall(old), core.ErrNotConnected)
	r.reopen()
	r.wantReply(r.sessionCall(old), core.ErrNotConnected)
	r.step(core.Authenticated{Generation: old})
	r.wantState(state.Dialing)
	r.authenticated(nil)
	r.wantState(state.Connected)
}

func TestHookThatFailsIsRetried(t *testing.T) {
	r := newRig(t, withHook)
	r.step(core.Start{})
	r.open()
	failure := errors.New("wrong password")
	r.authenticated(failure)
	last := r.transitions[len(r.transitions)-1]
	if last.Event != state.DialFailed || !errors.Is(last.Cause, failure) {
		t.Errorf("the transition is %v", last)
	}
	r.reopen()
	r.authenticated(nil)
	r.wantState(state.Connected)
}

func TestHookThatFailsForGoodGivesUp(t *testing.T) {
	r := newRig(t, withHook)
	r.step(core.Start{})
	r.open()
	sub, failure := r.subscribe("a"), errors.New("account closed")
	r.step(core.Authenticated{Generation: r.generation, Err: failure, Permanent: true})
	r.wantState(state.Closed)
	r.wantReply(sub, failure)
}

func TestHookThatDoesNotReturnIsGivenUp(t *testing.T) {
	r := newRig(t, withHook)
	r.step(core.Start{})
	r.open()
	r.pass(r.cfg.AuthTimeout)
	last := r.transitions[len(r.transitions)-1]
	if last.Event != state.DialFailed || !errors.Is(last.Cause, core.ErrNoAnswer) {
		t.Errorf("the transition is %v", last)
	}
	r.reopen()
	r.authenticated(nil)
	r.wantState(state.Connected)
	r.pass(2 * r.cfg.AuthTimeout)
	r.wantState(state.Connected)
}

func TestResourceThatASessionWasAnsweredWith(t *testing.T) {
	t.Run("is given back after the hook", func(t *testing.T) {
		r := newRig(t, withHook)
		r.step(core.Start{})
		r.open()
		r.sessionCall(r.generation)
		r.answer(r.sent("auth user.login")[0], `{"rid":"user.1","models":{"user.1":{}}}`)
		r.sent()
		r.authenticated(nil)
		r.sent("unsubscribe user.1")
	})
	t.Run("is forgotten with the connection", func(t *testing.T) {
		r := newRig(t, withHook)
		r.step(core.Start{})
		r.open()
		r.sessionCall(r.generation)
		r.answer(r.sent("auth user.login")[0], `{"rid":"user.1","models":{"user.1":{}}}`)
		r.cut()
		r.reopen()
		r.authenticated(nil)
		r.sent()
		if s := r.core.Stats(); s.Resources != 0 {
			t.Errorf("%d resources are left", s.Resources)
		}
	})
	t.Run("needs no replay", func(t *testing.T) {
		r := newRig(t, withHook)
		r.step(core.Start{})
		r.open()
		r.authenticated(nil)
		a := r.subscribed("a")
		r.cut()
		a.hears("a stale: " + errCut.Error())
		r.reopen()
		r.sessionCall(r.generation)
		r.answer(r.sent("auth user.login")[0], `{"rid":"a","models":{"a":{"v":2}}}`)
		a.hears("a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
		r.authenticated(nil)
		r.sent()
		r.wantState(state.Connected)
	})
	t.Run("and that was revoked holds nothing up", func(t *testing.T) {
		r := newRig(t, withHook)
		r.step(core.Start{})
		r.open()
		r.authenticated(nil)
		r.subscribed("a")
		r.cut()
		r.reopen()
		r.sessionCall(r.generation)
		r.answer(r.sent("auth user.login")[0], `{"rid":"a","models":{"a":{"v":2}}}`)
		r.revoke("a", res.ErrAccessDenied)
		r.get("a")
		r.authenticated(nil)
		r.sent("get a")
		r.wantState(state.Connected)
		r.asked("a")
	})
	t.Run("and that cannot be had is waited for", func(t *testing.T) {
		for name, end := range map[string]func(*rig, *listener){
			"until it is subscribed": func(r *rig, _ *listener) {
				r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
				r.wantState(state.Resubscribing)
				r.answer(r.sent("subscribe a")[0], model("a", 2))
			},
			"until that has timed out": func(r *rig, _ *listener) {
				r.sent("unsubscribe a")
				r.pass(r.cfg.RequestTimeout)
			},
			"until it is not wanted": func(r *rig, a *listener) {
				unsubscribe := r.sent("unsubscribe a")[0]
				a.close()
				r.wantState(state.Resubscribing)
				r.answer(unsubscribe, "")
				r.wantState(state.Resubscribing)
				r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
			},
		} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, withHook)
				r.step(core.Start{})
				r.open()
				r.authenticated(nil)
				a := r.subscribed("a")
				r.cut()
				r.reopen()
				r.sessionCall(r.generation)
				r.answer(r.sent("auth user.login")[0], `{"rid":"a","errors":{"a":{"code":"system.timeout","message":"no"}}}`)
				r.authenticated(nil)
				r.wantState(state.Resubscribing)
				end(r, a)
				r.wantState(state.Connected)
			})
		}
	})
	t.Run("that does not fit fails the attempt", func(t *testing.T) {
		r := newRig(t, withHook)
		r.step(core.Start{})
		r.open()
		r.sessionCall(r.generation)
		r.answer(r.sent("auth user.login")[0], `{"rid":"user.1"}`)
		r.pass(time.Millisecond)
		r.changed("new -> dialing: started", "dialing -> dialing: dial failed")
	})
}
