package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func TestNothingIsLookedForWhileNothingIsInError(t *testing.T) {
	r := connected(t, probing)
	r.subscribed("a")
	if d := r.core.Deadline(); d.After(r.now.Add(r.cfg.StableAfter)) {
		t.Errorf("something is due at %v", d)
	}
	r.withErrors("system.notFound", "c")
	r.event("p.remove", `{"idx":0}`)
	r.pass(time.Hour)
	r.sent()
	if n := r.core.Stats().Probes; n != 0 {
		t.Errorf("%d probes", n)
	}
}

func TestProbesCanBeOff(t *testing.T) {
	r := connected(t)
	r.withErrors("system.notFound", "c")
	r.pass(time.Hour)
	r.sent()
}

func TestWhatHasAQueryIsNotLookedFor(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.notFound", "c?q=1", "d?")
	r.pass(time.Hour)
	r.sent()
}

func TestWhatIsDeniedIsLookedForAfterALoginOnly(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	get, _ := r.probed("c")
	r.refuse(get, res.ErrAccessDenied)
	r.pass(time.Hour)
	r.sent()
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	get, _ = r.probed("c")
	r.refuse(get, res.ErrAccessDenied)
	r.pass(time.Hour)
	r.sent()
}

func TestProbeThatWasDeniedBeforeALoginTellsNothing(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	get, _ := r.probed("c")
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	r.refuse(get, res.ErrAccessDenied)
	r.probed("c")
}

func TestLoginDoesNotHurryWhatIsLookedForAnyway(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c", "d")
	get, _ := r.probed("c")
	r.refuse(get, res.ErrAccessDenied)
	due := r.core.Deadline()
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.answer(r.sent("auth user.login")[0], `{"payload":null}`)
	if d := r.core.Deadline(); !d.Equal(due) {
		t.Errorf("the next is due at %v, and was at %v", d, due)
	}
	r.probed("d")
}

func TestNothingIsLookedForWithoutAConnection(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	r.cut()
	r.pass(r.cfg.MaxDelay)
	r.dialFails(errCut, core.Delay{Wait: time.Second})
	r.pass(time.Hour)
	r.sent()
}

func TestWhatIsSubscribedUnderTheOtherIDIsNotAskedFor(t *testing.T) {
	r := connected(t, probing)
	r.subscribed("c?")
	r.withErrors("system.timeout", "c")
	r.pass(2 * interval)
	r.wantState(state.Dialing)
	if s := r.core.Stats(); s.Probes != 1 || s.Resyncs != 1 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestOtherIDThatIsInErrorTellsNothing(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c", "c?")
	r.pass(10 * interval)
	r.sent()
	if s := r.core.Stats(); s.Resyncs != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestWhatIsDeletedIsLookedFor(t *testing.T) {
	r := connected(t, probing)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"collections":{"p":[{"rid":"c"}]},"models":{"c":{"v":1}}}`)
	r.event("c.delete", `null`)
	get, _ := r.probed("c")
	r.fails(get, res.ErrNotFound)
	get, _ = r.probed("c")
	r.answer(get, model("c?", 2))
	r.reopen()
	r.answer(r.sent("subscribe p")[0], `{"collections":{"p":[{"rid":"c"}]},"models":{"c":{"v":2}}}`)
	r.get("c").gets(`{"v":2}`)
}
