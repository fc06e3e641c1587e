package core_test

import (
	"testing"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// The gateway counts the resource of a call before it answers. An unsubscribe that takes the
// count away has the call never answered, so what nobody waits for comes after the calls.
func TestWhatNobodyWantsIsMadeCertainWhenNoCallIsOut(t *testing.T) {
	for name, end := range map[string]func(*rig, wire.Request, *core.Call){
		"answered":  func(r *rig, req wire.Request, _ *core.Call) { r.answer(req, `{"payload":1}`) },
		"given up":  func(r *rig, _ wire.Request, call *core.Call) { r.step(core.CancelCall{Call: call}) },
		"timed out": func(r *rig, _ wire.Request, _ *core.Call) { r.pass(r.cfg.RequestTimeout) },
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.get("a")
			call := r.call("x", "find")
			requests := r.sent("get a", "call x.find")
			r.refuse(requests[0], res.ErrTimeout) // and may count a subscription
			r.sent()
			end(r, requests[1], call)
			unsubscribe := r.sent("unsubscribe a")[0]
			r.refuse(unsubscribe, res.ErrNoSubscription)
			r.sent()
		})
	}
}

// A program that always has a call out does not come to the gateway's limit.
func TestWhatManyCallsLeaveBehindIsGivenBackWhileOneIsOut(t *testing.T) {
	r := connected(t)
	r.call("x", "slow")
	r.sent("call x.slow")
	for i := range 256 {
		r.call("x", "find")
		requests := r.sent("call x.find")
		r.answer(requests[0], `{"rid":"c","errors":{"c":{"code":"system.notFound","message":"no"}}}`)
		if len(r.requests) > 0 {
			r.sent("unsubscribe c")
			return
		}
		if i > 64 {
			break
		}
	}
	t.Error("nothing is given back")
}

// An unsubscribe may give back what a call has subscribed to that is not answered yet, when
// somebody waits for the resource. The client cannot know: the gateway may also have had one
// left over.
func TestSubscriptionOfACallThatMayHaveBeenGivenBack(t *testing.T) {
	for before, want := range map[bool]uint64{true: 1, false: 0} {
		r := connected(t)
		r.get("a")
		if before {
			r.callResource("x", "find")
			r.subscribe("a")
		}
		r.refuse(r.requests[0], res.ErrTimeout) // and may count a subscription
		unsubscribe := r.requests[len(r.requests)-1]
		r.answer(unsubscribe, "")
		r.refuse(r.requests[len(r.requests)-1], res.ErrNoSubscription)
		if !before {
			r.callResource("x", "find")
		}
		for _, req := range r.requests {
			if req.Type == wire.TypeCall {
				r.answer(req, `{"rid":"a","models":{"a":{"v":1}}}`)
			}
		}
		if got := r.core.Stats().Inconsistencies; got != want {
			t.Errorf("%d faults, want %d", got, want)
		}
	}
}
