package core_test

import (
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
)

func TestAReplayPassesOverWhatWasSubscribedAnewBeforeItsTurn(t *testing.T) {
	r, subs := subscribedTo(t, 2, func(c *core.Config) { c.ReplayJitter = time.Minute })
	r.cut()
	r.reopen()
	r.sent() // nobody's turn yet
	subs[0].close()
	again := r.subscribe("r.0")
	r.answer(r.sent("subscribe r.0")[0], model("r.0", 1))
	r.wantReply(again, nil)
	r.pass(time.Minute)
	r.answer(r.sent("subscribe r.1")[0], model("r.1", 1))
	r.wantState(state.Connected)
}

// The requests of a replay are used again, but not while one before them is out: the places
// of those that were answered meanwhile are still in the table.
func TestAReplayGoesOnBehindARequestWithoutAnAnswer(t *testing.T) {
	const n = 40
	r, subs := subscribedTo(t, n, func(c *core.Config) { c.ReplayWindow = 8 })
	r.cut()
	r.reopen()
	all := r.take()
	mute, out := all[0], all[1:]
	for len(out) > 0 {
		var answers []string
		for _, req := range out {
			answers = append(answers, r.success(req, model(req.RID, 1)))
		}
		r.read(answers...)
		out = r.take()
	}
	r.wantState(state.Resubscribing)
	if s := r.core.Sizes(); s.Requests != 1 || s.Lines != 1 {
		t.Errorf("%+v, want the one request that is out", s)
	}
	r.refuse(mute, res.ErrNotFound)
	r.wantState(state.Connected)
	for i, s := range subs {
		if s.live != (i > 0) {
			t.Errorf("%s is live: %t", name(i), s.live)
		}
	}
}
