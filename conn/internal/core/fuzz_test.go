package core_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// FuzzFrames lets a connected core, with a little of everything under way, read any
// frames, one a line. Whatever they are: nothing panics, the rig's invariants hold, and
// a gateway that behaves brings everything back.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{
		"", "{", "\n\n\n", `{"id":1}`,
		`{"event":"a.change","data":{"values":{"v":2,"c":{"rid":"c"}},"models":{"c":{}}}}` + "\n" + `{"event":"c.delete"}`,
		`{"event":"list.add","data":{"idx":1,"value":7}}` + "\n" + `{"event":"list.remove","data":{"idx":9}}`,
		`{"event":"a.unsubscribe","data":{"reason":{"code":"system.accessDenied"}}}` + "\n" + `{"event":"list.custom"}`,
		`{"event":"a.delete"}` + "\n" + `{"event":"a.unsubscribe","data":{"reason":{"code":"system.deleted"}}}`,
		`{"event":"p.change","data":{"values":{"c":null}}}` + "\n" + `{"event":"c.change","data":{"values":{"v":2}}}`,
		`{"id":34,"result":{"models":{"b":{"v":1}}}}` + "\n" + `{"id":42,"error":{"code":"system.notFound"}}`,
		`{"id":44,"result":{"rid":"x","errors":{"x":{}}}}` + "\n" + `{"id":52,"result":{"rid":"a"}}` + "\n" + `{"id":61,"result":{"payload":1}}`,
		`{"id":9,"result":{"protocol":"1.0.0"}}` + "\n" + `{"id":44,"result":{"rid":"..","models":{"..":{}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frames []byte) {
		r := connected(t)
		busy(r)
		for frame := range bytes.Lines(frames) {
			if r.socket {
				r.read(string(frame))
				forgetAnswered(r, frame)
			}
		}
		r.step(core.Reconnect{})
		behave(r)
		if s := r.core.Stats(); s.Stale != 0 {
			t.Fatalf("the gateway behaves, and the figures are %+v", s)
		}
		r.step(core.Close{})
	})
}

// busy subscribes to some resources and leaves requests of every kind out.
func busy(r *rig) {
	r.subscribed("a")
	r.subscribe("list")
	r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[1,2]}}`)
	r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	r.subscribe("b")
	r.get("g")
	r.callResource("x", "find")
	r.call("x", "do")
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.subscribedMeanwhile("q").close()
}

// subscribedMeanwhile is subscribed while other requests are out.
func (r *rig) subscribedMeanwhile(rid string) *listener {
	l := r.subscribe(rid)
	r.answer(r.requests[len(r.requests)-1], model(rid, 1))
	return l
}

// forgetAnswered takes what a fuzzed frame answers off the list of requests out.
func forgetAnswered(r *rig, frame []byte) {
	if m, err := wire.Parse(frame); err == nil {
		if answer, ok := m.(*wire.Response); ok {
			delete(r.out, answer.ID)
		}
	}
}

// behave answers everything for an hour.
func behave(r *rig) {
	for end := r.now.Add(time.Hour); r.now.Before(end); {
		r.passUntil(end, func() bool { return r.dial != nil || len(r.requests) > 0 || len(r.asks) > 0 })
		if r.dial != nil {
			r.dialled(wait(time.Second))
		}
		for _, ask := range r.asks {
			if !ask.Forget {
				r.retryAfter(ask.RID, time.Second)
			}
		}
		r.asks = nil
		requests := r.requests
		r.requests = nil
		for _, req := range requests {
			if _, out := r.out[req.ID]; out {
				obey(r, req)
			}
		}
	}
}

func obey(r *rig, req wire.Request) {
	switch req.Type {
	case wire.TypeVersion:
		r.answer(req, `{"protocol":"1.2.3"}`)
	case wire.TypeSubscribe, wire.TypeGet:
		r.answer(req, model(req.RID, 1))
	case wire.TypeUnsubscribe:
		r.answer(req, "")
	default:
		r.answer(req, `{"payload":null}`)
	}
}
