package core_test

import (
	"errors"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// tooLarge ends the socket as a frame over the read limit does.
func (r *rig) tooLarge(culprit core.TooLargeError) {
	r.Helper()
	r.step(core.Lost{Generation: r.generation, Err: &culprit})
}

func (l *listener) wantEnd(want error) {
	l.Helper()
	if !errors.Is(l.ended, want) {
		l.Errorf("%v ended with %v, want %v", l, l.ended, want)
	}
}

func TestEventThatIsTooLargeEndsItsSubscriptionOnly(t *testing.T) {
	r := connected(t)
	a, b := r.subscribed("a"), r.subscribed("b")
	r.tooLarge(core.TooLargeError{RID: "a"})
	a.wantEnd(core.ErrTooLarge)
	r.reopen()
	r.answer(r.sent("subscribe b")[0], model("b", 1))
	b.wantEnd(nil)
	if !b.live {
		t.Error("the other is not live")
	}
}

func TestEventThatIsTooLargeEndsWhatLeadsToItsResource(t *testing.T) {
	r := connected(t)
	p := r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"m":{"rid":"m"}},"m":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	q := r.subscribe("q")
	r.answer(r.sent("subscribe q")[0], `{"models":{"q":{"c":{"rid":"c"}}}}`)
	c := r.subscribe("c")
	r.answer(r.sent("subscribe c")[0], `{}`)
	other := r.subscribe("other")
	r.answer(r.sent("subscribe other")[0], `{"models":{"other":{"c":{"rid":"c","soft":true},"o":{"rid":"o"}},"o":{"v":1}}}`)
	r.tooLarge(core.TooLargeError{RID: "c"})
	for _, l := range []*listener{p, q, c} {
		l.wantEnd(core.ErrTooLarge)
	}
	if got := p.ended.Error(); got != `subscription to "p": event of "c", which it leads to: `+core.ErrTooLarge.Error() {
		t.Errorf("it says %s", got)
	}
	if got := c.ended.Error(); got != `subscription to "c": `+core.ErrTooLarge.Error() {
		t.Errorf("it says %s", got)
	}
	r.reopen()
	r.answer(r.sent("subscribe other")[0], `{"models":{"other":{"c":{"rid":"c","soft":true},"o":{"rid":"o"}},"o":{"v":1}}}`)
	other.wantEnd(nil)
	if s := r.core.Stats(); !other.live || s.Resources != 2 || s.Subscriptions != 1 {
		t.Errorf("live %v, and the figures are %+v", other.live, s)
	}
}

func TestEventOfWhatIsHeldForNobodyEndsNothing(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.Linger = time.Hour })
	a, p := r.subscribed("a"), r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	p.close() // lingers
	r.tooLarge(core.TooLargeError{RID: "c"})
	a.wantEnd(nil)
	r.reopen()
	r.sent("subscribe a")
}

func TestAnswerThatIsTooLargeEndsItsSubscriptionOnly(t *testing.T) {
	r := connected(t)
	a, b := r.subscribed("a"), r.subscribed("b")
	r.cut()
	r.reopen()
	reqs := r.sent("subscribe a", "subscribe b")
	get := r.get("a")
	r.tooLarge(core.TooLargeError{ID: reqs[0].ID})
	a.wantEnd(core.ErrTooLarge)
	r.wantReply(get, core.ErrTooLarge)
	b.wantEnd(nil)
	r.reopen()
	r.sent("subscribe b")
}

func TestFirstSubscribeThatIsTooLargeFails(t *testing.T) {
	r := connected(t)
	a := r.subscribe("a")
	r.tooLarge(core.TooLargeError{ID: r.sent("subscribe a")[0].ID})
	r.wantReply(a, core.ErrTooLarge)
	r.reopen()
	r.sent()
}

func TestCallWhoseAnswerIsTooLargeFailsAlone(t *testing.T) {
	r := connected(t)
	a, other := r.subscribed("a"), r.call("a", "other")
	call := r.call("a", "dump")
	r.tooLarge(core.TooLargeError{ID: r.sent("call a.other", "call a.dump")[1].ID})
	if err := r.wantReply(call, core.ErrTooLarge).Err; errors.Is(err, core.ErrConnectionLost) {
		t.Errorf("the outcome is known: it is too large, but the error is %v", err)
	}
	r.wantReply(other, core.ErrConnectionLost)
	a.wantEnd(nil)
	r.reopen()
	r.sent("subscribe a")
}

func TestGetWhoseAnswerIsTooLargeFailsAlone(t *testing.T) {
	r := connected(t)
	b, get := r.subscribed("b"), r.get("a")
	r.tooLarge(core.TooLargeError{ID: r.sent("get a")[0].ID})
	r.wantReply(get, core.ErrTooLarge)
	b.wantEnd(nil)
	r.reopen()
	r.sent("subscribe b")
}

func TestUnknownCulpritEndsNothing(t *testing.T) {
	for _, culprit := range []core.TooLargeError{{}, {RID: "x"}, {ID: 77}} {
		r := connected(t)
		a := r.subscribed("a")
		r.tooLarge(culprit)
		a.wantEnd(nil)
		r.reopen()
		r.sent("subscribe a")
	}
}

func TestCulprit(t *testing.T) {
	for _, test := range []struct {
		name, head, tail string
		want             core.TooLargeError
	}{
		{"an event", `{"event":"a.b?q=1.change","data":{"values":{"x":"yyy`, `yyy"}}}`, core.TooLargeError{RID: "a.b?q=1"}},
		{"an event with white space", "{ \"event\" : \"a.change\" ,\n \"data\" : [", `]}`, core.TooLargeError{RID: "a"}},
		{"an event that ends like a response", `{"event":"a.x","data":{"b":`, `,"id":5}}`, core.TooLargeError{RID: "a"}},
		{"a response", `{"result":{"models":{"a":{"v":"xxx`, `xxx"}}},"id":42}`, core.TooLargeError{ID: 42}},
		{"a response with data values", `{"result":{"models":{"a":{"v":{"data":[1,`, `]}}}},"id":42}`, core.TooLargeError{ID: 42}},
		{"a response with white space", `{"result":{"models":{"a":{"v":"xxx`, "xxx\"}}}, \"id\" : 42 }\n", core.TooLargeError{ID: 42}},
		{"an error", `{"error":{"code":"x","message":"m","data":"xxx`, `xxx"},"id":1}`, core.TooLargeError{ID: 1}},
		{"a response cut short", `{"result":{"models":{"a":{"v":"xxx`, `"y":{"id":12`, core.TooLargeError{}},
		{"a response cut after an id", `{"result":{"models":{"a":{"v":"xxx`, `"y":{"id":12}}`, core.TooLargeError{}},
		{"an id that is no number", `{"result":{"models":{"a":{"v":"xxx`, `,"id":"12"}`, core.TooLargeError{}},
		{"an id that is too large", `{"result":{"models":{"a":{"v":"xxx`, `,"id":99999999999999999999}`, core.TooLargeError{}},
		{"nothing of the kind", `xxxxxxxx`, `yyyyyyyy`, core.TooLargeError{}},
		{"data in a response's head", `"data"`, `"id"`, core.TooLargeError{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := core.Culprit([]byte(test.head), []byte(test.tail)); *got != test.want {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}

func TestRequestsCanBeTracedFromTheEndOfTheirAnswer(t *testing.T) {
	r := connected(t)
	r.subscribe("a")
	req := r.sent("subscribe a")[0]
	frame := []byte(r.success(req, model("a", 1)))
	if got := core.Culprit(frame[:10], frame[10:]); got.ID != req.ID || req.Type != wire.TypeSubscribe {
		t.Errorf("got %+v, want %d", got, req.ID)
	}
}

func TestMessageOverTheLimitOfWhatLingers(t *testing.T) {
	r := connected(t, func(c *core.Config) { c.Linger = time.Minute })
	r.subscribed("a").close()
	r.tooLarge(core.TooLargeError{RID: "a"})
	r.reopen()
	r.sent()
}
