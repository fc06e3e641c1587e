package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func withAccessHook(c *core.Config) { c.AccessDenied = true }

// hooked takes the runs of the AccessDenied hook that were asked for and checks for
// which resources they are.
func (r *rig) hooked(want ...string) {
	r.Helper()
	denials := r.denials
	r.denials = nil
	if len(denials) != len(want) {
		r.Fatalf("the hook is to run for %v, want %q", denials, want)
	}
	for i, d := range denials {
		if d.RID != want[i] || d.Generation != r.generation {
			r.Fatalf("the hook is to run for %v, want %q on connection %d", d, want[i], r.generation)
		}
	}
}

// judge lets the hook return.
func (r *rig) judge(err error) {
	r.Helper()
	r.step(core.AccessJudged{Generation: r.generation, Err: err})
}

var errLogin = errors.New("the login service is away")

func TestDeniedSubscriptionsWaitForTheHookAndAreRetriedAtOnce(t *testing.T) {
	r := connected(t, withAccessHook)
	a, _, c := r.subscribed("a"), r.subscribed("b"), r.subscribed("c")
	r.revoke("b", res.ErrTimeout)
	r.asked("b") // not a matter of access
	r.revoke("a", res.ErrAccessDenied)
	r.revoke("c", res.ErrAccessDenied)
	r.hooked("a")
	r.pass(10 * time.Second)
	r.sent()
	r.asked()
	r.judge(nil)
	reqs := r.sent("subscribe a", "subscribe c")
	r.answer(reqs[0], model("a", 1))
	r.answer(reqs[1], model("c", 1))
	for _, l := range []*listener{a, c} {
		if !l.live {
			t.Errorf("%v is stale", l)
		}
	}
	r.hooked()
	r.revoke("a", res.ErrAccessDenied) // the next token has expired
	r.hooked("a")
}

func TestHookIsNotRepeatedForWhatIsDeniedInSpiteOfIt(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.judge(nil)
	for range 3 {
		r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
		r.asked("a")
		r.hooked()
		r.retryAfter("a", time.Minute)
		r.passUntil(r.now.Add(time.Hour), func() bool { return len(r.requests) > 0 })
	}
	r.revoke("b", res.ErrAccessDenied) // which was not
	r.hooked("b")
	r.judge(nil)
	r.sent("subscribe a", "subscribe b")
}

func TestHookThatFailsLeavesThePolicyToItAndIsAskedAgain(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.revoke("b", res.ErrAccessDenied)
	r.hooked("a")
	r.judge(errLogin)
	r.asked("a", "b")
	r.hooked()
	if n := r.notices[len(r.notices)-1]; n.Kind != core.AccessHookFailed || n.RID != "a" || !errors.Is(n.Err, errLogin) {
		t.Errorf("the notice is %+v", n)
	}
	r.retryAfter("a", 0)
	r.retryAfter("b", time.Hour)
	r.pass(r.cfg.RetryFloor)
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.hooked("a")
	r.judge(nil)
	r.sent("subscribe a", "subscribe b")
}

func TestHookRunsRarely(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.pass(time.Second)
	r.judge(nil)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.asked("forget a")
	r.revoke("b", res.ErrAccessDenied)
	r.pass(r.cfg.RetryFloor - time.Second - 1)
	r.hooked()
	r.asked()
	r.pass(1)
	r.hooked("b")
}

func TestHookThatDoesNotReturnHoldsUpNothingForLong(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.pass(r.cfg.AuthTimeout)
	r.asked("a")
	r.revoke("b", res.ErrAccessDenied)
	r.asked("b")
	r.hooked() // one at a time
	r.retryAfter("a", time.Minute)
	r.retryAfter("b", time.Hour)
	r.judge(nil) // better late than never
	r.sent("subscribe a", "subscribe b")
}

func TestHookThatSaysForeverEndsItsSubscription(t *testing.T) {
	r := connected(t, withAccessHook)
	a, b := r.subscribed("a"), r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.revoke("b", res.ErrAccessDenied)
	r.hooked("a")
	r.step(core.AccessJudged{Generation: r.generation, Err: errLogin, Permanent: true})
	if !errors.Is(a.ended, errLogin) || b.ended != nil {
		t.Errorf("a ended with %v, b with %v", a.ended, b.ended)
	}
	r.asked("forget a", "b")
	r.pass(time.Hour)
	r.sent()
	r.hooked()
}

func TestHookThatSaysForeverOfWhatIsGrantedMeanwhileEndsNothing(t *testing.T) {
	r := connected(t, withAccessHook)
	a := r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.step(core.AccessJudged{Generation: r.generation, Err: errLogin, Permanent: true})
	if a.ended != nil || !a.live {
		t.Errorf("live %v, ended with %v", a.live, a.ended)
	}
}

func TestHookHasASessionWhileItRuns(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	session := func() *core.Call {
		login := r.newCall("user", wire.TypeAuth, "login")
		login.Session = r.generation
		r.step(login)
		return login
	}
	r.wantReply(session(), core.ErrNotConnected)
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	login := session()
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	r.wantReply(login, nil)
	r.answer(r.sent("subscribe a")[0], model("a", 1)) // at once, like after any login
	r.judge(nil)
	r.wantReply(session(), core.ErrNotConnected)
	r.sent()
}

func TestRequestsThatCrossTheHookAreSentAgain(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.subscribed("b")
	r.revoke("b", res.ErrTimeout)
	r.retryAfter("b", 0)
	r.pass(0)
	crossing := r.sent("subscribe b")[0]
	r.revoke("a", res.ErrAccessDenied)
	r.judge(nil)
	r.sent("subscribe a")
	r.refuse(crossing, res.ErrAccessDenied)
	r.sent("subscribe b")
}

func TestHookOfALostConnection(t *testing.T) {
	r := connected(t, withAccessHook, func(c *core.Config) { c.AuthTimeout = time.Hour })
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	old := r.generation
	r.cut()
	r.reopen()
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.hooked() // one at a time
	r.step(core.AccessJudged{Generation: old, Err: errLogin, Permanent: true})
	r.hooked("a")
	r.judge(nil)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.revoke("a", res.ErrAccessDenied)
	r.cut() // while it waits
	r.pass(r.cfg.MaxDelay)
	r.hooked()
	r.open()
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.pass(time.Hour)
	r.hooked()
}

func TestHookRunsAgainOnANewConnection(t *testing.T) {
	r := connected(t, withAccessHook)
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.judge(nil)
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.hooked()
	r.cut()
	r.reopen()
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.hooked("a")
}

func TestWhatIsClosedNeedsNoHook(t *testing.T) {
	r := connected(t, withAccessHook)
	a := r.subscribed("a")
	b := r.subscribed("b")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked("a")
	r.judge(nil)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.revoke("b", res.ErrAccessDenied) // and waits
	b.close()
	r.pass(time.Hour)
	r.hooked()
	if a.ended != nil {
		t.Errorf("a ended with %v", a.ended)
	}
}

func TestAnswersOfThePolicyDoNotTakeTheHooksPlace(t *testing.T) {
	r := connected(t, withAccessHook)
	a := r.subscribed("a")
	r.revoke("a", res.ErrTimeout) // the policy thinks about it
	r.step(core.Reconnect{})
	r.open()
	r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied)
	r.hooked("a")
	r.step(core.RetryAfter{RID: "a", Next: core.Delay{Stop: true}})
	r.pass(time.Second)
	r.sent()
	if a.ended != nil {
		t.Errorf("ended with %v", a.ended)
	}
}

func TestWithoutAHookThePolicyIsAsked(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.revoke("a", res.ErrAccessDenied)
	r.hooked()
	r.asked("a")
}
