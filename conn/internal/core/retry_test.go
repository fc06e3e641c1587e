package core_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// revoke ends the subscription on rid as the gateway does.
func (r *rig) revoke(rid string, reason *res.Error) {
	r.Helper()
	r.event(rid+".unsubscribe", fmt.Sprintf(`{"reason":{"code":%q,"message":%q}}`, reason.Code, reason.Message))
}

func TestRevokedSubscriptionIsRetriedAsThePolicySays(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.revoke("a", res.ErrTimeout)
	a.hears("a unsubscribe: Request timeout (system.timeout)", "a stale: Request timeout (system.timeout)")
	r.asked("a")
	r.pass(time.Hour)
	r.sent() // the policy has not answered
	for i := range 5 {
		before := r.now
		r.retryAfter("a", time.Minute)
		r.passUntil(before.Add(time.Hour), func() bool { return len(r.requests) > 0 })
		if waited := r.now.Sub(before); waited > time.Minute || waited == 0 {
			t.Errorf("retry %d after %v", i, waited)
		}
		r.refuse(r.sent("subscribe a")[0], res.ErrTimeout)
		r.asked("a")
	}
	a.hears()
	r.retryAfter("a", time.Second)
	r.pass(time.Second)
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	a.hears("a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
	r.asked("forget a")
	if s := r.core.Stats(); s.Retries != 6 || s.Retrying != 0 || s.Stale != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestWhatIsLikelyToFailAgainWaitsLonger(t *testing.T) {
	for _, reason := range []*res.Error{res.ErrAccessDenied, res.ErrNotFound, res.ErrDeleted} {
		r := connected(t)
		r.subscribed("a")
		r.revoke("a", reason)
		r.retryAfter("a", 0)
		if s := r.core.Stats(); s.Retrying != 1 {
			t.Errorf("the figures are %+v", s)
		}
		r.pass(r.cfg.RetryFloor - 1)
		r.sent()
		r.pass(1)
		r.sent("subscribe a")
	}
	r := connected(t)
	r.subscribed("a")
	r.revoke("a", res.ErrTimeout)
	r.retryAfter("a", 0)
	r.pass(0)
	r.sent("subscribe a")
}

func TestDeniedIsRetriedAtOnceAfterASuccessfulAuth(t *testing.T) {
	r := connected(t)
	for _, rid := range []string{"a", "b", "c"} {
		r.subscribed(rid)
	}
	r.revoke("a", res.ErrAccessDenied)
	r.revoke("b", res.ErrTimeout)
	r.revoke("c", res.ErrAccessDenied)
	r.asked("a", "b", "c")
	for _, rid := range []string{"a", "b"} { // the policy is still thinking about c
		r.retryAfter(rid, time.Hour)
	}
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.refuse(r.sent("auth user.login")[0], res.ErrAccessDenied)
	r.sent()
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	reqs := r.sent("subscribe a", "subscribe c")
	r.retryAfter("c", 0) // too late
	r.answer(reqs[0], model("a", 1))
	r.refuse(reqs[1], res.ErrAccessDenied)
	r.asked("forget a", "c")
	r.sent()
}

// It was judged without the login.
func TestDeniedToARequestFromBeforeALoginIsAskedForAgainAtOnce(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.cut()
	r.reopen()
	req := r.sent("subscribe a")[0]
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	r.refuse(req, res.ErrAccessDenied)
	again := r.sent("subscribe a")[0]
	r.asked()
	r.refuse(again, res.ErrAccessDenied) // which is now the last word
	r.sent()
	r.asked("a")
	a.hears("a stale: " + errCut.Error())
}

func TestRevokedWhileSomethingElseHoldsTheResource(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], `{}`)
	c.hears(`c sync (first) {"v":1}`)
	r.revoke("c", res.ErrAccessDenied)
	c.hears("c unsubscribe: Access denied (system.accessDenied)")
	r.event("c.change", `{"values":{"v":2}}`)
	c.hears("c change v=2 (was 1)")
	r.asked("c")
	r.retryAfter("c", time.Hour)
	if !r.core.InSync() {
		t.Error("not in sync")
	}
	r.revoke("c", res.ErrAccessDenied) // there was nothing to end
	r.asked()
}

func TestRevokedWhileSurplusIsGivenBack(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.call("x", "find")
	r.answer(r.sent("call x.find")[0], `{"rid":"a"}`)
	req := r.sent("unsubscribe a")[0]
	r.revoke("a", res.ErrAccessDenied)
	r.refuse(req, res.ErrNoSubscription)
	r.sent()
	r.asked("a")
	r.retryAfter("a", 0)
	r.pass(r.cfg.RetryFloor)
	r.sent("subscribe a")
}

func TestPolicyThatSaysStopEndsTheSubscription(t *testing.T) {
	r := connected(t)
	a, b := r.subscribed("a"), r.subscribe("a")
	r.revoke("a", res.ErrAccessDenied)
	r.step(core.RetryAfter{RID: "a", Next: core.Delay{Stop: true}})
	for _, s := range []*listener{a, b} {
		if !errors.Is(s.ended, core.ErrGaveUp) || !errors.Is(s.ended, res.ErrAccessDenied) {
			t.Errorf("%v ended with %v", s, s.ended)
		}
	}
	r.asked("a", "forget a")
	r.pass(time.Hour)
	r.sent()
	if s := r.core.Stats(); s.Subscriptions != 0 || s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
	a.close() // as programs do
	c := r.subscribe("a")
	r.answer(r.sent("subscribe a")[0], model("a", 5))
	c.hears(`a sync (first) {"v":5}`)
}

func TestAnswersOfThePolicyToOldQuestionsAreIgnored(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.cut()
	r.reopen()
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.asked("a", "a")
	r.step(core.RetryAfter{RID: "a", Next: core.Delay{Stop: true}}) // to the first question
	if a.ended != nil {
		t.Fatal("an old answer has ended the subscription")
	}
	r.retryAfter("a", 0)
	r.pass(r.cfg.RetryFloor)
	r.sent("subscribe a")
}

func TestRetryDoesNotOutliveWhatItIsFor(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.retryAfter("a", time.Hour)
	a.close()
	r.asked("a", "forget a")
	if d := r.core.Deadline(); d.Sub(r.now) > r.cfg.StableAfter {
		t.Errorf("something is due in %v", d.Sub(r.now))
	}
	b := r.subscribe("a")
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	b.hears(`a sync (first) {"v":2}`)
}

func TestRetriesAreReplayedOnTheNextConnection(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.retryAfter("a", 24*time.Hour)
	r.cut()
	if s := r.core.Stats(); s.Retrying != 0 {
		t.Errorf("the figures are %+v", s)
	}
	r.reopen()
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.asked("a", "forget a")
}

func TestManyRetriesComeInTheOrderOfTheirTime(t *testing.T) {
	r, _ := subscribedTo(t, 200)
	var last time.Time
	for i := range 200 {
		r.revoke(name(i), res.ErrTimeout)
		r.retryAfter(name(i), time.Hour)
	}
	for n := 0; n < 200; {
		r.passUntil(r.now.Add(time.Hour), func() bool { return len(r.requests) > 0 })
		if r.now.Before(last) {
			t.Fatal("time went backwards")
		}
		last = r.now
		n += len(r.requests)
		for _, req := range r.requests {
			r.answer(req, model(req.RID, 1))
		}
		r.requests = nil
		if r.core.Stats().Retrying != 200-n {
			t.Fatalf("%d sent, %d wait", n, r.core.Stats().Retrying)
		}
	}
}
