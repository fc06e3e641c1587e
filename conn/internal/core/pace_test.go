package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// take returns the requests that were sent, whatever they are.
func (r *rig) take() []wire.Request {
	sent := r.requests
	r.requests = nil
	return sent
}

func TestReplayIsPacedByItsRate(t *testing.T) {
	r, _ := subscribedTo(t, 100, func(c *core.Config) { c.ReplayRate = 20 })
	r.cut()
	r.reopen()
	begun, sent := r.now, 0
	for sent < 100 {
		for _, req := range r.take() {
			if least := time.Duration(sent) * time.Second / 20; r.now.Sub(begun) < least {
				t.Fatalf("request %d goes out %v after the beginning, want %v at the least", sent, r.now.Sub(begun), least)
			}
			if sent++; sent < 100 {
				r.wantState(state.Resubscribing)
			}
			r.answer(req, model(req.RID, 1))
		}
		r.pass(time.Millisecond)
	}
	r.wantState(state.Connected)
	if took := r.now.Sub(begun); took > 5*time.Second {
		t.Errorf("100 requests at 20 a second took %v", took)
	}
}

func TestRateMakesUpForALittleDelay(t *testing.T) {
	r, _ := subscribedTo(t, 100, func(c *core.Config) { c.ReplayRate = 100 })
	r.cut()
	r.reopen()
	r.take()
	r.now = r.now.Add(20 * time.Second) // in which nobody called
	r.step(core.Tick{})
	if n := len(r.take()); n < 10 || n > 11 {
		t.Errorf("%d requests go out at once, want those of a tenth of a second", n)
	}
}

func TestRateHoldsForRetriesAndNotForCallers(t *testing.T) {
	r, _ := subscribedTo(t, 3, func(c *core.Config) { c.ReplayRate = 1 })
	r.cut()
	r.reopen()
	r.refuse(r.sent("subscribe r.0")[0], res.ErrTimeout)
	r.asked("r.0")
	r.step(core.RetryAfter{RID: "r.0", Next: core.Delay{Exact: true}})
	r.subscribe("x")
	r.get("y")
	r.sent("subscribe x", "get y")
	r.pass(time.Second)
	r.sent("subscribe r.1")
	r.pass(time.Second)
	r.sent("subscribe r.2")
	r.pass(time.Second)
	r.sent("subscribe r.0")
}

func TestRateHoldsAcrossConnections(t *testing.T) {
	r, _ := subscribedTo(t, 2, func(c *core.Config) { c.ReplayRate, c.ReplayWindow = 1, 1 })
	r.cut()
	r.reopen()
	r.sent("subscribe r.0")
	r.step(core.Reconnect{})
	r.open()
	r.sent()
	r.pass(time.Second)
	r.sent("subscribe r.0")
}

func TestReplayBeginsAtRandomWithinItsJitter(t *testing.T) {
	const jitter = 10 * time.Second
	r, _ := subscribedTo(t, 1, func(c *core.Config) { c.ReplayJitter = jitter })
	early, late := 0, 0
	for range 100 {
		r.cut()
		r.pass(r.cfg.MaxDelay)
		r.open()
		begun := r.now
		r.wantState(state.Resubscribing)
		call := r.call("a", "do") // goes out at once
		r.answer(r.sent("call a.do")[0], `{"payload":null}`)
		r.wantReply(call, nil)
		r.passUntil(r.now.Add(jitter), func() bool { return len(r.requests) > 0 })
		r.answer(r.sent("subscribe r.0")[0], model("r.0", 1))
		r.wantState(state.Connected)
		switch waited := r.now.Sub(begun); {
		case waited < jitter/2:
			early++
		case waited < jitter:
			late++
		default:
			t.Fatalf("the replay begins after %v", waited)
		}
	}
	if early < 30 || late < 30 {
		t.Errorf("%d begin in the first half and %d in the second: that is not at random", early, late)
	}
}
