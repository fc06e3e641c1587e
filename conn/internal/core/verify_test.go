package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// resent returns a rig that is connected and was sent the resource c, which it holds,
// for the second time.
func resent(t *testing.T, change ...func(*core.Config)) *rig {
	r := connected(t, append([]func(*core.Config){probing}, change...)...)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"child":{"rid":"c"}},"c":{"v":1}}}`)
	r.sendAgain("q", `"c":{"v":1}`)
	return r
}

// sendAgain subscribes to something that refers to c, and has content sent with it.
func (r *rig) sendAgain(rid, content string) {
	r.Helper()
	r.subscribe(rid)
	r.answer(r.sent("subscribe " + rid)[0], `{"models":{"`+rid+`":{"child":{"rid":"c"}},`+content+`}}`)
}

func TestWhatIsSentAgainIsCompared(t *testing.T) {
	r := resent(t)
	get := r.sent("get c?")[0]
	if s := r.core.Stats(); s.Probes != 1 {
		t.Errorf("the figures are %+v", s)
	}
	r.answer(get, model("c?", 1))
	r.pass(interval - time.Nanosecond)
	r.sent()
	r.pass(time.Nanosecond) // an event may have come late
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.pass(time.Hour)
	r.sent()
	if s := r.core.Stats(); s.Inconsistencies != 0 || s.Resyncs != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestEventsMayComeWhileItIsCompared(t *testing.T) {
	for v := 1; v <= 3; v++ {
		r := resent(t)
		get := r.sent("get c?")[0]
		r.event("c.change", `{"values":{"v":2}}`)
		r.event("c.change", `{"values":{"v":3}}`)
		r.answer(get, model("c?", v))
		r.pass(interval / 2)
		r.sent()
	}
}

func TestCopyThatDiffersThreeTimesIsGivenUp(t *testing.T) {
	r := resent(t)
	r.transitions = nil
	for range 3 {
		r.wantState(state.Connected)
		r.answer(r.sent("get c?")[0], model("c?", 2))
		r.pass(250 * time.Millisecond)
	}
	r.wantState(state.Dialing)
	if cause := r.transitions[0].Cause; !errors.Is(cause, subs.ErrInconsistent) {
		t.Errorf("the cause is %v", cause)
	}
	found := false
	for _, n := range r.notices {
		found = found || n.Kind == core.Inconsistent && strings.Contains(n.Err.Error(), `"c" was sent again`)
	}
	if s := r.core.Stats(); !found || s.Inconsistencies != 1 || s.Resyncs != 1 {
		t.Errorf("the figures are %+v, the notices %+v", s, r.notices)
	}
}

func TestCopyThatDiffersMuchLaterIsComparedAgain(t *testing.T) {
	r := resent(t)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.event("c.change", `{"values":{"v":2}}`) // overtaken
	r.pass(interval)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.pass(250 * time.Millisecond)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.pass(250 * time.Millisecond)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.pass(250 * time.Millisecond)
	r.wantState(state.Dialing)
}

func TestWhatCouldNotBeComparedMuchLaterIsComparedAgain(t *testing.T) {
	r := resent(t)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.event("c.change", `{"values":{"v":2}}`) // overtaken
	r.pass(interval)
	r.fails(r.sent("get c?")[0], res.ErrTimeout)
	r.pass(250 * time.Millisecond)
	r.answer(r.sent("get c?")[0], model("c?", 2))
	r.pass(interval)
	r.answer(r.sent("get c?")[0], model("c?", 2))
	r.pass(time.Hour)
	r.sent()
	r.wantState(state.Connected)
}

func TestWhatIsReleasedIsNotComparedMuchLater(t *testing.T) {
	r := resent(t)
	r.answer(r.sent("get c?")[0], model("c?", 1))
	r.event("p.change", `{"values":{"child":null}}`)
	r.event("q.change", `{"values":{"child":null}}`)
	r.pass(interval)
	r.sent()
}

func TestCopyThatCannotBeComparedIsGivenUp(t *testing.T) {
	t.Run("off", func(t *testing.T) {
		r := resent(t, func(c *core.Config) { c.ProbeInterval = 0 })
		r.sent()
		r.pass(0)
		r.wantState(state.Dialing)
	})
	t.Run("query", func(t *testing.T) {
		r := connected(t, probing)
		r.subscribe("p")
		r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"child":{"rid":"c?q"}},"c?q":{"v":1}}}`)
		r.subscribe("q")
		r.answer(r.sent("subscribe q")[0], `{"models":{"q":{"child":{"rid":"c?q"}},"c?q":{"v":1}}}`)
		r.sent()
		r.pass(0)
		r.wantState(state.Dialing)
	})
	t.Run("denied", func(t *testing.T) {
		r := resent(t)
		r.refuse(r.sent("get c?")[0], res.ErrAccessDenied)
		r.pass(250 * time.Millisecond)
		r.sent()
		r.wantState(state.Dialing)
	})
	t.Run("error", func(t *testing.T) {
		r := resent(t)
		for range 3 {
			r.wantState(state.Connected)
			r.fails(r.sent("get c?")[0], res.ErrTimeout)
			r.pass(250 * time.Millisecond)
		}
		r.sent()
		r.wantState(state.Dialing)
	})
}

func TestOneCopyIsComparedAtATime(t *testing.T) {
	r := connected(t, probing)
	r.subscribe("p")
	set := `{"models":{"p":{"a":{"rid":"a"},"b":{"rid":"b"}},"a":{"v":1},"b":{"v":1}}}`
	r.answer(r.sent("subscribe p")[0], set)
	r.subscribe("q")
	r.answer(r.sent("subscribe q")[0], `{"models":{"q":`+set[len(`{"models":{"p":`):])
	r.answer(r.sent("get a?")[0], model("a?", 1))
	r.answer(r.sent("get b?")[0], model("b?", 1))
	r.sent()
}

// Comparing one copy may have the gateway send another again, and so on for ever.
func TestCopiesThatAreSentAgainInTurnAreGivenUp(t *testing.T) {
	r := connected(t, probing)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"d":{"rid":"d"}},"d":{"c":{"rid":"c"}}}}`)
	r.sendAgain("q", `"c":{"d":{"rid":"d"}}`)
	for range 3 {
		r.wantState(state.Connected)
		r.answer(r.sent("get c?")[0], `{"models":{"c?":{"d":{"rid":"d"}},"d":{"c":{"rid":"c"}}}}`)
		r.answer(r.sent("get d?")[0], `{"models":{"d?":{"c":{"rid":"c"}},"c":{"d":{"rid":"d"}}}}`)
	}
	r.pass(0)
	r.wantState(state.Dialing)
}

func TestComparisonEndsWithTheConnection(t *testing.T) {
	r := resent(t)
	get := r.sent("get c?")[0]
	r.cut()
	r.reopen()
	for _, q := range r.sent("subscribe p", "subscribe q") {
		r.answer(q, `{"models":{"`+q.RID+`":{"child":{"rid":"c"}},"c":{"v":5}}}`)
	}
	r.read(r.success(get, model("c?", 1)))
	r.pass(time.Hour)
	r.wantState(state.Connected)
}

func TestNothingIsComparedWhileTheClientIsShuttingDown(t *testing.T) {
	r := connected(t, probing)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"child":{"rid":"c"}},"c":{"v":1}}}`)
	r.subscribe("q")
	subscribe := r.sent("subscribe q")[0]
	r.step(r.newCall("user", wire.TypeCall, "x"))
	r.sent("call user.x")
	r.step(core.Drain{})
	r.answer(subscribe, `{"models":{"q":{"child":{"rid":"c"}},"c":{"v":1}}}`)
	r.sent()
	if d := r.core.Deadline(); !d.IsZero() && !d.After(r.now) {
		t.Errorf("something is due at once: %v", d)
	}
}

func TestWhatIsSentAgainInAReplayIsComparedAfterIt(t *testing.T) {
	r := connected(t, probing)
	for _, rid := range []string{"p", "q"} {
		r.subscribed(rid)
	}
	r.cut()
	r.reopen()
	for _, req := range r.sent("subscribe p", "subscribe q") {
		r.wantState(state.Resubscribing)
		r.answer(req, `{"models":{"`+req.RID+`":{"child":{"rid":"c"}},"c":{"v":1}}}`)
	}
	r.wantState(state.Connected)
	r.pass(0) // it needs no other input
	r.sent("get c?")
}
