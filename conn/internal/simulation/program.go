package simulation

import (
	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// program is what stands for the user's code: it opens and closes subscriptions,
// reads them, and asks for things.
type program struct {
	listeners []*listener // open, or waiting to be
	asked     []*request  // not replied to
	opened    int
}

// request is something that the program has asked the core for.
type request struct {
	in       core.Input
	name     name
	listener *listener // of a subscribe, or of a call for a resource
	call     *core.Call
	done     bool
}

// ask makes a request.
func (w *world) ask(r *request) {
	w.asked = append(w.asked, r)
	w.step(r.in)
}

func (w *world) newListener(n name) *listener {
	w.opened++
	l := &listener{world: w, number: w.opened, name: n}
	l.handle.Owner = l
	l.queue = subs.NewQueue(subs.Limits{Events: w.setup.Queue, Bytes: 1 << 20})
	return l
}

func (w *world) subscribe(n name, deep bool) {
	l := w.newListener(n)
	l.handle.Deep, l.deep = deep, deep
	w.listeners = append(w.listeners, l)
	r := &request{name: n, listener: l}
	r.in = core.Subscribe{RID: rids[n], Handle: &l.handle, To: r}
	l.waits = r
	w.ask(r)
}

func (w *world) stream(pattern res.Pattern) {
	l := w.newListener(nameless)
	l.stream = true
	w.listeners = append(w.listeners, l)
	r := &request{name: nameless, listener: l}
	r.in = core.Stream{Pattern: pattern, Handle: &l.handle, To: r}
	w.ask(r)
}

func (w *world) get(n name) {
	r := &request{name: n}
	r.in = core.Get{RID: rids[n], To: r}
	w.ask(r)
}

// makeCall makes a call; session is not 0 for one of the authenticate hook.
func (w *world) makeCall(n name, t wire.RequestType, method string, handle bool, session uint64) {
	r := &request{name: n}
	call := &core.Call{Request: wire.Request{Type: t, RID: rids[n], Method: method}, Session: session, To: r}
	if handle {
		r.listener = w.newListener(n)
		call.Handle = &r.listener.handle
		r.listener.waits = r
		w.listeners = append(w.listeners, r.listener)
	}
	r.in, r.call = call, call
	w.ask(r)
}

// giveUp cancels a request.
func (w *world) giveUp(r *request) {
	switch in := r.in.(type) {
	case core.Subscribe:
		w.step(core.CancelSubscribe{RID: in.RID, Handle: in.Handle})
	case core.Get:
		w.step(core.CancelGet{RID: in.RID, To: r})
	case *core.Call:
		w.step(core.CancelCall{Call: in})
	default:
		return
	}
	if !r.done {
		w.fail("a request that was given up is not replied to", "%T of %v", r.in, r.name)
	}
}

// close closes a subscription.
func (w *world) close(l *listener) {
	w.removeListener(l)
	l.closed, l.closing = true, true
	w.step(core.Unsubscribe{RID: l.rid(), Handle: &l.handle})
	l.closing = false
	if w.conn != nil && l.name != nameless && !w.hasSynced(l.name) {
		w.conn.toReplay[l.name] = false
	}
}

// rid is the resource id, and the pattern of a stream.
func (l *listener) rid() string { return l.name.String() }

func (w *world) removeListener(l *listener) {
	for i, other := range w.listeners {
		if other == l {
			w.listeners = append(w.listeners[:i:i], w.listeners[i+1:]...)
			return
		}
	}
}

// replied takes in a reply.
func (w *world) replied(r core.Reply) {
	q, ok := r.To.(*request)
	if !ok || q.done {
		w.fail("a reply to nobody", "%+v", r)
		return
	}
	q.done = true
	for i, other := range w.asked {
		if other == q {
			w.asked = append(w.asked[:i:i], w.asked[i+1:]...)
			break
		}
	}
	w.tell("program has its reply: %T of %v: %v", q.in, q.name, r.Err)
	if l := q.listener; l != nil {
		l.waits = nil
		if r.Err != nil || q.call != nil && r.Result.RID == "" {
			w.removeListener(l)
			l.closed = true
			return
		}
		if q.call != nil {
			l.name = nameOf(r.Result.RID)
		}
		if !l.synced && !l.ended {
			w.fail("a subscription without a first Sync", "%v", l)
		}
	}
	if _, get := q.in.(core.Get); get && r.Err == nil {
		w.checkSnapshot(q.name, r.Resource)
	}
}
