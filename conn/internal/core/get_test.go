package core_test

import (
	"testing"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
)

func TestGetOfALiveResourceAsksNobody(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.event("a.change", `{"values":{"v":2}}`)
	r.get("a").gets(`{"v":2}`)
	r.sent()
}

func TestGetsOfOneResourceShareARequest(t *testing.T) {
	r := connected(t)
	a, b := r.get("a"), r.get("a")
	r.answer(r.sent("get a")[0], model("a", 1))
	a.gets(`{"v":1}`)
	b.gets(`{"v":1}`)
	r.sent()
	if s := r.core.Stats(); s.Resources != 0 {
		t.Errorf("%d resources are kept", s.Resources)
	}
}

func TestGetWaitsForTheSubscribe(t *testing.T) {
	r := connected(t)
	r.subscribe("a")
	get := r.get("a")
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	get.gets(`{"v":1}`)
	r.sent()
}

func TestGetGoesItsOwnWayWhenTheSubscribeFails(t *testing.T) {
	r := connected(t)
	r.subscribe("a")
	get := r.get("a")
	r.refuse(r.sent("subscribe a")[0], res.ErrTimeout)
	r.answer(r.sent("get a")[0], model("a", 1))
	get.gets(`{"v":1}`)
}

func TestSubscribeWaitsForTheGet(t *testing.T) {
	r := connected(t)
	get, sub := r.get("a"), r.subscribe("a")
	r.answer(r.sent("get a")[0], model("a", 1))
	get.gets(`{"v":1}`)
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	sub.hears(`a sync (first) {"v":2}`)
}

func TestGetWhileStaleWaitsForTheNextConnection(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.cut()
	a, b := r.get("a"), r.get("b")
	r.wantNoReply(a)
	r.reopen()
	reqs := r.sent("subscribe a", "get b")
	r.answer(reqs[0], model("a", 2))
	a.gets(`{"v":2}`)
	r.answer(reqs[1], model("b", 1))
	b.gets(`{"v":1}`)
}

func TestGetOfWhatDoesNotFitWaitsForTheResync(t *testing.T) {
	r := connected(t)
	distrusted(r)
	r.event("a.add", `{"idx":0,"value":1}`)
	a := r.get("a")
	r.wantNoReply(a)
	r.sent()
	r.pass(r.cfg.ResyncInterval)
	r.reopen()
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	a.gets(`{"v":2}`)
}

func TestGetThatIsLostWithTheConnectionIsRepeated(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	r.sent("get a")
	r.cut()
	r.reopen()
	r.answer(r.sent("get a")[0], model("a", 1))
	a.gets(`{"v":1}`)
}

func TestGetThatWaitsForAPlaceIsAnsweredByWhatArrives(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.ReplayWindow = 1 })
	r.subscribed("p")
	x, c := r.get("x"), r.get("c")
	req := r.sent("get x")[0]
	r.event("p.change", `{"values":{"c":{"rid":"c"}},"models":{"c":{"v":3}}}`)
	r.answer(req, model("x", 1))
	x.gets(`{"v":1}`)
	c.gets(`{"v":3}`)
	r.sent()
}

func TestFailedGetIsCleanedUp(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrNotFound)
	r.wantReply(a, res.ErrNotFound)
	req := r.sent("unsubscribe a")[0] // the gateway counts a subscription in error
	b := r.get("a")
	r.sent()
	r.answer(req, "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.answer(r.sent("get a")[0], model("a", 1))
	b.gets(`{"v":1}`)
	r.sent()
}

func TestDeniedGetLeavesNothingBehind(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrAccessDenied)
	r.wantReply(a, res.ErrAccessDenied)
	r.sent()
}

func TestGetThatTimesOut(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	late := r.sent("get a")[0]
	r.pass(r.cfg.RequestTimeout)
	r.wantReply(a, core.ErrNoAnswer)
	req := r.sent("unsubscribe a")[0]
	r.answer(late, model("a", 1))
	r.refuse(req, res.ErrNoSubscription)
	r.sent()
	if s := r.core.Stats(); s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

// The gateway has sent the child with the get, so it says nothing to the subscribe.
func TestSetOfALateGetServesASubscribeThatIsOut(t *testing.T) {
	r := connected(t)
	r.get("p")
	late := r.sent("get p")[0]
	r.pass(r.cfg.RequestTimeout)
	r.sent("unsubscribe p")
	a := r.subscribe("a")
	req := r.sent("subscribe a")[0]
	r.answer(late, `{"models":{"p":{"child":{"rid":"a"}},"a":{"v":1}}}`)
	r.event("a.change", `{"values":{"v":2}}`)
	r.answer(req, `{}`)
	r.wantReply(a, nil)
	a.hears(`a sync (first) {"v":2}`)
}

func TestGetIsNotAnsweredWithWhatMayBeAnOldCopy(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.event("a.change", `{"values":{"v":2}}`)
	a.close()
	r.answer(r.sent("unsubscribe a")[0], "")
	again := r.get("a")
	r.answer(r.sent("get a")[0], model("a", 1)) // as it was sent at first
	r.wantNoReply(again)
	r.reopen()
	r.answer(r.sent("get a")[0], model("a", 3))
	again.gets(`{"v":3}`)
}

func TestCanceledGet(t *testing.T) {
	r := connected(t)
	a, b := r.get("a"), r.get("a")
	a.cancel()
	r.wantReply(a, core.ErrCanceled)
	a.cancel()
	r.answer(r.sent("get a")[0], model("a", 1))
	b.gets(`{"v":1}`)
	b.cancel()
	c := r.get("a")
	c.cancel()
	r.refuse(r.sent("get a")[0], res.ErrNotFound)
	r.sent("unsubscribe a")
	r.get("never").cancel()
}

func TestGetThatIsAnsweredWithoutContentIsAskedAgainOnAnotherConnection(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	r.answer(r.sent("get a")[0], `{}`)
	r.wantNoReply(a)
	r.reopen()
	r.answer(r.sent("get a")[0], model("a", 1))
	a.gets(`{"v":1}`)
	if s := r.core.Stats(); s.Resyncs != 1 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestGetWhileARetryWaitsAsksTheGateway(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.event("a.unsubscribe", `{"reason":{"code":"system.timeout","message":""}}`)
	a := r.get("a")
	r.answer(r.sent("get a")[0], model("a", 2))
	a.gets(`{"v":2}`)
}

func TestUnsubscribingThatNeverEndsIsInconsistent(t *testing.T) {
	r := connected(t)
	a := r.get("a")
	r.refuse(r.sent("get a")[0], res.ErrNotFound)
	r.wantReply(a, res.ErrNotFound)
	for range 257 {
		r.answer(r.sent("unsubscribe a")[0], `null`)
	}
	r.reopen()
	r.sent()
	if s := r.core.Stats(); s.Resyncs != 1 {
		t.Errorf("the figures are %+v", s)
	}
}
