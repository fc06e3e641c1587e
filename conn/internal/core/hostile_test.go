package core_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func TestAnswersThatNobodyWaitsFor(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	req := r.sent("subscribe a")[0]
	r.answer(req, model("a", 1))
	r.answer(req, model("a", 2)) // twice
	for _, id := range []uint64{0, 1, 7, 1 << 40, 1<<64 - 1} {
		r.read(fmt.Sprintf(`{"id":%d,"result":{"models":{"a":{"v":3}},"protocol":"9.9.9","rid":"a"}}`, id))
		r.read(fmt.Sprintf(`{"id":%d,"error":{"code":"system.unsupportedProtocol"}}`, id))
	}
	a.hears(`a sync (first) {"v":1}`)
	r.sent()
	r.wantState(state.Connected)
	if s := r.core.Stats(); s.Protocol != "1.2.3" || s.Pending != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestJSONThatIsNoMessageIsCountedAndPassedOver(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	frames := []string{`[]`, `null`, `{}`, `{"id":"1"}`, `{"id":-1}`, `{"event":1}`, `{"event":"a"}`, `{"id":1,"event":"a.b"}`}
	r.read(frames...)
	if s := r.core.Stats(); s.BadFrames != uint64(len(frames)) {
		t.Errorf("the figures are %+v", s)
	}
	a.hears()
	r.wantState(state.Connected)
}

// It may have been an event, or an answer.
func TestWhatIsNoJSONIsMendedByAReconnect(t *testing.T) {
	for _, frame := range []string{``, `{`, `{"event":"a.cha`, "{\"event\":\"a.change\",\"data\":{\"values\":{\"v\":\"\x00\"}}}", "\x00\xff", `{"id":1}{`} {
		r := connected(t)
		a := r.subscribed("a")
		r.read(frame)
		r.pass(0)
		r.wantState(state.Dialing)
		r.reopen()
		r.answer(r.sent("subscribe a")[0], model("a", 2))
		if s := r.core.Stats(); s.BadFrames != 1 || s.Resyncs != 1 || !a.live {
			t.Errorf("after %q the figures are %+v", frame, s)
		}
	}
}

// An event that follows is of no use, for one before it may be missing, also when a planned
// reconnect would have to wait.
func TestNothingIsAppliedAfterWhatIsNoJSON(t *testing.T) {
	r := connected(t)
	distrusted(r)
	b := r.subscribed("b")
	r.read(`{"event":"b.change","data":{"values":{"v":2}}}`, `{"event":"b.chang`, `{"event":"b.change","data":{"values":{"v":4}}}`)
	r.wantState(state.Dialing)
	stale := b.heard[len(b.heard)-1].(*subs.Stale)
	b.hears(`b change v=2 (was 1)`, stale.String())
	if !errors.Is(stale.Cause, subs.ErrInconsistent) {
		t.Errorf("stale because of %v", stale.Cause)
	}
	if r.core.InSync() {
		t.Error("in sync, and something is missing")
	}
}

func TestGatewaysThatTalkGarbageAreDialledAsTheBackOffSays(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	delay := time.Second
	for attempt := 2; attempt < 10; attempt++ {
		r.dialled(wait(delay))
		r.agree(wire.Protocol)
		r.read(`<html>`)
		last := r.transitions[len(r.transitions)-1]
		if last.Event != state.Lost || !errors.Is(last.Cause, subs.ErrInconsistent) || last.Attempt != attempt {
			t.Fatalf("attempt %d: %v", attempt, last)
		}
		r.passUntil(r.now.Add(time.Hour), func() bool { return r.dial != nil })
		delay *= 2
	}
	if r.resets > 0 {
		t.Errorf("the back-off began anew %d times", r.resets)
	}
}

func TestWhatIsNoJSONInPlaceOfAVersionIsNoReasonToGetAnythingAnew(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.dialled(wait(time.Second))
	r.read(`<html>`)
	last := r.transitions[len(r.transitions)-1]
	if last.Event != state.DialFailed || errors.Is(last.Cause, subs.ErrInconsistent) || !strings.Contains(last.Cause.Error(), "version request: unreadable answer") {
		t.Errorf("it ended with %v", last)
	}
	if s := r.core.Stats(); s.Resyncs != 0 || s.BadFrames != 1 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestEventsForUnknownResourcesAreCounted(t *testing.T) {
	r := connected(t)
	for _, name := range []string{"change", "add", "remove", "delete", "custom", "unsubscribe"} {
		r.event("x."+name, `{"values":{},"idx":0,"value":1,"reason":{"code":"x"}}`)
	}
	if s := r.core.Stats(); s.UnknownEvents != 6 || s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
	r.sent()
	r.asked()
}

func TestCustomEventNamedLikeAnEventOfTheProtocol(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.event("a.unsubscribe", `{"by":"the service"}`)
	r.event("a.create", `null`)
	r.read(`{"event":"a.poke"}`) // no data at all
	a.hears(`a unsubscribe {"by":"the service"}`, `a create null`, `a poke null`)
	r.asked()
	r.sent()
}

// Each of these does not fit what the client has, and makes it reconnect.
func TestWhatDoesNotFitIsMendedByAReconnect(t *testing.T) {
	for name, data := range map[string][2]string{
		"add out of range":         {"list.add", `{"idx":3,"value":1}`},
		"remove out of range":      {"list.remove", `{"idx":2}`},
		"change of a collection":   {"list.change", `{"values":{"v":1}}`},
		"add to a model":           {"a.add", `{"idx":0,"value":1}`},
		"remove from a model":      {"a.remove", `{"idx":0}`},
		"reference that is not in": {"a.change", `{"values":{"c":{"rid":"c"}}}`},
		"unreadable change":        {"a.change", `{"values":[]}`},
		"negative index":           {"list.add", `{"idx":-1,"value":1}`},
		"no value":                 {"list.add", `{"idx":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			a, list := r.subscribed("a"), r.subscribe("list")
			r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[1,2]}}`)
			r.transitions = nil
			r.event(data[0], data[1])
			r.pass(0)
			r.changed("connected -> dialing: lost")
			r.reopen()
			reqs := r.sent("subscribe a", "subscribe list")
			r.answer(reqs[0], model("a", 1))
			r.answer(reqs[1], `{"collections":{"list":[1,2]}}`)
			if !r.core.InSync() || !a.live || !list.live {
				t.Errorf("not in sync: %+v", r.core.Stats())
			}
			if s := r.core.Stats(); s.Resyncs != 1 || s.Inconsistencies == 0 {
				t.Errorf("the figures are %+v", s)
			}
		})
	}
}

func TestSubscribeThatIsAnsweredWithoutTheResourceIsResynchronised(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	r.answer(r.sent("subscribe a")[0], `{"models":{"b":{}}}`)
	r.wantNoReply(a)
	r.reopen()
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantReply(a, nil)
}

func TestUnreadableAnswers(t *testing.T) {
	r := connected(t)
	sub, get, call := r.subscribe("a"), r.get("b"), r.call("c", "new")
	reqs := r.sent("subscribe a", "get b", "call c.new")
	var frames []string
	for _, req := range reqs {
		frames = append(frames, r.success(req, `{"models":[],"collections":7}`))
	}
	r.read(frames...)
	for _, to := range []any{sub, get, call} {
		r.wantReply(to, res.ErrInternalError)
	}
	r.reopen()
	r.sent()
	if s := r.core.Stats(); s.Resyncs != 1 || s.BadFrames != 3 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestCallAnsweredWithAnImpossibleResource(t *testing.T) {
	for _, rid := range []string{"..", " ", "a.*", "a>"} {
		r := connected(t)
		call, l := r.callResource("c", "new")
		r.answer(r.sent("call c.new")[0], fmt.Sprintf(`{"rid":%q,"models":{%q:{}}}`, rid, rid))
		r.wantReply(call, res.ErrInternalError)
		l.hears()
		r.sent()
		r.reopen()
		r.sent()
	}
}

func TestPlannedReconnectsBecomeRarerWhenTheyDoNotHelp(t *testing.T) {
	r := connected(t)
	r.subscribe("a")
	for end := r.now.Add(2 * time.Hour); r.now.Before(end); {
		for _, req := range r.requests {
			r.answer(req, `{}`) // never the resource
		}
		r.requests = nil
		r.passUntil(end, func() bool { return r.dial != nil })
		if r.dial != nil {
			r.dialled(core.Delay{})
			r.agree(wire.Protocol)
		}
	}
	var resyncs []time.Time
	for _, tr := range r.transitions {
		if errors.Is(tr.Cause, subs.ErrInconsistent) {
			resyncs = append(resyncs, tr.At)
		}
	}
	if resyncs[0] != noon {
		t.Errorf("the first comes %v late", resyncs[0].Sub(noon))
	}
	for i := 1; i < len(resyncs)-1; i++ {
		before, after := resyncs[i].Sub(resyncs[i-1]), resyncs[i+1].Sub(resyncs[i])
		if before < r.cfg.ResyncInterval || after != before && after != 2*before {
			t.Errorf("the intervals are %v and then %v", before, after)
		}
	}
	if n := len(resyncs); n < 20 || n > 40 {
		t.Errorf("%d reconnects in two hours", n)
	}
	if int(r.core.Stats().Resyncs) != len(resyncs) {
		t.Errorf("the figures are %+v", r.core.Stats())
	}
}

func TestPlannedReconnectComesAtOnceAgainAfterAQuietTime(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	for range 3 {
		r.event("a.add", `{"idx":0,"value":1}`)
		r.pass(0)
		r.reopen()
		r.answer(r.sent("subscribe a")[0], model("a", 1))
		r.pass(time.Hour)
	}
	r.event("a.add", `{"idx":0,"value":1}`)
	r.pass(0)
	r.wantState(state.Dialing)
	if a.ended != nil {
		t.Error("ended")
	}
}

// distrusted makes the first planned reconnect happen, so that the next has to wait.
func distrusted(r *rig) {
	r.subscribed("a")
	r.event("a.add", `{"idx":0,"value":1}`)
	r.pass(time.Second)
	r.open()
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantState(state.Connected)
}

func TestPlannedReconnectIsCalledOffByALoss(t *testing.T) {
	r := connected(t)
	distrusted(r)
	r.event("a.add", `{"idx":0,"value":1}`)
	r.cut()
	r.pass(time.Second)
	r.open()
	r.transitions = nil
	r.pass(2 * r.cfg.ResyncInterval)
	r.changed()
}

func TestUnreadableAnswerIsCleanedUpUntilTheReconnect(t *testing.T) {
	r := connected(t)
	distrusted(r)
	b := r.subscribe("b")
	r.answer(r.sent("subscribe b")[0], `{"models":[]}`)
	r.wantReply(b, res.ErrInternalError)
	r.sent("unsubscribe b")
}

func TestInconsistencyIsTheCauseThatHandlesHear(t *testing.T) {
	r := connected(t)
	a, b := r.subscribed("a"), r.subscribed("b")
	r.event("a.add", `{"idx":0,"value":1}`)
	if n := len(a.heard); n != 1 {
		t.Fatalf("heard %v", a.heard)
	}
	b.hears()
	r.pass(0)
	b.hears("b stale: " + subs.ErrInconsistent.Error())
	if len(a.heard) != 1 {
		t.Errorf("stale twice: %v", a.heard)
	}
}
