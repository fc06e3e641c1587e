package core_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// FuzzFrames lets a connected core, with a little of everything under way, read any
// frames, one a line. In them #0 is the id of the oldest request that is out, #1 that of
// the next; a line that begins with @ is something else that happens. Whatever it is:
// nothing panics, the rig's invariants hold, and a gateway that behaves brings everything back.
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
		`{"id":#0,"result":{"models":{"b":{"v":1}}}}` + "\n" + `{"id":#0,"error":{"code":"system.notFound"}}` + "\n@subscribe b\n@get g\n" + `{"id":#3,"result":{}}`,
		`{"id":#1,"result":{"collections":{"x":[{"rid":"x"}]},"rid":"x"}}` + "\n@call x\n" + `{"id":#9,"result":{"rid":"a","errors":{"a":{"code":"e"}}}}`,
		"@reconnect\n@wait\n@wait\n" + `{"id":#0,"result":{"protocol":"1.1.1"}}` + "\n" + `{"id":#0,"result":7}` + "\n@close a\n" + `{"id":#1,"result":{}}`,
		"@close p\n" + `{"id":#7,"error":{"code":"system.noSubscription"}}` + "\n@subscribe c\n@wait\n@wait\n@wait\n" + `{"id":#0,"result":null}`,
		`{"id":9,"result":{"protocol":"1.0.0"}}` + "\n" + `{"id":44,"result":{"rid":"..","models":{"..":{}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frames []byte) {
		r := connected(t)
		opened := busy(r)
		for line := range bytes.Lines(frames) {
			if what, happens := bytes.CutPrefix(line, []byte("@")); happens {
				happen(r, opened, string(bytes.TrimSpace(what)))
			} else if r.socket {
				frame := withIDs(r, line)
				forgetAnswered(r, frame)
				r.read(string(frame))
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

// withIDs puts the ids of requests into a frame.
func withIDs(r *rig, frame []byte) []byte {
	if bytes.IndexByte(frame, '#') < 0 {
		return frame
	}
	ids := slices.Sorted(maps.Keys(r.out))
	for i := range min(len(ids), 10) {
		frame = bytes.ReplaceAll(frame, fmt.Appendf(nil, "#%d", i), strconv.AppendUint(nil, ids[i], 10))
	}
	return frame
}

// happen does what the program, or time, may do.
func happen(r *rig, opened map[string]*listener, what string) {
	verb, rid, _ := strings.Cut(what, " ")
	if res.CheckRID(rid) != nil {
		rid = "a"
	}
	switch verb {
	case "wait":
		r.pass(11 * time.Second)
		if r.dial != nil {
			r.dialled(wait(time.Second))
		}
	case "reconnect":
		r.step(core.Reconnect{})
	case "cut":
		if r.socket {
			r.cut()
		}
	case "subscribe":
		opened[rid] = r.subscribe(rid)
	case "close":
		switch l := opened[rid]; {
		case l == nil, r.replies[l].Err != nil:
		case r.owed[l]:
			l.cancel()
		default:
			l.close()
		}
	case "get":
		r.get(rid)
	case "call":
		r.call(rid, "do")
	}
}

// FuzzCulprit blames any message that is over the read limit.
func FuzzCulprit(f *testing.F) {
	for _, seed := range [][2]string{
		{``, ``}, {`{"event":"a.b.change","data":{"values":{"x":"`, `"}}}`}, {`{"result":{"models":{`, `}},"id":18}`},
		{`{"id":18,"result":{"x":"\"data\"`, `"id":9}`}, {`{"event":"a?\"data\".b","data"`, `"id" : 1 } `}, {`"data"`, `"id"}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, head, tail []byte) {
		culprit := core.Culprit(head, tail)
		if culprit.RID != "" && culprit.ID != 0 || len(culprit.RID) > 3*len(head) {
			t.Errorf("%q … %q is blamed on %+v", head, tail, *culprit)
		}
		r := connected(t)
		busy(r)
		r.tooLarge(*culprit)
		r.pass(0)
	})
}

// busy subscribes to some resources, which it returns, and leaves requests of every kind out.
func busy(r *rig) map[string]*listener {
	opened := map[string]*listener{"a": r.subscribed("a"), "list": r.subscribe("list")}
	r.answer(r.sent("subscribe list")[0], `{"collections":{"list":[1,2]}}`)
	opened["p"] = r.subscribe("p")
	r.answer(r.sent("subscribe p")[0], `{"models":{"p":{"c":{"rid":"c"}},"c":{"v":1}}}`)
	opened["b"] = r.subscribe("b")
	r.get("g")
	r.callResource("x", "find")
	r.call("x", "do")
	r.step(r.newCall("user", wire.TypeAuth, "login"))
	r.subscribedMeanwhile("q").close()
	return opened
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
