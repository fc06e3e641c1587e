package core_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

const interval = time.Minute

func probing(c *core.Config) { c.ProbeInterval = interval }

// withErrors subscribes to the collection p, whose references are in error.
func (r *rig) withErrors(code string, rids ...string) *listener {
	r.Helper()
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], setWithErrors(code, rids...))
	return p
}

func setWithErrors(code string, rids ...string) string {
	items, errs := "", ""
	for i, rid := range rids {
		if i > 0 {
			items, errs = items+",", errs+","
		}
		items += reference(rid)
		errs += fmt.Sprintf(`%q:{"code":%q,"message":""}`, rid, code)
	}
	return fmt.Sprintf(`{"collections":{"p":[%s]},"errors":{%s}}`, items, errs)
}

// probed lets time pass until the next probe, checks which it is, and returns how long
// that took.
func (r *rig) probed(rid string) (wire.Request, time.Duration) {
	r.Helper()
	before := r.now
	r.passUntil(before.Add(100*interval), func() bool { return len(r.requests) > 0 })
	return r.sent("get " + rid + "?")[0], r.now.Sub(before)
}

// fails answers a probe as the gateway does for what is not there: it forgets to take
// back what it has counted.
func (r *rig) fails(req wire.Request, err *res.Error) {
	r.Helper()
	r.refuse(req, err)
	r.answer(r.sent("unsubscribe " + req.RID)[0], "")
	r.refuse(r.sent("unsubscribe " + req.RID)[0], res.ErrNoSubscription)
}

func TestProbeThatFindsTheResourceLeadsToOneReconnect(t *testing.T) {
	r := connected(t, probing)
	p := r.withErrors("system.notFound", "c")
	get, waited := r.probed("c")
	if waited < interval/2 || waited > 3*interval/2 {
		t.Errorf("the first probe came after %v", waited)
	}
	if s := r.core.Stats(); s.Probes != 1 || s.Stuck != 1 {
		t.Errorf("the figures are %+v", s)
	}
	r.changed("new -> dialing: started", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed")
	r.answer(get, model("c?", 2))
	r.changed("connected -> dialing: lost")
	if cause := r.core.Stats(); cause.Resyncs != 1 || cause.Inconsistencies != 0 {
		t.Errorf("the figures are %+v", cause)
	}
	r.reopen()
	r.answer(r.sent("subscribe p")[0], `{"collections":{"p":[{"rid":"c"}]},"models":{"c":{"v":2}}}`)
	if got := r.get("c"); got.wantReply(got, nil).Resource.String() != `{"v":2}` {
		t.Error("the reference did not heal")
	}
	p.wantEnd(nil)
	r.pass(time.Hour)
	r.sent()
	if s := r.core.Stats(); s.Probes != 1 || s.Resyncs != 1 || s.Stuck != 0 {
		t.Errorf("an hour later the figures are %+v", s)
	}
}

func TestReconnectSaysWhatWasFound(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	r.transitions, r.notices = nil, nil
	get, _ := r.probed("c")
	r.answer(get, model("c?", 2))
	if cause := r.transitions[0].Cause; !errors.Is(cause, subs.ErrInconsistent) || cause.Error() != `"c" could not be had before, and can now: `+subs.ErrInconsistent.Error() {
		t.Errorf("the cause is %v", cause)
	}
	if len(r.notices) != 1 || r.notices[0].Kind != core.Resyncing || r.notices[0].RID != "c" {
		t.Errorf("the notices are %+v", r.notices)
	}
}

func TestProbesBecomeRare(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.notFound", "c")
	for _, doubled := range []int{1, 2, 4, 8, 16, 16, 16} {
		get, waited := r.probed("c")
		if least := interval / 2 * time.Duration(doubled); waited < least || waited > 3*least {
			t.Errorf("a probe came after %v, want %v to %v", waited, least, 3*least)
		}
		r.fails(get, res.ErrNotFound)
	}
}

func TestProbesAreSpreadAtRandom(t *testing.T) {
	waits := map[time.Duration]bool{}
	for seed := range uint64(20) {
		r := connected(t, probing, func(c *core.Config) { c.Rand = rand.New(rand.NewPCG(seed, 0)) })
		r.withErrors("system.notFound", "c")
		_, waited := r.probed("c")
		waits[waited] = true
	}
	if len(waits) < 15 {
		t.Errorf("twenty clients waited %v", waits)
	}
}

func TestOneProbeIsOutAtATime(t *testing.T) {
	r := connected(t, probing, func(c *core.Config) { c.RequestTimeout = 10 * time.Hour })
	r.withErrors("system.notFound", "a", "b")
	get, _ := r.probed("a")
	r.pass(5 * time.Hour)
	r.sent()
	r.fails(get, res.ErrNotFound)
	r.probed("b")
}

// What was looked for the least comes first, and what is probably missing for good last.
func TestOrderOfProbes(t *testing.T) {
	r := connected(t, probing)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"collections":{"p":[{"rid":"a"},{"rid":"b"},{"rid":"c"}]},
		"errors":{"a":{"code":"system.notFound","message":""},"b":{"code":"system.timeout","message":""},"c":{"code":"system.timeout","message":""}}}`)
	for range 2 {
		for _, rid := range []string{"b", "c", "a"} {
			get, _ := r.probed(rid)
			r.fails(get, res.ErrTimeout)
		}
	}
	r.event("p.add", `{"idx":0,"value":{"rid":"d"},"errors":{"d":{"code":"system.notFound","message":""}}}`)
	get, waited := r.probed("d")
	if waited > 3*interval/2 {
		t.Errorf("what is new was looked for after %v", waited)
	}
	r.fails(get, res.ErrNotFound)
	r.probed("d") // looked for once, the others twice
	p.wantEnd(nil)
}

// Who asks for what is stuck gets the old error; it is looked for soon, then.
func TestWhatTheProgramAsksForIsLookedForSooner(t *testing.T) {
	for name, ask := range map[string]func(*rig){
		"subscribe": func(r *rig) {
			l := r.subscribe("c")
			r.refuse(r.sent("subscribe c")[0], res.ErrTimeout)
			r.wantReply(l, res.ErrTimeout)
		},
		"get": func(r *rig) {
			g := r.get("c")
			if r.wantReply(g, nil).Resource.Err() == nil {
				t.Error("it is no error")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t, probing)
			r.withErrors("system.timeout", "c", "d")
			for range 3 {
				for _, rid := range []string{"c", "d"} {
					get, _ := r.probed(rid)
					r.fails(get, res.ErrTimeout)
				}
			}
			ask(r)
			get, waited := r.probed("c")
			if waited < interval/2 || waited > 3*interval/2 {
				t.Errorf("it was looked for after %v", waited)
			}
			r.fails(get, res.ErrTimeout)
			if _, waited := r.probed("c"); waited < interval { // once, not for ever
				t.Errorf("it was looked for again after %v", waited)
			}
		})
	}
}

func TestProbeWithoutAnAnswer(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	get, _ := r.probed("c")
	r.pass(r.cfg.RequestTimeout)
	back := r.sent("unsubscribe c?")[0]    // it may be counted
	r.read(r.success(get, model("c?", 1))) // late: nobody asks
	r.refuse(back, res.ErrNoSubscription)
	second, _ := r.probed("c")
	r.wantState(state.Connected)
	r.answer(second, `{}`)
	r.wantState(state.Dialing)
}

func TestProbeIsNotRepeatedOnTheNextConnection(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	r.probed("c")
	r.cut()
	r.reopen()
	r.answer(r.sent("subscribe p")[0], setWithErrors("system.timeout", "c"))
	_, waited := r.probed("c")
	if waited < interval/2 {
		t.Errorf("on the new connection it was looked for after %v", waited)
	}
}

func TestProbeWhoseAnswerIsTooLargeIsTheLast(t *testing.T) {
	r := connected(t, probing)
	p := r.withErrors("system.timeout", "c", "d")
	get, _ := r.probed("c")
	r.tooLarge(core.TooLargeError{ID: get.ID})
	r.reopen()
	r.answer(r.sent("subscribe p")[0], setWithErrors("system.timeout", "c", "d"))
	p.wantEnd(nil)
	for range 3 {
		get, _ := r.probed("d")
		r.fails(get, res.ErrTimeout)
	}
}

func TestProbeWaitsForAnotherRequestAboutTheSame(t *testing.T) {
	r := connected(t, probing, func(c *core.Config) { c.RequestTimeout = time.Hour })
	r.withErrors("system.timeout", "c")
	get := r.get("c?")
	r.refuse(r.sent("get c?")[0], res.ErrTimeout)
	r.wantReply(get, res.ErrTimeout)
	release := r.sent("unsubscribe c?")[0]
	r.pass(2 * interval)
	r.sent()
	r.refuse(release, res.ErrNoSubscription)
	r.sent("get c?")
}

func TestProbeSharesTheRequestOfACaller(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	req, _ := r.probed("c")
	get := r.get("c?")
	r.sent()
	r.answer(req, model("c?", 1))
	get.gets(`{"v":1}`)
	r.wantState(state.Dialing)
}

func TestFoundAndGoneAgainNeedsNoReconnect(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c", "d")
	for range 2 {
		get, _ := r.probed("c")
		r.answer(get, model("c?", 1))
		r.reopen()
		r.answer(r.sent("subscribe p")[0], setWithErrors("system.timeout", "c", "d"))
	}
	get, _ := r.probed("c")
	r.answer(get, model("c?", 1))
	r.wantState(state.Connected) // too soon after the one before
	r.event("p.remove", `{"idx":0}`)
	r.probed("d")
	if s := r.core.Stats(); s.Resyncs != 2 {
		t.Errorf("the figures are %+v", s)
	}
}

// When a reconnect does not help, because the services are overloaded by it, say, there
// are fewer and fewer.
func TestReconnectsBecomeRareWhenTheyDoNotHelp(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	var last time.Time
	longest := time.Duration(0)
	for r.now.Before(noon.Add(12 * time.Hour)) {
		r.passUntil(r.now.Add(time.Hour), func() bool { return len(r.requests) > 0 || r.dial != nil })
		switch {
		case r.dial != nil:
			if !last.IsZero() {
				longest = max(longest, r.now.Sub(last))
			}
			last = r.now
			r.open()
			r.answer(r.sent("subscribe p")[0], setWithErrors("system.timeout", "c"))
		case len(r.requests) > 0:
			r.answer(r.sent("get c?")[0], model("c?", 1))
		}
	}
	if s := r.core.Stats(); s.Resyncs > 35 || longest < 30*interval {
		t.Errorf("the longest time without one was %v in twelve hours, and the figures are %+v", longest, s)
	}
}

func TestCloseWithAProbeOut(t *testing.T) {
	r := connected(t, probing)
	r.withErrors("system.timeout", "c")
	r.probed("c")
	r.step(core.Close{}) // checked by the rig: nothing is due
}

func TestProbesHoldUpNobody(t *testing.T) {
	r := connected(t, probing, func(c *core.Config) { c.ReplayWindow, c.ReplaySlot, c.RequestTimeout = 1, time.Hour, time.Hour })
	r.withErrors("system.timeout", "c")
	r.probed("c") // takes the one place of retries
	get := r.get("x")
	r.answer(r.sent("get x")[0], model("x", 1))
	get.gets(`{"v":1}`)
}

func TestProbesWaitForPlacesOfRetries(t *testing.T) {
	r := connected(t, probing, func(c *core.Config) { c.ReplayWindow, c.ReplaySlot, c.RequestTimeout = 1, time.Hour, time.Hour })
	r.withErrors("system.timeout", "c")
	r.subscribed("a")
	r.revoke("a", res.ErrTimeout)
	r.retryAfter("a", 0)
	r.pass(0)
	again := r.sent("subscribe a")[0]
	r.pass(2 * interval)
	r.sent()
	r.answer(again, model("a", 2))
	r.sent("get c?")
}
