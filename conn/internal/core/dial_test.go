package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

var errRefused = errors.New("connection refused")

func wait(d time.Duration) core.Delay { return core.Delay{Wait: d} }

func TestStartDialsAtOnce(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.changed("new -> dialing: started")
	if d := r.underWay(); d != (core.Dial{Generation: 1, Gateway: 0, AskBackOff: true}) {
		t.Errorf("dial is %+v", d)
	}
}

func TestFailedDialsWaitAtRandomUpToWhatTheBackOffSaid(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	for i := range 400 {
		asked := 250 * time.Millisecond << min(i/20, 8)
		limit := min(asked, r.cfg.MaxDelay)
		r.dialFails(errRefused, wait(asked))
		last := r.transitions[len(r.transitions)-1]
		if last.Attempt != i+2 || !errors.Is(last.Cause, errRefused) || last.To != state.Dialing {
			t.Fatalf("transition %d is %v", i, last)
		}
		if last.Delay < 0 || last.Delay > limit || last.Delay == asked {
			t.Fatalf("a delay of %v where the back-off said %v", last.Delay, asked)
		}
		if due := r.core.Deadline().Sub(r.now); due != last.Delay {
			t.Fatalf("due in %v, the delay is %v", due, last.Delay)
		}
		r.pass(limit)
	}
	var small, large int
	for _, tr := range r.transitions[len(r.transitions)-100:] {
		if tr.Delay < 10*time.Second {
			small++
		}
		if tr.Delay == r.cfg.MaxDelay {
			large++
		}
	}
	if small == 0 || large == 0 {
		t.Errorf("of 100 delays %d are short and %d capped: that is no full jitter", small, large)
	}
}

func TestGatewaysAreTriedInTurnAndTheBackOffIsAskedOncePerRound(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.Gateways = []string{"ws://a", "ws://b", "ws://c"} })
	r.step(core.Start{})
	for range 6 {
		r.dialFails(errRefused, wait(time.Second))
		r.pass(time.Second)
	}
	for i, d := range r.dials {
		if d.Gateway != i%3 || d.AskBackOff != (i%3 == 0) {
			t.Errorf("dial %d is %+v", i, d)
		}
	}
	for i, tr := range r.transitions[1:] {
		if want := r.cfg.Gateways[i%3]; tr.Gateway != want {
			t.Errorf("transition %v names %s, but %s has failed", tr, tr.Gateway, want)
		}
	}
}

func TestPermanentErrorGivesUp(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	sub, get := r.subscribe("a"), r.get("b")
	call := r.call("c", "do")
	r.step(core.Dialled{Generation: r.underWay().Generation, Err: errRefused, Permanent: true})
	r.changed("new -> dialing: started", "dialing -> closed: gave up")
	for _, to := range []any{sub, get, call} {
		r.wantReply(to, core.ErrClosed)
		r.wantReply(to, errRefused)
	}
	if !errors.Is(sub.ended, errRefused) {
		t.Errorf("the handle ended with %v", sub.ended)
	}
	r.wantReply(r.subscribe("a"), core.ErrClosed)
	r.wantReply(r.get("a"), core.ErrClosed)
	r.wantReply(r.call("a", "do"), core.ErrClosed)
}

func TestBackOffThatSaysStopGivesUpWhenTheRoundHasFailed(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.Gateways = []string{"ws://a", "ws://b"} })
	r.step(core.Start{})
	sub := r.subscribe("a")
	r.dialFails(errRefused, core.Delay{Stop: true})
	r.wantState(state.Dialing)
	r.pass(time.Second)
	r.dialFails(errCut, core.Delay{})
	r.wantState(state.Closed)
	r.wantReply(sub, core.ErrGaveUp)
	r.wantReply(sub, errCut)
}

func TestGatewayThatAcceptsAndDropsUsesUpTheAttempts(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	sub := r.subscribe("a")
	for _, next := range []core.Delay{wait(time.Second), wait(time.Second), {Stop: true}} {
		r.dialled(next)
		r.agree(wire.Protocol)
		r.transitions = nil
		r.cut()
		if r.core.State() == state.Dialing {
			r.pass(time.Second)
		}
	}
	r.changed("connected -> dialing: lost", "dialing -> closed: gave up")
	r.wantReply(sub, core.ErrGaveUp)
	r.wantReply(sub, errCut)
}

func TestBackOffThatSaysStopIsOverWithTheOutage(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.dialled(core.Delay{Stop: true})
	r.agree(wire.Protocol)
	r.pass(r.cfg.StableAfter) // and the back-off has not answered yet
	r.cut()
	r.wantState(state.Dialing)
}

func TestReconnectsOfOurOwnAreNoAttemptsThatFail(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.Gateways = []string{"ws://a", "ws://b"} })
	r.step(core.Start{})
	r.dialFails(errRefused, wait(time.Second))
	r.pass(time.Second)
	r.dialFails(errRefused, core.Delay{})
	r.pass(time.Second)
	r.dialFails(errRefused, core.Delay{Stop: true})
	if last := r.transitions[len(r.transitions)-1]; last.Delay == 0 || last.Delay > time.Second {
		t.Errorf("the rest of the last round begins after %v, want any time up to the last delay there was", last.Delay)
	}
	r.pass(time.Second)
	r.dialled(core.Delay{})
	r.agree(wire.Protocol)
	r.step(core.Reconnect{})
	r.wantState(state.Dialing)
}

func TestBackOffStartsAnewAfterAStableConnection(t *testing.T) {
	r := connected(t)
	r.pass(r.cfg.StableAfter - time.Millisecond)
	if r.resets != 0 {
		t.Fatal("reset too early")
	}
	r.pass(time.Millisecond)
	if r.resets != 1 {
		t.Fatalf("%d resets", r.resets)
	}
	r.step(core.BackOffReset{Next: wait(2 * time.Millisecond)})
	r.cut()
	last := r.transitions[len(r.transitions)-1]
	if last.Attempt != 1 || last.Delay >= 2*time.Millisecond {
		t.Errorf("after a stable connection: %v", last)
	}
}

func TestRoundThroughTheGatewaysStartsAnewAfterAStableConnection(t *testing.T) {
	r := newRig(t, func(c *core.Config) { c.Gateways = []string{"ws://a", "ws://b"} })
	r.step(core.Start{})
	r.dialFails(errRefused, wait(time.Second))
	r.pass(time.Second)
	r.open()
	r.pass(r.cfg.StableAfter)
	r.step(core.BackOffReset{Next: wait(time.Second)})
	r.cut()
	r.pass(time.Second)
	r.dialFails(errRefused, wait(time.Second))
	r.pass(time.Second)
	want := []core.Dial{{Generation: 1, AskBackOff: true}, {Generation: 2, Gateway: 1}, {Generation: 3}, {Generation: 4, Gateway: 1, AskBackOff: true}}
	if !slices.Equal(r.dials, want) {
		t.Errorf("dials are %+v, want %+v", r.dials, want)
	}
}

func TestUnstableConnectionsAreDialledAsTheBackOffSays(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	delay, dials := 100*time.Millisecond, 0
	for end := r.now.Add(time.Minute); r.now.Before(end); dials++ {
		r.dialled(wait(delay))
		r.agree(wire.Protocol)
		r.wantState(state.Connected)
		r.cut()
		last := r.transitions[len(r.transitions)-1]
		if last.Event != state.Lost || last.Attempt != dials+2 || last.Delay > delay {
			t.Fatalf("after %d connections that did not last: %v", dials+1, last)
		}
		r.passUntil(end.Add(time.Hour), func() bool { return r.dial != nil })
		delay *= 2
	}
	if dials > 20 || r.resets > 0 {
		t.Errorf("%d dials in a minute, %d resets", dials, r.resets)
	}
}

func TestSocketThatEndsBeforeItsDialIsReportedStillCountsWithTheBackOff(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	d := r.underWay()
	r.step(core.Lost{Generation: d.Generation, Err: errCut})
	r.changed("new -> dialing: started")
	r.step(core.Dialled{Generation: d.Generation, Next: wait(time.Hour)})
	last := r.transitions[len(r.transitions)-1]
	if last.Event != state.DialFailed || !errors.Is(last.Cause, errCut) || last.Delay == 0 {
		t.Errorf("the transition is %v", last)
	}
	r.sent()
	r.pass(r.cfg.MaxDelay)
	r.open()
	r.wantState(state.Connected)
}

func TestOutageOfADay(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.pass(time.Minute)
	r.transitions = nil
	r.cut()
	a.hears("a stale: " + errCut.Error())
	for end := r.now.Add(24 * time.Hour); r.now.Before(end); {
		r.passUntil(end, func() bool { return r.dial != nil })
		if r.dial != nil {
			r.dialFails(errRefused, wait(time.Minute))
		}
	}
	if n := len(r.transitions); n < 24*60*2 || n > 24*60*6 {
		t.Errorf("%d attempts in a day", n)
	}
	r.reopen()
	a.hears()
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	a.hears("a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
	last := r.transitions[len(r.transitions)-2]
	if last.Event != state.Opened || last.After < 24*time.Hour || last.Subscriptions != 1 {
		t.Errorf("the end of the outage is %+v", last)
	}
	if !r.core.InSync() {
		t.Error("not in sync")
	}
}

func TestReconnect(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.transitions = nil
	r.step(core.Reconnect{To: "program"})
	r.wantReply("program", nil)
	r.changed("connected -> dialing: lost")
	a.hears("a stale: " + core.ErrReconnect.Error())
	if r.dial == nil {
		t.Fatal("no dial at once")
	}
	r.step(core.Reconnect{}) // a dial is under way already
	r.dialFails(errRefused, wait(time.Hour))
	if r.dial != nil {
		t.Fatal("dials without a delay")
	}
	r.step(core.Reconnect{})
	if r.dial == nil {
		t.Fatal("does not cut the wait short")
	}
	if r.now != noon {
		t.Error("that took time")
	}
}

func TestCloseInEveryPhase(t *testing.T) {
	phases := map[string]func(*rig){
		"new":            func(*rig) {},
		"dialling":       func(r *rig) { r.step(core.Start{}) },
		"waiting":        func(r *rig) { r.step(core.Start{}); r.dialFails(errRefused, wait(time.Hour)) },
		"versioning":     func(r *rig) { r.step(core.Start{}); r.dialled(core.Delay{}) },
		"authenticating": func(r *rig) { r.step(core.Start{}); r.open() },
		"resubscribing":  func(r *rig) { toResubscribing(r) },
		"connected":      func(r *rig) { r.step(core.Start{}); r.open(); r.authenticated(nil) },
	}
	for name, reach := range phases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *core.Config) { c.Authenticate = true })
			reach(r)
			sub, get, call := r.subscribe("x"), r.get("y"), r.call("z", "do")
			generation := r.generation
			r.step(core.Close{})
			r.wantState(state.Closed)
			r.wantReply(sub, core.ErrClosed)
			r.wantReply(get, core.ErrClosed)
			if reply := r.replies[call]; reply.Err == nil {
				t.Error("the call has no error")
			}
			if !errors.Is(sub.ended, core.ErrClosed) {
				t.Errorf("the handle ended with %v", sub.ended)
			}
			if n := r.core.Stats().Subscriptions; n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
			lateInputs(r, generation)
			r.step(core.Close{})
		})
	}
}

// toResubscribing reaches the state of the same name with one subscription.
func toResubscribing(r *rig) {
	r.step(core.Start{})
	r.open()
	r.authenticated(nil)
	r.subscribed("a")
	r.cut()
	r.reopen()
	r.authenticated(nil)
	r.sent("subscribe a")
	r.wantState(state.Resubscribing)
}

// lateInputs gives the core everything that an old socket may still bring.
func lateInputs(r *rig, generation uint64) {
	frames := []string{`{"id":9,"result":{"models":{"a":{"v":66}}}}`, `{"event":"a.change","data":{"values":{"v":66}}}`, `{`}
	for id := range uint64(100) {
		frames = append(frames, fmt.Sprintf(`{"id":%d,"result":{"protocol":"1.2.3","payload":1}}`, id))
	}
	var messages []core.Message
	for _, f := range frames {
		messages = append(messages, core.Decode([]byte(f)))
	}
	for _, in := range []core.Input{
		core.Dialled{Generation: generation},
		core.Dialled{Generation: generation, Err: errRefused, Permanent: true},
		core.Received{Generation: generation, Messages: messages},
		core.Authenticated{Generation: generation},
		core.Authenticated{Generation: generation, Err: errRefused, Permanent: true},
		core.Lost{Generation: generation, Err: errCut},
		core.Lost{Generation: generation, Err: &core.TooLargeError{RID: "a"}},
		core.RetryAfter{RID: "a", Next: core.Delay{Stop: true}},
		core.RetryAfter{RID: "nobody"},
	} {
		r.step(in)
	}
}

func TestLateWordsOfAnOldSocketChangeNothing(t *testing.T) {
	phases := map[string]func(*rig){
		"waiting":    func(*rig) {},
		"dialling":   func(r *rig) { r.pass(r.cfg.MaxDelay) },
		"versioning": func(r *rig) { r.pass(r.cfg.MaxDelay); r.dialled(core.Delay{}) },
		"authenticating": func(r *rig) {
			r.pass(r.cfg.MaxDelay)
			r.dialled(core.Delay{})
			r.agree(wire.Protocol)
		},
		"resubscribing": func(r *rig) { r.reopen(); r.authenticated(nil) },
		"connected": func(r *rig) {
			r.reopen()
			r.authenticated(nil)
			r.answer(r.sent("subscribe a")[0], model("a", 1))
		},
	}
	for name, reach := range phases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *core.Config) { c.Authenticate = true })
			r.step(core.Start{})
			r.open()
			r.authenticated(nil)
			a := r.subscribed("a")
			old := r.generation
			r.cut()
			reach(r)
			before, heard, transitions, sent := r.core.Stats(), len(a.heard), len(r.transitions), len(r.requests)
			lateInputs(r, old)
			if after := r.core.Stats(); after != before {
				t.Errorf("the figures were %+v and are %+v", before, after)
			}
			if len(a.heard) != heard || len(r.transitions) != transitions || len(r.requests) != sent || a.ended != nil {
				t.Errorf("heard %v, transitions %v, sent %v", a.heard[heard:], r.transitions[transitions:], r.requests[sent:])
			}
		})
	}
}
