package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func TestVersionIsTheFirstRequestAndNothingFollowsBeforeItsAnswer(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.subscribe("a")
	r.dialled(core.Delay{})
	r.get("b")
	r.call("c", "do")
	req := r.sent("version")[0]
	if req.Protocol != "1.2.3" {
		t.Errorf("asks for protocol %q", req.Protocol)
	}
	r.wantState(state.Dialing)
	r.answer(req, `{"protocol":"1.2.3"}`)
	r.changed("new -> dialing: started", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed")
	r.sent("call c.do", "subscribe a", "get b")
	if s := r.core.Stats(); s.Protocol != "1.2.3" || s.Generation != 1 || s.Gateway != "ws://a" {
		t.Errorf("the figures are %+v", s)
	}
}

func TestGatewayThatDoesNotKnowVersionSpeaksTheOldProtocol(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.dialled(core.Delay{})
	r.refuse(r.sent("version")[0], res.ErrInvalidRequest)
	r.wantState(state.Connected)
	if got := r.core.Stats().Protocol; got != wire.LegacyProtocol {
		t.Errorf("protocol is %q", got)
	}

	call := r.call("a", "do")
	r.answer(r.sent("call a.do")[0], `{"rid":"b","payload":1}`) // the bare result
	if got := r.wantReply(call, nil).Result; string(got.Payload) != `{"rid":"b","payload":1}` || got.RID != "" {
		t.Errorf("result is %s %q", got.Payload, got.RID)
	}
	r.sent()

	// Surplus is given back one by one: the count is unknown to it.
	sub := r.subscribed("x.1")
	for range 2 {
		r.step(r.newCall("x", wire.TypeNew, ""))
		r.step(r.newCall("x", wire.TypeNew, ""))
		news := r.sent("new x", "new x")
		r.read(r.success(news[0], `{"rid":"x.1"}`), r.success(news[1], `{"rid":"x.1"}`))
		r.answer(r.sent("unsubscribe x.1")[0], "")
		r.answer(r.sent("unsubscribe x.1")[0], "")
		r.sent()
	}
	sub.hears()
}

func TestUnsupportedProtocolIsPermanent(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	sub := r.subscribe("a")
	r.dialled(core.Delay{})
	r.refuse(r.sent("version")[0], res.ErrUnsupportedProtocol)
	r.wantState(state.Closed)
	r.wantReply(sub, res.ErrUnsupportedProtocol)
}

func TestOtherErrorsOfVersionAreRetried(t *testing.T) {
	for name, answer := range map[string]func(*rig, wire.Request){
		"an error":      func(r *rig, q wire.Request) { r.refuse(q, res.ErrInternalError) },
		"no protocol":   func(r *rig, q wire.Request) { r.answer(q, `{}`) },
		"not an object": func(r *rig, q wire.Request) { r.answer(q, `[1]`) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.step(core.Start{})
			r.dialled(core.Delay{})
			answer(r, r.sent("version")[0])
			r.changed("new -> dialing: started", "dialing -> dialing: dial failed")
			r.reopen()
			r.wantState(state.Connected)
		})
	}
}

func TestSilentGatewayIsGivenUp(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	r.dialled(wait(time.Second))
	r.pass(r.cfg.VersionTimeout - 1)
	if !r.socket {
		t.Fatal("given up too early")
	}
	r.pass(1)
	if r.socket {
		t.Fatal("not given up")
	}
	last := r.transitions[len(r.transitions)-1]
	if last.Event != state.DialFailed || !errors.Is(last.Cause, core.ErrNoAnswer) {
		t.Errorf("the transition is %v", last)
	}
	r.reopen()
	r.wantState(state.Connected)
}

func TestEveryConnectionHasItsOwnProtocol(t *testing.T) {
	r := newRig(t)
	r.step(core.Start{})
	for _, protocol := range []string{"1.2.3", "1.2.0", "1.2.1", "1.3.0", "2.0.0", "garbage", "1.2", "1.2.3"} {
		r.dialled(core.Delay{})
		r.agree(protocol)
		if got := r.core.Stats().Protocol; got != protocol {
			t.Errorf("protocol is %q, want %q", got, protocol)
		}
		for range 2 {
			r.step(r.newCall("x", wire.TypeNew, ""))
		}
		news := r.sent("new x", "new x")
		first := r.success(news[0], `{"rid":"x.1","models":{"x.1":{}}}`)
		r.read(first, r.success(news[1], `{"rid":"x.1"}`))
		req := r.sent("unsubscribe x.1")[0] // for the first of the two
		r.answer(req, "")
		r.answer(r.sent("unsubscribe x.1")[0], "")
		r.cut()
		if got := r.core.Stats().Protocol; got != "" {
			t.Errorf("without a connection the protocol is %q", got)
		}
		r.pass(r.cfg.MaxDelay)
	}
}

func TestCallsAreReadAsTheProtocolAnswersThem(t *testing.T) {
	for protocol, bare := range map[string]bool{
		"1.1.1": true, "1.1.9": true, "1.1": true, "1": true, "0.9.9": true, "garbage": true,
		"1.2.0": false, "1.2.3": false, "1.2": false, "1.10.0": false, "1.10": false, "2.0.0": false, "2": false,
	} {
		r := newRig(t)
		r.step(core.Start{})
		r.dialled(core.Delay{})
		r.agree(protocol)
		call := r.call("a", "do")
		r.answer(r.sent("call a.do")[0], `{"payload":5}`)
		want := "5"
		if bare {
			want = `{"payload":5}`
		}
		if got := r.wantReply(call, nil).Result.Payload; string(got) != want {
			t.Errorf("with protocol %q the payload is %s, want %s", protocol, got, want)
		}
	}
}

func TestUnsubscribeCountsFromTheProtocolThatKnowsIt(t *testing.T) {
	for protocol, want := range map[string]string{"1.2.0": "unsubscribe x", "1.2.1": "unsubscribe x *2", "1.10.0": "unsubscribe x *2", "1.1.9": "unsubscribe x", "1.2": "unsubscribe x", "1.3": "unsubscribe x *2", "2": "unsubscribe x *2"} {
		t.Run(protocol, func(t *testing.T) {
			r := newRig(t)
			r.step(core.Start{})
			r.dialled(core.Delay{})
			r.agree(protocol)
			sub := r.subscribe("x")
			q := r.sent("subscribe x")[0]
			for range 2 {
				r.step(r.newCall("y", wire.TypeNew, ""))
			}
			news := r.sent("new y", "new y")
			r.read(r.success(news[0], `{"rid":"x","models":{"x":{}}}`), r.success(news[1], `{"rid":"x"}`))
			r.sent() // the subscribe is still out
			r.answer(q, `{}`)
			r.wantReply(sub, nil)
			r.sent(want)
		})
	}
}

func TestEventsBeforeTheVersionIsAgreedAreOfNothingKnown(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.cut()
	a.hears("a stale: " + errCut.Error())
	r.pass(r.cfg.MaxDelay)
	r.dialled(core.Delay{})
	r.event("a.change", `{"values":{"v":9}}`)
	r.event("a.unsubscribe", `{"reason":{"code":"system.accessDenied","message":""}}`)
	a.heard = nil
	r.agree(wire.Protocol)
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	a.hears("a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
	r.asked()
}

// Each would have the results of calls read in another form.
func TestAnswersToVersionRequestsThatWereNotMadeChangeNothing(t *testing.T) {
	for _, answer := range []string{
		`{"error":{"code":"system.invalidRequest","message":""},"id":8193}`, `{"result":{"protocol":"1.1.1"},"id":8193}`, `{"result":7,"id":8193}`,
	} {
		for name, says := range map[string]func(r *rig){
			"before the answer":      func(r *rig) { r.read(answer); r.agree(wire.Protocol) },
			"after it":               func(r *rig) { r.agree(wire.Protocol); r.read(answer) },
			"with it, and once more": func(r *rig) { r.read(answer); r.agree(wire.Protocol); r.read(answer) },
		} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t)
				r.step(core.Start{})
				r.dialled(core.Delay{})
				says(r)
				call, l := r.callResource("x", "find")
				r.answer(r.sent("call x.find")[0], `{"rid":"a","models":{"a":{"v":1}}}`)
				r.wantReply(call, nil)
				l.hears(`a sync (first) {"v":1}`)
			})
		}
	}
}
