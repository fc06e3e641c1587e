package conformance_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing/synctest"

	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// asks has the program do what a recorded request is for.
func (t *talk) asks(l transcript.Line, rest []transcript.Line) {
	if t.cut || t.doubts {
		return
	}
	q, err := wire.ParseRequest([]byte(l.Text()))
	if err != nil {
		t.refuses(l, q, err, rest)
		return
	}
	a := &asked{Request: q, answer: t.answerTo(q.ID, rest)}
	t.asked = append(t.asked, a)
	switch q.Type {
	case wire.TypeVersion:
		if t.protocol() == "" && q.Protocol != wire.Protocol && (len(t.asked) == 1 || q.Protocol != "") {
			fail("the client asks for %s", wire.Protocol)
		}
	case wire.TypeSubscribe:
		t.subscribes(a)
	case wire.TypeUnsubscribe:
		t.closes(a)
	default:
		t.does(a, t.request)
	}
	for i, q := range t.early {
		if a.fits(q) {
			a.sent = &q
			t.early = slices.Delete(t.early, i, i+1)
			break
		}
	}
	t.collect()
}

// protocol is the one of the gateway, if it is older than what was recorded.
func (t *talk) protocol() string { return spoken[t.tr.Scenario+" "+t.name] }

// refuses checks that the client does not send what is not well formed, where a program
// can ask it to.
func (t *talk) refuses(l transcript.Line, q wire.Request, why error, rest []transcript.Line) {
	if refused := (*res.Error)(nil); errors.As(why, &refused) {
		t.asked = append(t.asked, &asked{Request: q, answer: t.answerTo(q.ID, rest), refused: true})
	}
	method := decode[struct{ Method string }]([]byte(l.Text())).Method
	var err error
	if rid, ok := strings.CutPrefix(method, "subscribe."); ok {
		_, err = t.client.Subscribe(t.ctx, rid)
	} else if rid, ok := strings.CutPrefix(method, "get."); ok {
		_, err = t.client.Get(t.ctx, rid)
	} else {
		return
	}
	if !errors.Is(err, res.ErrInvalidRID) {
		fail("%q gives %v, want ErrInvalidRID", method, err)
	}
}

// answerTo finds the recorded answer to a request.
func (t *talk) answerTo(id uint64, rest []transcript.Line) *wire.Response {
	for _, l := range rest {
		if l.Dir != "g2c" || l.Conn != t.name || l.WS != "" {
			continue
		}
		if m, err := wire.Parse([]byte(l.Text())); err == nil {
			if r, ok := m.(*wire.Response); ok && r.ID == id {
				return r
			}
		}
	}
	return nil
}

// does lets the program act in a goroutine of its own.
func (t *talk) does(a *asked, act func(*asked)) {
	a.done = make(chan struct{})
	go func() {
		defer close(a.done)
		act(a)
	}()
	synctest.Wait()
}

// subscribes opens a subscription, unless one is open that was ended by the gateway: the
// client tries that again by itself.
func (t *talk) subscribes(a *asked) {
	for _, f := range t.feeds[a.RID] {
		if !f.Status().Live {
			return
		}
	}
	a.feed = newFeed(t.w, a.RID)
	t.does(a, func(a *asked) {
		a.feed.Subscription, a.err = t.client.Subscribe(t.ctx, a.RID, a.feed.option())
	})
}

// closes closes as many subscriptions as the gateway was recorded to take back.
func (t *talk) closes(a *asked) {
	for _, other := range t.asked {
		if other.Type == wire.TypeSubscribe && other.RID == a.RID && !other.answered {
			fail("the client never unsubscribes what it has not been granted yet")
		}
	}
	if a.answer == nil || a.answer.Error != nil {
		return // more than there are
	}
	open := t.feeds[a.RID]
	n := min(max(a.Count, 1), len(open))
	for _, f := range open[:n] {
		f.Close()
	}
	t.feeds[a.RID] = open[n:]
}

// request makes a get, call, auth or new request.
func (t *talk) request(a *asked) {
	var params any
	if a.Params != nil {
		params = json.RawMessage(a.Params)
	}
	resource := a.answer != nil && strings.HasPrefix(string(a.answer.Result), `{"rid":`) && !t.frames.legacy
	if resource || a.Type == wire.TypeNew {
		a.feed = newFeed(t.w, "")
	}
	switch {
	case a.Type == wire.TypeGet:
		a.resource, a.err = t.client.Get(t.ctx, a.RID)
	case a.Type == wire.TypeNew:
		//lint:ignore SA1019 it is part of the protocol
		a.feed.Subscription, a.err = t.client.New(t.ctx, a.RID, params, a.feed.option())
	case a.Type == wire.TypeCall && resource:
		a.feed.Subscription, a.err = t.client.CallResource(t.ctx, a.RID, a.Method, params, a.feed.option())
	case a.Type == wire.TypeAuth && resource:
		a.feed.Subscription, a.err = t.client.AuthResource(t.ctx, a.RID, a.Method, params, a.feed.option())
	case a.Type == wire.TypeAuth:
		a.err = t.client.Auth(t.ctx, a.RID, a.Method, params, &a.payload)
	default:
		a.err = t.client.Call(t.ctx, a.RID, a.Method, params, &a.payload)
	}
}

// fits reports whether the client's request q is the recorded one.
func (a *asked) fits(q wire.Request) bool {
	return a.sent == nil && !a.answered && a.Type == q.Type && a.RID == q.RID && a.Method == q.Method &&
		(a.paramsIgnored() || reflect.DeepEqual(decode[any](a.Params), decode[any](q.Params)) && (a.Params == nil) == (q.Params == nil))
}

func (a *asked) paramsIgnored() bool { return a.Type == wire.TypeSubscribe || a.Type == wire.TypeGet }
