package core_test

import (
	"testing"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestOneRequestServesAHundredSubscribers(t *testing.T) {
	r := connected(t)
	var subs []*listener
	for range 100 {
		subs = append(subs, r.subscribe("a"))
	}
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	for _, s := range subs {
		r.wantReply(s, nil)
		s.hears(`a sync (first) {"v":1}`)
	}
	late := r.subscribe("a")
	r.wantReply(late, nil)
	late.hears(`a sync (first) {"v":1}`)
	r.sent()
	for _, s := range subs {
		s.close()
	}
	r.sent()
	late.close()
	r.answer(r.sent("unsubscribe a")[0], "")
	r.sent()
	if s := r.core.Stats(); s.Subscriptions != 0 || s.Resources != 0 || s.Pending != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestErrorOfTheFirstSubscribeGoesToAllCallers(t *testing.T) {
	r := connected(t)
	a, b := r.subscribe("a"), r.subscribe("a")
	r.refuse(r.sent("subscribe a")[0], res.ErrNotFound)
	r.wantReply(a, res.ErrNotFound)
	r.wantReply(b, res.ErrNotFound)
	a.hears()
	r.asked()
	r.sent()
	if s := r.core.Stats(); s.Subscriptions != 0 || s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestCancelOfOneCallerDoesNotCancelTheOthers(t *testing.T) {
	r := connected(t)
	a, b := r.subscribe("a"), r.subscribe("a")
	a.cancel()
	r.wantReply(a, core.ErrCanceled)
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.wantReply(b, nil)
	a.hears()
	b.hears(`a sync (first) {"v":1}`)
	b.cancel() // too late: it was replied to
	r.sent()
}

func TestCancelWhileTheRequestIsOutGivesTheCountBack(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	a.cancel()
	r.answer(r.sent("subscribe a")[0], model("a", 1))
	r.answer(r.sent("unsubscribe a")[0], "")
	a.hears()
	if s := r.core.Stats(); s.Resources != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

func TestCancelBeforeTheRequestIsSent(t *testing.T) {
	r := newRig(t)
	r.subscribe("a").cancel()
	r.step(core.Start{})
	r.open()
	r.sent()
}

func TestSubscribeWhileAnUnsubscribeIsOut(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	a.close()
	req := r.sent("unsubscribe a")[0]
	b := r.subscribe("a")
	r.sent()
	r.answer(req, "")
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	r.wantReply(b, nil)
	b.hears(`a sync (first) {"v":2}`)
	a.hears()
}

func TestUnsubscribeWhileASubscribeIsOut(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	r.cut()
	r.reopen()
	req := r.sent("subscribe a")[0]
	a.close()
	r.sent()
	r.answer(req, model("a", 2))
	r.answer(r.sent("unsubscribe a")[0], "")
	r.sent()
}

// Whatever the program does while a request is out, the line ends where the
// program wanted it last.
func TestLineEndsAsLastAsked(t *testing.T) {
	for toggles := range 6 {
		r := connected(t)
		a := r.subscribe("a")
		var sub *listener
		for i := range toggles {
			if i%2 == 0 {
				a.cancel()
			} else {
				a = r.subscribe("a")
			}
			sub = a
		}
		r.answer(r.sent("subscribe a")[0], model("a", 1))
		if toggles%2 == 1 {
			r.sent("unsubscribe a")
			continue
		}
		r.sent()
		if sub != nil {
			r.wantReply(sub, nil)
			sub.hears(`a sync (first) {"v":1}`)
		}
	}
}

func TestSubscribersThatWaitForAnUnsubscribe(t *testing.T) {
	for name, test := range map[string]struct {
		next func(*rig, wire.Request)
		want error
	}{
		"are granted": {func(r *rig, q wire.Request) { r.answer(q, ""); r.answer(r.sent("subscribe a")[0], model("a", 2)) }, nil},
		"are denied":  {func(r *rig, q wire.Request) { r.answer(q, ""); r.refuse(r.sent("subscribe a")[0], res.ErrAccessDenied) }, res.ErrAccessDenied},
		"go on when it is unknown": {func(r *rig, q wire.Request) {
			r.refuse(q, res.ErrNoSubscription)
			r.answer(r.sent("subscribe a")[0], model("a", 2))
		}, nil},
		"go on after a reconnect": {func(r *rig, _ wire.Request) { r.cut(); r.reopen(); r.answer(r.sent("subscribe a")[0], model("a", 2)) }, nil},
		"end with the client":     {func(r *rig, _ wire.Request) { r.step(core.Close{}) }, core.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			r := connected(t)
			r.subscribed("a").close()
			req := r.sent("unsubscribe a")[0]
			b, c := r.subscribe("a"), r.subscribe("a")
			gone := r.subscribe("a")
			gone.cancel()
			r.wantReply(gone, core.ErrCanceled)
			r.wantNoReply(b)
			test.next(r, req)
			r.wantReply(b, test.want)
			r.wantReply(c, test.want)
			if test.want == nil {
				b.hears(`a sync (first) {"v":2}`)
			}
		})
	}
}

func TestToggleWhileTheUnsubscribeIsOut(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	a.close()
	req := r.sent("unsubscribe a")[0]
	b := r.subscribe("a")
	b.cancel()
	r.wantReply(b, core.ErrCanceled)
	r.answer(req, "")
	r.sent()
}

func TestUnsubscribeThatFindsNothingIsFine(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	a.close()
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.sent()
	b := r.subscribe("a")
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	r.wantReply(b, nil)
	if n := len(r.notices); n != 0 {
		t.Errorf("notices: %v", r.notices)
	}
}

func TestUnsubscribeOfMoreThanThereIsIsRepeatedOneByOne(t *testing.T) {
	r := connected(t)
	r.subscribe("a").cancel()
	q := r.sent("subscribe a")[0]
	r.call("x", "1")
	r.call("x", "2")
	calls := r.sent("call x.1", "call x.2")
	r.read(r.success(calls[0], `{"rid":"a","models":{"a":{}}}`), r.success(calls[1], `{"rid":"a"}`))
	r.answer(q, `{}`)
	r.refuse(r.sent("unsubscribe a *3")[0], res.ErrNoSubscription) // all or nothing: there may be two
	r.answer(r.sent("unsubscribe a")[0], "")
	r.answer(r.sent("unsubscribe a")[0], "")
	r.refuse(r.sent("unsubscribe a")[0], res.ErrNoSubscription)
	r.sent()
}

func TestUnsubscribeWithAnotherErrorIsNotRepeated(t *testing.T) {
	r := connected(t)
	a := r.subscribed("a")
	a.close()
	r.refuse(r.sent("unsubscribe a")[0], res.ErrInternalError)
	r.sent()
}

func TestSecondHandleOfAStaleResourceHearsSoAtOnce(t *testing.T) {
	r := connected(t)
	r.subscribed("a")
	r.cut()
	b := r.subscribe("a")
	r.wantReply(b, nil)
	b.hears(`a sync (first) {"v":1}`, "a stale: "+errCut.Error())
	r.reopen()
	r.answer(r.sent("subscribe a")[0], model("a", 2))
	b.hears("a change v=2 (was 1)", `a sync (reconnect) {"v":2}`)
}

func TestIndirectResourceIsSubscribedDirectly(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	r.wantNoReply(c) // it may be denied
	r.answer(r.sent("subscribe c")[0], `{}`)
	c.hears(`c sync (first) {"v":1}`)
	p.close()
	r.answer(r.sent("unsubscribe p")[0], "")
	r.event("c.change", `{"values":{"v":2}}`)
	c.hears("c change v=2 (was 1)")
	if s := r.core.Stats(); s.Resources != 1 || s.Inconsistencies != 0 {
		t.Errorf("the figures are %+v", s)
	}
}

// A child loses its parent while its own subscribe is out, and is then answered
// with an empty set.
func TestChildKeepsItsEventsWhileItsSubscribeIsOut(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	c := r.subscribe("c")
	p.close()
	reqs := r.sent("subscribe c", "unsubscribe p")
	r.answer(reqs[1], "")
	r.event("c.change", `{"values":{"v":2}}`)
	r.answer(reqs[0], `{}`)
	c.hears(`c sync (first) {"v":2}`)
	if s := r.core.Stats(); s.Inconsistencies != 0 || s.UnknownEvents != 0 {
		t.Errorf("the figures are %+v", s)
	}
}
