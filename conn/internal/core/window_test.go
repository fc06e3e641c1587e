package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// adapting returns a rig in the middle of a replay of n, with a window of 4 to 32, and what
// it has sent.
func adapting(t *testing.T, n int) (*rig, []wire.Request) {
	r, _ := subscribedTo(t, n, func(c *core.Config) { c.ReplayWindow, c.MaxReplayWindow = 4, 32 })
	r.cut()
	r.reopen()
	return r, r.take()
}

// round answers requests when each of them has been out for so long, and returns what
// is sent then.
func (r *rig) round(out []wire.Request, took time.Duration) []wire.Request {
	r.pass(took)
	for _, req := range out {
		r.answer(req, model(req.RID, 1))
	}
	return r.take()
}

func TestWindowGrowsWhileAFarGatewayAnswersWithoutDelay(t *testing.T) {
	const far = 100 * time.Millisecond
	r, out := adapting(t, 200)
	for _, want := range []int{4, 8, 16, 32, 32} {
		if len(out) != want {
			t.Fatalf("%d requests are out, want %d", len(out), want)
		}
		out = r.round(out, far)
	}
}

func TestWindowShrinksToItsLeastWhenAnswersTakeLonger(t *testing.T) {
	const far = 100 * time.Millisecond
	r, out := adapting(t, 400)
	for range 3 {
		out = r.round(out, far)
	}
	for _, want := range []int{32, 32, 16, 8, 4, 4} {
		if len(out) > want {
			t.Fatalf("%d requests are out, want %d at the most", len(out), want)
		}
		out = r.round(out, 5*far)
	}
}

func TestWindowStaysAsItIsWhenAnswersTakeALittleLonger(t *testing.T) {
	const far = 100 * time.Millisecond
	r, out := adapting(t, 100)
	out = r.round(out, far)
	for range 3 {
		if len(out) != 8 {
			t.Fatalf("%d requests are out, want 8", len(out))
		}
		out = r.round(out, 3*far)
	}
}

func TestWindowBeginsAnewOnEveryConnection(t *testing.T) {
	r, out := adapting(t, 100)
	for range 3 {
		out = r.round(out, time.Millisecond)
	}
	if len(out) != 32 {
		t.Fatalf("%d requests are out, want 32", len(out))
	}
	r.cut()
	r.reopen()
	if n := len(r.take()); n != 4 {
		t.Errorf("%d requests go out on the next connection, want 4", n)
	}
}
