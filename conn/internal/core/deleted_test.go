package core_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// withChild subscribes to p, which refers to c, and then to c.
func withChild(r *rig) (p, c *listener) {
	p = r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c = r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], `{}`)
	c.hears(`c sync (first) {"v":1}`)
	return p, c
}

func TestDeletedResourceIsRetriedSlowly(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.read(`{"event":"a.delete","data":null}`, `{"event":"a.unsubscribe","data":{"reason":{"code":"system.deleted","message":"Deleted"}}}`)
	a.hears("a delete", "a stale: Deleted (system.deleted)", "a unsubscribe: Deleted (system.deleted)")
	r.asked("a")
	r.retryAfter("a", 0)
	r.pass(r.cfg.RetryFloor)
	r.refuse(r.sent("subscribe a")[0], res.ErrNotFound)
	r.retryAfter("a", 0)
	r.pass(r.cfg.RetryFloor)
	r.answer(r.sent("subscribe a")[0], model("a", 7))
	a.hears("a change v=7 (was 1)", `a sync (reconnect) {"v":7}`)
}

func TestDeletedResourceIsNotAskedForWhileReferredTo(t *testing.T) {
	r := connected(t)
	_, c := withChild(r)
	r.read(`{"event":"c.delete","data":null}`, `{"event":"c.unsubscribe","data":{"reason":{"code":"system.deleted","message":"Deleted"}}}`)
	for range 5 {
		r.asked("c")
		r.retryAfter("c", 0)
		r.pass(r.cfg.RetryFloor)
		r.sent()
	}
	late, get := r.subscribe("c"), r.get("c")
	r.wantReply(late, nil) // stale, as it is for the other handle
	r.wantReply(get, res.ErrDeleted)
	r.event("p.change", `{"values":{"c":null}}`)
	r.asked("c")
	r.retryAfter("c", 0)
	r.pass(r.cfg.RetryFloor)
	r.answer(r.sent("subscribe c")[0], model("c", 2))
	c.heard = c.heard[len(c.heard)-2:]
	c.hears("c change v=2 (was 1)", `c sync (reconnect) {"v":2}`)
}

func TestFirstSubscribeOfADeletedResourceFails(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	waiting := r.subscribe("c")
	req := r.sent("subscribe c")[0]
	r.event("c.delete", `null`)
	r.wantReply(r.subscribe("c"), res.ErrDeleted)
	r.wantReply(waiting, res.ErrDeleted)
	r.wantReply(r.get("c"), res.ErrDeleted)
	p.close()
	r.answer(r.sent("unsubscribe p")[0], "")
	r.refuse(req, res.ErrNotFound)
	c := r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], model("c", 2))
	c.hears(`c sync (first) {"v":2}`)
}

// The gateway counts the subscription until it is given back, and so lets go of what is
// held by p alone, by its slip.
func TestSubscriptionOfADeletedResourceCountsUntilItIsGivenBack(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(r *rig, unsubscribe wire.Request)
		want    state.State
	}{
		"before": {func(*rig, wire.Request) {}, state.Dialing},
		"after": {func(r *rig, unsubscribe wire.Request) {
			r.answer(unsubscribe, "")
			r.refuse(r.sent("unsubscribe p")[0], res.ErrNoSubscription)
		}, state.Connected},
		"without an answer": {func(r *rig, _ wire.Request) { r.pass(r.cfg.RequestTimeout) }, state.Dialing},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.subscribe("root")
			r.answer(r.sent("subscribe root")[0], `{"models":{"root":{"p":{"rid":"p"}},"p":{"c":{"rid":"c"}},"c":{"self":{"rid":"c"},"above":{"rid":"p"}}}}`)
			p := r.subscribe("p")
			req := r.sent("subscribe p")[0]
			r.event("p.delete", `null`)
			r.answer(req, `{}`)
			r.wantReply(p, res.ErrDeleted)
			test.happens(r, r.sent("unsubscribe p")[0])
			r.event("c.change", `{"values":{"self":null}}`)
			r.pass(0)
			r.wantState(test.want)
		})
	}
}

func TestReplayThatIsAnsweredWithDeadContent(t *testing.T) {
	r := connected(t)
	withChild(r)
	r.cut()
	r.reopen()
	reqs := r.sent("subscribe p", "subscribe c")
	r.answer(reqs[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":2}}}`)
	r.event("c.delete", `null`)
	r.answer(reqs[1], `{}`)
	r.answer(r.sent("unsubscribe c")[0], "")
	r.refuse(r.sent("unsubscribe c")[0], res.ErrNoSubscription)
	r.asked("c")
	r.wantState(state.Connected)
	if s := r.core.Stats(); s.Stale != 1 || s.Inconsistencies != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestDeletedWhileTheLastThatRefersToItIsReleased(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	p.close()
	reqs := r.sent("subscribe c", "unsubscribe p")
	r.event("c.delete", `null`)
	r.answer(reqs[0], model("c", 1)) // dead, for the gateway had not read the unsubscribe
	r.wantReply(c, res.ErrDeleted)
	c.hears()
	r.answer(reqs[1], "")
	r.answer(r.sent("unsubscribe c")[0], "")
}

func TestSubscribeThatCrossesADeleteIsNotTrusted(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	req := r.sent("subscribe c")[0]
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	r.answer(req, model("c", 1)) // as the gateway answers while the reference is there
	r.wantReply(c, res.ErrDeleted)
	r.answer(r.sent("unsubscribe c")[0], "")
	r.refuse(r.sent("unsubscribe c")[0], res.ErrNoSubscription)
	c.hears()
	again := r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], model("c", 2))
	again.hears(`c sync (first) {"v":2}`)
	r.wantState(state.Connected)
}

func TestResourceOfACallThatCrossesADeleteIsNotTrusted(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	call, l := r.callResource("x", "find")
	req := r.sent("call x.find")[0]
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	r.answer(req, `{"rid":"c","models":{"c":{"v":1}}}`)
	r.wantReply(call, res.ErrDeleted)
	l.hears()
	r.sent("unsubscribe c")
}

// The gateway holds c, which is dead, because of a subscription to a that the client has
// not taken in, and cannot give back as long as a request for a is out.
func TestDeadResourceThatIsHeldByWhatIsToBeGivenBack(t *testing.T) {
	for name, answer := range map[string]string{"first copy": model("c", 1), "nothing": `{}`} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.get("a")
			r.call("x", "find")
			call := r.sent("get a", "call x.find")[1]
			r.answer(call, `{"rid":"a","models":{"a":{"self":{"rid":"a"}}}}`)
			c := r.subscribed("c")
			r.callResource("x", "find")
			call = r.sent("call x.find")[0]
			r.event("a.delete", `null`)
			r.event("a.unsubscribe", `{"reason":{"code":"system.deleted","message":"Deleted"}}`)
			r.event("c.delete", `null`)
			r.event("c.unsubscribe", `{"reason":{"code":"system.deleted","message":"Deleted"}}`)
			r.answer(call, `{"rid":"a","models":{"a":{"c":{"rid":"c"}},"c":{"v":1}}}`)
			r.asked("c")
			r.retryAfter("c", 0)
			r.pass(r.cfg.RetryFloor)
			c.heard = nil
			r.answer(r.sent("subscribe c")[0], answer)
			r.pass(0)
			r.wantState(state.Dialing)
			c.hears()
		})
	}
}

// What is dead is not sent anew while the gateway holds it. If it is, nothing holds what it
// referred to either.
func TestResourceOfACallThatIsBackWhileItIsDeadIsAFault(t *testing.T) {
	for v, faults := range map[int]uint64{1: 0, 2: 1} { // the dead copy, another
		r := connected(t)
		r.subscribe("p")
		r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
		call, _ := r.callResource("x", "find")
		req := r.sent("call x.find")[0]
		r.event("c.delete", `null`)
		r.answer(req, fmt.Sprintf(`{"rid":"c","models":{"c":{"v":%d}}}`, v))
		r.wantReply(call, res.ErrDeleted)
		if got := r.core.Stats().Inconsistencies; got != faults {
			t.Errorf("with %d: %d faults, want %d", v, got, faults)
		}
	}
}

// calledAfterADelete calls a method that is answered with what was deleted: as the
// gateway goes on holding it, without the client being able to know.
func calledAfterADelete(t *testing.T) (*rig, *core.Call, *listener) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	call, l := r.callResource("x", "find")
	r.answer(r.sent("call x.find")[0], `{"rid":"c","models":{"c":{"v":1}}}`)
	r.pass(0)
	r.wantState(state.Dialing)
	return r, call, l
}

func TestCallAnsweredWithDeadContentWaitsForTheNextConnection(t *testing.T) {
	r, call, l := calledAfterADelete(t)
	r.wantNoReply(call)
	r.reopen()
	reqs := r.sent("subscribe p", "subscribe c")
	r.answer(reqs[0], model("p", 1))
	r.answer(reqs[1], model("c", 2))
	if got := r.wantReply(call, nil).Result.RID; got != "c" {
		t.Errorf("result is %q", got)
	}
	l.hears(`c sync (first) {"v":2}`)
}

func TestCallAnsweredWithDeadContentEndsWithTheErrorOfTheResource(t *testing.T) {
	r, call, l := calledAfterADelete(t)
	r.reopen()
	reqs := r.sent("subscribe p", "subscribe c")
	r.answer(reqs[0], model("p", 1))
	r.refuse(reqs[1], res.ErrNotFound)
	r.wantReply(call, res.ErrNotFound)
	l.hears()
	r.pass(time.Hour)
	r.sent()
}

func TestCancelWhileTheResourceOfACallIsAwaited(t *testing.T) {
	r, call, l := calledAfterADelete(t)
	r.step(core.CancelCall{Call: call})
	r.wantReply(call, core.ErrCanceled)
	r.step(core.CancelCall{Call: call})
	r.reopen()
	r.sent("subscribe p")
	l.hears()
}

func TestGetThatCrossesADeleteFails(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	p := r.sent("subscribe p")[0]
	get := r.get("c")
	req := r.sent("get c")[0]
	r.answer(p, `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.event("c.delete", `null`)
	r.answer(req, model("c", 1))
	r.wantReply(get, res.ErrDeleted)
}

func TestResourceThatIsBackIsTrusted(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	call, l := r.callResource("x", "find")
	req := r.sent("call x.find")[0]
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	r.event("p.change", `{"values":{"c":{"rid":"c"}},"models":{"c":{"v":2}}}`)
	r.answer(req, `{"rid":"c"}`)
	r.wantReply(call, nil)
	l.hears(`c sync (first) {"v":2}`)
}

// The gateway takes the dead content for sent, and does not send it again.
func TestDeadContentIsNotKept(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.call("slow", "call")
	r.subscribe("c")
	req := r.sent("call slow.call", "subscribe c")[1]
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	r.answer(req, model("c", 1))
	r.event("p.change", `{"values":{"c":{"rid":"c"}}}`)
	r.pass(0)
	r.wantState(state.Dialing)
}

func TestRequestsSentAfterADeathAreTrusted(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	c := r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], model("c", 2))
	c.hears(`c sync (first) {"v":2}`)
	r.pass(0)
	r.wantState(state.Connected)
}

func TestDeletedWhileTheReplayWaitsForAPlace(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.ReplayWindow = 1 })
	withChild(r)
	r.subscribed("x")
	r.cut()
	r.reopen()
	first := r.sent("subscribe p")[0]
	r.read(r.success(first, `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":2}}}`), `{"event":"c.delete","data":null}`)
	r.answer(r.sent("subscribe x")[0], model("x", 1))
	r.asked("c")
	r.sent()
	r.changed("new -> dialing: started", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed",
		"connected -> dialing: lost", "dialing -> resubscribing: opened", "resubscribing -> connected: replayed")
}

// The gateway has sent what it takes for the resource, and does not repeat it.
func TestGetAfterContentThatWasNotTrusted(t *testing.T) {
	r := connected(t)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.callResource("x", "find")
	r.call("slow", "call")
	call := r.sent("call x.find", "call slow.call")[0]
	r.event("c.delete", `null`)
	r.event("p.change", `{"values":{"c":null}}`)
	r.event("p.change", `{"values":{"c":{"rid":"c"}},"errors":{"c":{"code":"system.notFound","message":"Not found"}}}`)
	r.event("p.change", `{"values":{"c":null}}`)
	get := r.get("c")
	req := r.sent("get c")[0]
	r.answer(call, `{"rid":"c","models":{"c":{"v":2}}}`)
	r.answer(req, `{}`)
	r.wantNoReply(get)
	r.pass(0)
	r.wantState(state.Dialing)
}
