package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
)

func TestSubscribeThatTimesOutFailsAndIsCleanedUp(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	r.sent("subscribe a")
	r.pass(r.cfg.RequestTimeout)
	r.wantReply(a, core.ErrNoAnswer)
	r.answer(r.sent("unsubscribe a")[0], "") // the gateway had counted it
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.sent()
	b := r.subscribe("a")
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantReply(b, nil)
}

func TestReplayThatTimesOutIsCleanedUpAndRetried(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.cut()
	r.reopen()
	r.sent("subscribe a")
	r.pass(r.cfg.RequestTimeout)
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.asked("a")
	r.retryAfter("a", time.Second)
	r.pass(time.Second)
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	a.hears("a stale: "+errCut.Error(), "a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
	r.asked("forget a")
}

func TestLateAnswerIsTakenInAndGivenBack(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	req := r.sent("subscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.wantReply(a, core.ErrNoAnswer)
	unsubscribe := r.sent("unsubscribe a")[0]
	r.answer(req, model("a", 1)) // overtook the unsubscribe
	r.answer(unsubscribe, "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.sent()
	if s := r.core.Stats(); s.Resources != 0 || s.Pending != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestLateAnswerAfterTheGatewaySaidThatNothingIsCounted(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"a":{"rid":"a"}},"a":{"v":1}}}`)
	r.subscribe("a")
	late := r.sent("subscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.answer(r.sent("unsubscribe a")[0], "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	a := r.subscribe("a")
	second := r.sent("subscribe a")[0]
	r.answer(late, `{}`) // its count was given back before
	r.wantNoReply(a)
	r.answer(second, `{}`)
	r.wantReply(a, nil)
	r.sent() // no surplus
	p.close()
	r.answer(r.sent("unsubscribe p")[0], "")
	r.event("a.change", `{"values":{"v":2}}`)
	a.hears(`a sync (first) {"v":1}`, "a change v=2 (was 1)")
}

// The gateway counted the subscribe when it got it, and the unsubscribe took that
// back: the late answer brings no count.
func TestLateAnswerAfterAnUnsubscribeHasGivenItsCountBack(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"a":{"rid":"a"}},"a":{"v":1}}}`)
	r.subscribe("a")
	late := r.sent("subscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.answer(r.sent("unsubscribe a")[0], "")
	second := r.sent("unsubscribe a")[0]
	r.answer(late, `{}`)
	p.close()
	r.answer(r.sent("unsubscribe p")[0], "")
	r.subscribe("q")
	r.answer(r.sent("subscribe q")[0], `{"models":{"q":{"a":{"rid":"a"}},"a":{"v":2}}}`)
	a := r.subscribe("a")
	r.refuse(second, res.ErrNoSubscription)
	r.answer(r.sent("subscribe a")[0], `{}`)
	a.hears(`a sync (first) {"v":2}`)
}

func TestLateErrorChangesNothing(t *testing.T) {
	r := connected(t)
	r.subscribe("a")
	req := r.sent("subscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	b := r.subscribe("a")
	again := r.sent("subscribe a")[0]
	r.refuse(req, res.ErrTimeout)
	r.wantNoReply(b)
	r.answer(again, model("a", 1))
	r.wantReply(b, nil)
}

func TestUnsubscribeThatTimesOutIsRepeatedUntilNothingIsLeft(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	a.close()
	first := r.sent("unsubscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	second := r.sent("unsubscribe a")[0]
	b := r.subscribe("a")
	r.sent()
	r.refuse(second, res.ErrNoSubscription)
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	r.wantReply(b, nil)
	r.answer(first, "") // must not count against the new subscription
	b.hears(`a sync (first) {"v":2}`)
	r.sent()
	r.event("a.change", `{"values":{"v":3}}`)
	b.hears("a change v=3 (was 2)")
}

// For a gateway that is late l is still subscribed, and then it lets m go by mistake.
func TestCycleThatIsOpenedAfterAnUnsubscribeThatTimedOut(t *testing.T) {
	const set = `{"models":{"p":{"l":{"rid":"l"}},"l":{"m":{"rid":"m"}},"m":{"self":{"rid":"m"},"up":{"rid":"l"}}}}`
	for name, test := range map[string]struct {
		answered bool
		faults   uint64
	}{
		"before its answer": {false, 1},
		"after its answer":  {true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.subscribe("p")
			r.answer(r.sent("subscribe p")[0], set)
			l := r.subscribe("l")
			r.answer(r.sent("subscribe l")[0], `{}`)
			l.close()
			late := r.sent("unsubscribe l")[0]
			r.pass(r.cfg.RequestTimeout)
			if test.answered {
				r.answer(late, "")
			}
			r.event("m.change", `{"values":{"self":null}}`)
			if got := r.core.Stats().Inconsistencies; got != test.faults {
				t.Errorf("%d faults, want %d", got, test.faults)
			}
		})
	}
}

func TestUnsubscribesThatAreAnsweredVeryLate(t *testing.T) {
	t.Run("before everything is given back", func(t *testing.T) {
		r := connected(t)
		r.subscribe("a")
		r.sent("subscribe a")
		r.pass(r.cfg.RequestTimeout)
		late := r.sent("unsubscribe a")[0]
		r.pass(r.cfg.RequestTimeout)
		last := r.sent("unsubscribe a")[0]
		r.answer(late, "")
		r.refuse(last, res.ErrNoSubscription)
		b := r.subscribed("a")
		b.hears()
		r.sent()
	})
	t.Run("after everything was given back, and a call has got more", func(t *testing.T) {
		r := connected(t)
		r.subscribe("a")
		r.sent("subscribe a")
		r.pass(r.cfg.RequestTimeout)
		late := r.sent("unsubscribe a")[0]
		r.pass(r.cfg.RequestTimeout)
		last := r.sent("unsubscribe a")[0]
		r.refuse(late, res.ErrNoSubscription)
		_, b := r.callResource("x", "find")
		r.answer(r.sent("call x.find")[0], `{"rid":"a","models":{"a":{"v":1}}}`)
		r.pass(r.cfg.RequestTimeout)
		r.answer(last, "") // and so it has less again
		r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
		r.answer(r.sent("subscribe a")[0], model("a", 2))
		b.heard = b.heard[len(b.heard)-1:]
		b.hears(`a sync (reconnect) {"v":2}`)
	})
	t.Run("while the next is out", func(t *testing.T) {
		r := connected(t)
		r.subscribed("a").close()
		late := r.sent("unsubscribe a")[0]
		r.pass(r.cfg.RequestTimeout)
		_, b := r.callResource("x", "find")
		r.answer(r.sent("unsubscribe a", "call x.find")[1], model("a", 1)[:1]+`"rid":"a",`+model("a", 1)[1:])
		b.hears(`a sync (first) {"v":1}`)
		r.answer(late, "") // that was for the first subscription
		b.hears()
	})
}

func TestLateAnswerAfterNothingWasFoundToGiveBack(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"a":{"rid":"a"}},"a":{"v":1}}}`)
	r.subscribe("a")
	late := r.sent("subscribe a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.answer(late, `{}`)
	r.sent()
}

func TestWhatIsReleasedDoesNotWaitForRequestsThatAreNeverAnswered(t *testing.T) {
	r := connected(t)
	r.call("mute", "call")
	r.sent("call mute.call")
	for range 100 {
		a := r.subscribed("a")
		a.close()
		r.answer(r.sent("unsubscribe a")[0], "")
		b := r.subscribed("b")
		b.close()
		r.answer(r.sent("unsubscribe b")[0], "")
	}
	r.pass(r.cfg.RequestTimeout)
	if s := r.core.Stats(); s.Resources != 0 || s.Pending != 1 {
		t.Errorf("the figures are %+v", s)
	}
	r.subscribed("a").close()
	r.call("slow", "call")
	reqs := r.sent("unsubscribe a", "call slow.call")
	r.answer(reqs[0], "")
	r.call("slower", "call") // later than what might still hold a
	r.answer(reqs[1], `{"payload":null}`)
	if s := r.core.Stats(); s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
}
