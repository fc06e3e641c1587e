package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// newCall makes a call, auth or new request. Its reply is for itself.
func (r *rig) newCall(rid string, t wire.RequestType, method string) *core.Call {
	call := &core.Call{Request: wire.Request{Type: t, RID: rid, Method: method}}
	call.To = call
	return call
}

func (r *rig) call(rid, method string) *core.Call {
	r.Helper()
	call := r.newCall(rid, wire.TypeCall, method)
	r.step(call)
	return call
}

// callResource calls a method that is to be answered with a resource.
func (r *rig) callResource(rid, method string) (*core.Call, *listener) {
	r.Helper()
	call, l := r.newCall(rid, wire.TypeCall, method), r.newListener("result")
	call.Handle = &l.handle
	r.step(call)
	return call, l
}

func TestCallIsAnsweredWithItsPayload(t *testing.T) {
	r := connected(t)
	for _, payload := range []string{`null`, `0`, `{"rid":"a"}`, `[{"payload":1}]`} {
		call := r.newCall("a", wire.TypeCall, "do")
		call.Request.Params = []byte(`{"x":[1]}`)
		r.step(call)
		req := r.sent("call a.do")[0]
		if string(req.Params) != `{"x":[1]}` {
			t.Errorf("params are %s", req.Params)
		}
		r.wantNoReply(call)
		r.answer(req, fmt.Sprintf(`{"payload":%s}`, payload))
		if got := r.wantReply(call, nil).Result.Payload; string(got) != payload {
			t.Errorf("payload is %s, want %s", got, payload)
		}
	}
}

func TestCallIsAnsweredWithItsError(t *testing.T) {
	r := connected(t)
	call := r.call("a", "do")
	r.refuse(r.sent("call a.do")[0], res.ErrMethodNotFound)
	r.wantReply(call, res.ErrMethodNotFound)
	r.sent()
}

func TestCallThatCannotBeBuiltFails(t *testing.T) {
	r := connected(t)
	call := r.newCall("a", wire.TypeCall, "do")
	call.Request.Params = []byte(`{`)
	r.step(call)
	if reply := r.replies[call]; reply.Err == nil {
		t.Error("no error")
	}
	r.wantReply(r.call("a..b", "do"), res.ErrInvalidRID)
	r.step(core.CancelCall{Call: call})
	r.sent()
}

func TestCallsKeepTheirOrder(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	var want []string
	for i := range r.cfg.OfflineQueue {
		r.call("a", fmt.Sprint("m", i))
		want = append(want, fmt.Sprint("call a.m", i))
	}
	r.open()
	r.sent(want...)
}

func TestUnwantedResourceOfACallIsGivenBack(t *testing.T) {
	r := connected(t)
	call := r.call("a", "new")
	r.answer(r.sent("call a.new")[0], `{"rid":"a.1","models":{"a.1":{"v":1}}}`)
	if got := r.wantReply(call, nil).Result.RID; got != "a.1" {
		t.Errorf("result is %q", got)
	}
	r.answer(r.sent("unsubscribe a.1")[0], "")
	if s := r.core.Stats(); s.Resources != 0 || s.Pending != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestResourceOfACallComesAsAHandle(t *testing.T) {
	r := connected(t)
	call, l := r.callResource("a", "new")
	r.answer(r.sent("call a.new")[0], `{"rid":"a.1","models":{"a.1":{"v":1}}}`)
	r.wantReply(call, nil)
	l.hears(`a.1 sync (first) {"v":1}`)
	r.event("a.1.change", `{"values":{"v":2}}`)
	l.hears("a.1 change v=2 (was 1)")
	r.sent()
	r.cut()
	r.reopen()
	l.hears("a.1 stale: " + errCut.Error())
	r.answer(r.sent("subscribe a.1")[0], model("a.1", 2))
	l.hears(`a.1 sync (reconnect) {"v":2}`)
	l.rid = "a.1"
	l.close()
	r.sent("unsubscribe a.1")
}

func TestResourceOfACallThatIsSubscribedAlreadyIsSurplus(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	_, l := r.callResource("x", "find")
	_, m := r.callResource("x", "find")
	calls := r.sent("call x.find", "call x.find")
	r.read(r.success(calls[0], `{"rid":"a"}`), r.success(calls[1], `{"rid":"a"}`))
	l.hears(`a sync (first) {"v":1}`)
	m.hears(`a sync (first) {"v":1}`)
	a.hears()
	r.answer(r.sent("unsubscribe a")[0], "")
	r.answer(r.sent("unsubscribe a")[0], "")
	r.sent()
	for _, sub := range []*listener{a, l, m} {
		sub.rid = "a"
		sub.close()
	}
	r.sent("unsubscribe a")
}

func TestResourceOfACallAnswersWhoWaitsForIt(t *testing.T) {
	r := connected(t)
	call := r.call("x", "find")
	sub, get := r.subscribe("a"), r.get("a")
	reqs := r.sent("call x.find", "subscribe a")
	r.answer(reqs[0], `{"rid":"a","models":{"a":{"v":1}}}`)
	r.wantReply(call, nil)
	r.wantReply(sub, nil)
	get.gets(`{"v":1}`)
	sub.hears(`a sync (first) {"v":1}`)
	r.answer(reqs[1], `{}`)
	r.answer(r.sent("unsubscribe a")[0], "")
	sub.hears()
}

func TestResourceOfACallMakesUpForASubscribeThatFails(t *testing.T) {
	r := connected(t)
	r.call("x", "find")
	sub := r.subscribe("a")
	reqs := r.sent("call x.find", "subscribe a")
	r.answer(reqs[0], `{"rid":"a","models":{"a":{"v":1}}}`)
	r.refuse(reqs[1], res.ErrTimeout)
	r.wantReply(sub, nil)
	sub.hears(`a sync (first) {"v":1}`)
	r.asked()
	r.sent()
}

func TestResourceOfACallThatCannotBeHad(t *testing.T) {
	r := connected(t)
	call, l := r.callResource("a", "new")
	r.answer(r.sent("call a.new")[0], `{"rid":"a.1","errors":{"a.1":{"code":"system.notFound","message":"Not found"}}}`)
	r.wantReply(call, res.ErrNotFound)
	l.hears()
	r.answer(r.sent("unsubscribe a.1")[0], "")                    // it was counted
	r.refuse(r.sent("unsubscribe a.1")[0], res.ErrNoSubscription) // and now it is not
	r.sent()
	if s := r.core.Stats(); s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestErrorOfACallIsNoContent(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"a":{"rid":"a"}},"a":{"v":1}}}`)
	a := r.subscribe("a")
	r.call("x", "find")
	reqs := r.sent("subscribe a", "call x.find")
	r.event("p.change", `{"values":{"a":null}}`) // only the request holds it now
	r.answer(reqs[1], `{"rid":"a","errors":{"a":{"code":"system.accessDenied","message":""}}}`)
	r.answer(reqs[0], `{}`)
	a.hears(`a sync (first) {"v":1}`)
}

func TestCallThatOnlyNamesItsResourceSucceedsWithoutIt(t *testing.T) {
	r := connected(t)
	call := r.call("a", "new")
	r.answer(r.sent("call a.new")[0], `{"rid":"a.1","errors":{"a.1":{"code":"system.notFound","message":"Not found"}}}`)
	if got := r.wantReply(call, nil).Result.RID; got != "a.1" {
		t.Errorf("result is %q", got)
	}
	r.sent("unsubscribe a.1")
}

func TestCallThatIsNotAnswered(t *testing.T) {
	r := connected(t)
	call := r.call("a", "new")
	req := r.sent("call a.new")[0]
	r.pass(r.cfg.RequestTimeout)
	r.wantReply(call, core.ErrNoAnswer)
	if s := r.core.Stats(); s.Timeouts != 1 || s.Pending != 1 {
		t.Errorf("the figures are %+v", s)
	}
	r.answer(req, `{"rid":"a.1","models":{"a.1":{"v":1}}}`)
	r.sent("unsubscribe a.1")
}

func TestCallTimesOutFromWhenItIsWritten(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	call := r.call("a", "do")
	r.pass(time.Hour)
	r.wantNoReply(call)
	r.open()
	r.pass(r.cfg.RequestTimeout - 1)
	r.wantNoReply(call)
	r.pass(1)
	r.wantReply(call, core.ErrNoAnswer)
}

func TestCancelBeforeTheWrite(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	calls := []*core.Call{r.call("a", "1"), r.call("a", "2"), r.call("a", "3")}
	r.step(core.CancelCall{Call: calls[1]})
	r.wantReply(calls[1], core.ErrNotConnected)
	r.step(core.CancelCall{Call: calls[1]})
	r.open()
	r.sent("call a.1", "call a.3")
}

func TestCancelAfterTheWrite(t *testing.T) {
	r := connected(t)
	call, l := r.callResource("a", "new")
	r.step(core.CancelCall{Call: call})
	r.wantReply(call, core.ErrCanceled)
	r.step(core.CancelCall{Call: call})
	r.answer(r.sent("call a.new")[0], `{"rid":"a.1","models":{"a.1":{"v":1}}}`)
	r.sent("unsubscribe a.1")
	l.hears()
}

func TestCancelAfterTheReply(t *testing.T) {
	r := connected(t)
	call := r.call("a", "do")
	r.answer(r.sent("call a.do")[0], `{"payload":1}`)
	r.step(core.CancelCall{Call: call})
	r.wantReply(call, nil)
}

func TestOfflineQueueIsBounded(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	for range r.cfg.OfflineQueue {
		r.wantNoReply(r.call("a", "do"))
	}
	if n := r.core.Stats().Offline; n != r.cfg.OfflineQueue {
		t.Errorf("%d calls wait", n)
	}
	r.wantReply(r.call("a", "do"), core.ErrQueueFull)
}

func TestFailFast(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.FailFast = true })
	r.step(core.Start{})
	r.wantReply(r.call("a", "do"), core.ErrNotConnected)
	sub := r.subscribe("b")
	r.open()
	r.sent("subscribe b")
	r.wantNoReply(sub)
	r.wantNoReply(r.call("a", "do"))
	r.sent("call a.do")
}

func TestCallWhoseConnectionIsLost(t *testing.T) {
	r := connected(t)
	call := r.call("a", "do")
	r.cut()
	r.wantReply(call, core.ErrConnectionLost)
	r.reopen()
	r.sent() // never twice
}

func TestCallsGoOutBeforeTheReplayIsOver(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.cut()
	waiting := r.call("b", "do")
	r.reopen()
	r.wantState(state.Resubscribing)
	r.call("b", "again")
	reqs := r.sent("call b.do", "subscribe a", "call b.again")
	r.answer(reqs[0], `{"payload":1}`)
	r.wantReply(waiting, nil)
	r.wantState(state.Resubscribing)
}

// The gateway may have counted the subscription of a call before the event, and then it
// has let m go by mistake: for it, only l held m from outside of the cycle.
func TestResourceOfACallThatMayHaveBeenHeldBeforeAnEvent(t *testing.T) {
	const set = `{"models":{"p":{"l":{"rid":"l"}},"l":{"m":{"rid":"m"}},"m":{"self":{"rid":"m"},"up":{"rid":"l"}}}}`
	for name, test := range map[string]struct {
		late   bool // the call goes out after the event
		change string
		answer string
		faults uint64
	}{
		"in a cycle that is opened": {false, `{"values":{"self":null}}`, `{"rid":"l"}`, 1},
		"that was denied after it":  {false, `{"values":{"self":null}}`, `{"rid":"l","errors":{"l":{"code":"system.accessDenied","message":""}}}`, 1},
		"that was called for later": {true, `{"values":{"self":null}}`, `{"rid":"l"}`, 0},
		"when no reference is lost": {false, `{"values":{"other":1}}`, `{"rid":"l"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.subscribe("p")
			r.answer(r.sent("subscribe p")[0], set)
			if !test.late {
				r.callResource("x", "find")
			}
			r.event("m.change", test.change)
			if test.late {
				r.callResource("x", "find")
			}
			r.answer(r.sent("call x.find")[0], test.answer)
			if got := r.core.Stats().Inconsistencies; got != test.faults {
				t.Errorf("%d faults, want %d", got, test.faults)
			}
		})
	}
}
