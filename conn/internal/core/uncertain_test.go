package core_test

import (
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// What a failed request has left behind would answer the next call with the same error.
func TestWhatIsLeftBehindIsGivenBackWhileACallIsOut(t *testing.T) {
	const lost = `{"rid":"a","errors":{"a":{"code":"system.notFound","message":"no"}}}`
	for name, fail := range map[string]func(*rig){
		"by a get": func(r *rig) {
			r.get("a")
			r.refuse(r.sent("get a")[0], res.ErrTimeout)
		},
		"by a call": func(r *rig) {
			r.call("x", "find")
			r.answer(r.sent("call x.find")[0], lost)
		},
		"by a request without an answer": func(r *rig) {
			r.subscribe("a")
			r.sent("subscribe a")
			r.pass(r.cfg.RequestTimeout / 2)
			r.call("x", "slow") // the other one ends with the subscribe
			r.sent("call x.slow")
			r.pass(r.cfg.RequestTimeout / 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.call("x", "slow")
			slow := r.sent("call x.slow")[0]
			fail(r)
			r.answer(r.sent("unsubscribe a")[0], "")
			r.sent() // a call that is out may have subscribed to it by now, and is never answered if that is taken away
			r.subscribe("a")
			r.answer(r.sent("subscribe a")[0], model("a", 1))
			r.answer(slow, `{"payload":1}`)
			r.sent()
		})
	}
}

// When no call is out, nothing is at stake, and a mistake in the books would last.
func TestThatNothingIsLeftBehindIsMadeSureWhenNoCallIsOut(t *testing.T) {
	r := connected(t)
	r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrTimeout)
	r.answer(r.sent("unsubscribe a")[0], "")
	r.answer(r.sent("unsubscribe a")[0], "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.sent()
}

func TestAsMuchIsGivenBackAsMayBeLeftBehind(t *testing.T) {
	const lost = `{"rid":"a","errors":{"a":{"code":"system.notFound","message":"no"}}}`
	r := connected(t)
	for range 4 {
		r.call("x", "find")
	}
	calls := r.sent("call x.find", "call x.find", "call x.find", "call x.find")
	for _, call := range calls[:3] {
		r.answer(call, lost)
	}
	for range 3 {
		r.answer(r.sent("unsubscribe a")[0], "")
	}
	r.sent()
}

// As often as the program likes, for as long as a call is out.
func TestWhatIsLeftBehindMayBeGivenBackAgainAndAgain(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.event("a.unsubscribe", `{"reason":{"code":"system.deleted","message":""}}`) // so that it is kept in mind
	r.call("x", "slow")
	r.sent("call x.slow")
	for range 300 { // more than the gateway can count at a time
		r.call("x", "find")
		r.answer(r.sent("call x.find")[0], `{"rid":"a","errors":{"a":{"code":"system.notFound","message":"no"}}}`)
		r.answer(r.sent("unsubscribe a")[0], "")
		r.sent()
	}
	if got := r.core.Stats().Inconsistencies; got > 0 {
		t.Errorf("%d faults", got)
	}
}

// The gateway takes back itself what it has counted for a call whose resource is denied.
func TestACallWhoseResourceIsDeniedLeavesNothingBehind(t *testing.T) {
	r := connected(t)
	call, _ := r.callResource("x", "find")
	r.answer(r.sent("call x.find")[0], `{"rid":"a","errors":{"a":{"code":"system.accessDenied","message":"no"}}}`)
	r.wantReply(call, res.ErrAccessDenied)
	r.sent()
}

// It is not known which of the two was given back, so the other one is, too.
func TestWhatACallHasBroughtMayHaveBeenGivenBackInPlaceOfWhatWasLeftBehind(t *testing.T) {
	r := connected(t)
	r.call("x", "slow")
	r.callResource("x", "find")
	r.get("a")
	requests := r.sent("call x.slow", "call x.find", "get a")
	r.refuse(requests[2], res.ErrTimeout)
	unsubscribe := r.sent("unsubscribe a")[0]
	r.answer(requests[1], `{"rid":"a","models":{"a":{"v":1}}}`)
	r.answer(unsubscribe, "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.sent()
}

// However late the gateway says that nothing is left.
func TestWhatIsLeftBehindIsGivenBackAfterAnswersThatCameTooLate(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.event("a.unsubscribe", `{"reason":{"code":"system.deleted","message":""}}`) // so that it is kept in mind
	r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrTimeout)
	late := r.sent("unsubscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	next := r.sent("unsubscribe a")[0]
	r.call("x", "slow")
	r.sent("call x.slow")
	r.refuse(late, res.ErrNoSubscription)
	r.answer(next, "") // of what the call has got, it must be
	r.sent()
	r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrTimeout)
	r.answer(r.sent("unsubscribe a")[0], "")
	r.sent()
}

// Asking again would be answered so again.
func TestNothingIsOwedAfterAnErrorThatNobodyKnows(t *testing.T) {
	r := connected(t)
	r.call("x", "slow")
	r.sent("call x.slow")
	for range 2 {
		r.call("x", "find")
		r.answer(r.sent("call x.find")[0], `{"rid":"a","errors":{"a":{"code":"system.notFound","message":"no"}}}`)
		r.refuse(r.sent("unsubscribe a")[0], res.ErrInternalError)
		r.sent()
	}
	r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrTimeout)
	r.answer(r.sent("unsubscribe a")[0], "")
	r.sent()
}

// An unsubscribe may give back what a call has subscribed to that went out before it and is not
// answered yet. The client cannot know: the gateway may also have had one left over.
func TestSubscriptionOfACallThatMayHaveBeenGivenBack(t *testing.T) {
	for when, want := range map[string]uint64{"before the unsubscribe": 1, "before its answer": 0, "after its answer": 0} {
		t.Run(when, func(t *testing.T) {
			r := connected(t)
			call := func(moment string) {
				if moment == when {
					r.callResource("x", "find")
				}
			}
			r.get("a")
			failing := r.sent("get a")[0]
			call("before the unsubscribe")
			r.refuse(failing, res.ErrTimeout) // and may count a subscription
			unsubscribe := r.requests[len(r.requests)-1]
			call("before its answer")
			r.answer(unsubscribe, "")
			call("after its answer")
			for _, req := range r.requests {
				if req.Type == wire.TypeCall {
					r.answer(req, `{"rid":"a","models":{"a":{"v":1}}}`)
				}
			}
			if got := r.core.Stats().Inconsistencies; got != want {
				t.Errorf("%d faults, want %d", got, want)
			}
		})
	}
}
