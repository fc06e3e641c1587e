package core_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func (w *walk) program() {
	switch n := w.rng.IntN(20); {
	case n < 7:
		rid := w.rid()
		w.tell("program: subscribe %s", rid)
		l := w.newListener(rid)
		w.waiting = append(w.waiting, l)
		w.step(core.Subscribe{RID: rid, Handle: &l.handle, To: l})
	case n < 10:
		if l, ok := pick(w, w.subs); ok {
			w.tell("program: close %s", l.rid)
			w.drop(l)
			l.close()
		}
	case n < 12:
		if l, ok := pick(w, w.waiting); ok {
			w.tell("program: cancel subscribe %s", l.rid)
			l.cancel()
		}
	case n < 14:
		rid := w.rid()
		w.tell("program: get %s", rid)
		w.gets = append(w.gets, w.get(rid))
	case n < 15:
		if g, ok := pick(w, w.gets); ok {
			w.tell("program: cancel get %s", g.rid)
			g.cancel()
		}
	case n < 18:
		w.makeCall()
	case n < 19:
		if call, ok := pick(w, w.calls); ok {
			w.tell("program: cancel call %s", describe(call.Request))
			w.step(core.CancelCall{Call: call})
		}
	default:
		if l, ok := pick(w, w.subs); ok {
			w.step(core.Resume{Handle: &l.handle})
		}
	}
}

func (w *walk) makeCall() {
	call := w.newCall(w.rid(), wire.TypeCall, []string{"find", "find", "echo", "mute"}[w.rng.IntN(4)])
	if w.chance(20) {
		call.Request.Type, call.Request.Method = wire.TypeAuth, "login"
	}
	if call.Request.Method == "find" && w.chance(60) {
		l := w.newListener(call.Request.RID)
		call.Handle = &l.handle
	}
	w.tell("program: %s", describe(call.Request))
	w.calls = append(w.calls, call)
	w.step(call)
}

func (w *walk) drop(l *listener) {
	w.subs = slices.DeleteFunc(w.subs, func(other *listener) bool { return other == l })
	delete(w.mirrors, l)
}

// collect takes in the replies.
func (w *walk) collect() {
	w.waiting = slices.DeleteFunc(w.waiting, func(l *listener) bool {
		reply, ok := w.replies[l]
		if ok && reply.Err == nil && l.ended == nil {
			if !l.synced {
				w.Fatalf("%v has its reply, and no Sync", l)
			}
			w.subs = append(w.subs, l)
		}
		return ok
	})
	w.gets = slices.DeleteFunc(w.gets, func(g *getter) bool {
		_, ok := w.replies[g]
		return ok
	})
	w.calls = slices.DeleteFunc(w.calls, func(call *core.Call) bool {
		reply, ok := w.replies[call]
		if ok && reply.Err == nil && call.Handle != nil {
			w.subs = append(w.subs, call.Handle.Owner.(*listener))
		}
		return ok
	})
	for _, l := range w.subs {
		if l.ended != nil && !errors.Is(l.ended, core.ErrGaveUp) && !errors.Is(l.ended, errDenied) && l.ended != w.core.Ended() {
			w.Fatalf("%v ended with %v", l, l.ended)
		}
	}
	w.subs = slices.DeleteFunc(w.subs, func(l *listener) bool { return l.ended != nil })
}

// service changes what the services have.
func (w *walk) service() {
	rid := w.rid()
	c := w.truth[rid]
	switch {
	case c == nil:
		w.create(rid)
	case w.chance(w.deletions):
		w.tell("service: delete %s", rid)
		w.deletes = true
		w.gateway.delete(rid)
	case c.props != nil:
		w.setProperty(rid)
	case len(c.items) > 0 && w.chance(50):
		i := w.rng.IntN(len(c.items))
		w.tell("service: remove %s[%d]", rid, i)
		w.gateway.remove(rid, i)
	default:
		i, v := w.rng.IntN(len(c.items)+1), w.value()
		w.tell("service: add %s[%d] %s", rid, i, v)
		w.gateway.add(rid, i, v)
	}
}

func (w *walk) setProperty(rid string) {
	prop, v := string(rune('a'+w.rng.IntN(3))), w.value()
	if w.chance(25) {
		v = ""
		if _, ok := w.truth[rid].props[prop]; !ok {
			return
		}
	}
	w.tell("service: set %s.%s %s", rid, prop, v)
	w.gateway.set(rid, prop, v)
}

func (w *walk) value() string {
	if w.chance(40) {
		return reference(w.rid())
	}
	return fmt.Sprint(w.rng.IntN(100))
}

func (w *walk) create(rid string) {
	w.tell("service: create %s", rid)
	c := &content{}
	if rid[0] == 'm' {
		c.props = map[string]string{"a": fmt.Sprint(w.rng.IntN(100))}
	}
	w.truth[rid] = c
}

// receive lets a request arrive at the gateway.
func (w *walk) receive() {
	if w.session == nil || len(w.requests) == 0 {
		return
	}
	q := w.requests[0]
	w.requests = w.requests[1:]
	if !w.calm && w.chance(2) {
		w.tell("gateway: does not get %s", describe(q))
		return
	}
	w.tell("gateway: gets %s", describe(q))
	w.session.receive(q)
}

// serve lets a service answer.
func (w *walk) serve() {
	if w.session == nil || len(w.session.pending) == 0 {
		return
	}
	q := w.session.take(w.rng.IntN(len(w.session.pending)))
	if q.Method == "mute" {
		return
	}
	var failure *res.Error
	if !w.calm && w.chance(8) {
		failure = res.ErrTimeout
	}
	w.session.serve(q, failure)
	w.tell("gateway: answers %s", describe(q))
}

// deliver lets the client read some of what the gateway has sent.
func (w *walk) deliver() {
	if w.session == nil || len(w.session.outbox) == 0 {
		return
	}
	var texts []string
	for _, f := range w.session.outbox[:1+w.rng.IntN(len(w.session.outbox))] {
		texts = append(texts, f.text)
		delete(w.out, f.id)
	}
	w.session.outbox = w.session.outbox[len(texts):]
	w.tell("client: reads %s", strings.Join(texts, "\n\t"))
	w.read(texts...)
	w.hangUpGateway()
}

// shell does what the shell was told to.
func (w *walk) shell() {
	switch {
	case w.dial != nil && !w.calm && w.chance(30):
		w.tell("shell: dial fails")
		w.dialFails(errRefused, wait(time.Second))
	case w.dial != nil:
		w.tell("shell: dialled")
		w.gateway.session = &session{gateway: w.gateway, entries: map[string]*entry{}}
		w.dialled(wait(time.Second))
	case len(w.authenticates) > 0:
		w.hook()
	case len(w.denials) > 0:
		w.accessHook()
	case len(w.asks) > 0:
		ask := w.asks[0]
		w.asks = w.asks[1:]
		if !ask.Forget {
			w.step(core.RetryAfter{RID: ask.RID, Next: core.Delay{Wait: time.Second, Stop: !w.calm && w.chance(2)}})
		}
	}
}

func (w *walk) hook() {
	generation := w.authenticates[0]
	switch {
	case !w.calm && w.chance(50):
		call := w.hookCall(generation)
		w.tell("hook: %s", describe(call.Request))
	case !w.calm && w.chance(20):
		w.authenticates = nil
		w.step(core.Authenticated{Generation: generation, Err: errRefused})
	default:
		w.tell("hook: returns")
		w.authenticates = nil
		w.step(core.Authenticated{Generation: generation})
	}
	w.hangUpGateway()
}

// accessHook lets the AccessDenied hook return.
func (w *walk) accessHook() {
	d := w.denials[0]
	w.denials = w.denials[1:]
	in := core.AccessJudged{Generation: d.Generation}
	if !w.calm && w.chance(50) {
		in.Err, in.Permanent = errDenied, w.chance(10)
	}
	w.tell("access hook for %s: %v", d.RID, in.Err)
	w.step(in)
}

var errDenied = errors.New("no access")

// hookCall makes a call of the hook.
func (w *walk) hookCall(generation uint64) *core.Call {
	call := w.newCall(w.rid(), wire.TypeCall, "find")
	call.Session = generation
	w.step(call)
	return call
}

func (w *walk) wait() {
	d := time.Duration(w.rng.Int64N(int64(2 * time.Second)))
	if w.chance(15) {
		d *= 20
	}
	w.tell("time: %v", d)
	w.pass(d)
	w.hangUpGateway()
}

func (w *walk) fault() {
	rid := w.rid()
	switch n := w.rng.IntN(10); {
	case n < 3 && w.socket:
		w.tell("socket: cut")
		w.cut()
	case n < 4 && w.socket:
		w.tell("program: reconnect")
		w.step(core.Reconnect{})
	case n < 7 && w.session != nil:
		w.tell("gateway: revokes %s", rid)
		w.denied[rid] = w.chance(50)
		w.session.revoke(rid, res.ErrAccessDenied)
	default:
		w.denied[rid] = !w.denied[rid]
		w.tell("gateway: denies %s: %v", rid, w.denied[rid])
	}
	w.hangUpGateway()
}

// hangUpGateway ends the gateway's side of a socket that is closed.
func (w *walk) hangUpGateway() {
	if !w.socket {
		w.gateway.session = nil
	}
}
