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
