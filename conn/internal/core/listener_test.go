package core_test

import (
	"slices"
	"strings"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
)

// listener is a subscription of the program: its handle, and what it has heard.
type listener struct {
	*rig
	rid    string
	handle subs.Handle
	queue  *subs.Queue
	heard  []subs.Event // since the last call of hears
	synced bool         // has heard a Sync
	live   bool
	ended  error
}

func (r *rig) newListener(rid string) *listener {
	l := &listener{rig: r, rid: rid, queue: subs.NewQueue(subs.Limits{Events: 1 << 20, Bytes: 1 << 30})}
	l.handle.Owner = l
	return l
}

// String names the listener in failures.
func (l *listener) String() string { return "subscriber of " + l.rid }

// subscribe asks for a subscription.
func (r *rig) subscribe(rid string) *listener {
	r.Helper()
	l := r.newListener(rid)
	r.step(core.Subscribe{RID: rid, Handle: &l.handle, To: l})
	return l
}

// subscribed subscribes to a model and answers the request.
func (r *rig) subscribed(rid string) *listener {
	r.Helper()
	l := r.subscribe(rid)
	r.answer(r.sent("subscribe " + rid)[0], model(rid, 1))
	r.wantReply(l, nil)
	l.hears(rid + ` sync (first) {"v":1}`)
	return l
}

func (l *listener) close() {
	l.Helper()
	l.step(core.Unsubscribe{RID: l.rid, Handle: &l.handle})
}

func (l *listener) cancel() {
	l.Helper()
	l.step(core.CancelSubscribe{RID: l.rid, Handle: &l.handle})
}

func (l *listener) hear(d subs.Delivery) {
	l.Helper()
	if l.ended != nil {
		l.Fatalf("%v hears %v after its end", l, d.Event)
	}
	l.live = d.Handle.Live()
	l.queue.Push(d.Event)
	for ev, ok := l.queue.Pop(); ok; ev, ok = l.queue.Pop() {
		if _, sync := ev.(*subs.Sync); sync {
			l.synced = true
		} else if !l.synced {
			l.Fatalf("%v hears %v before its first Sync", l, ev)
		}
		l.heard = append(l.heard, ev)
	}
}

func (l *listener) end(err error) {
	l.Helper()
	if l.ended != nil {
		l.Fatalf("%v ends twice: %v, and %v", l, l.ended, err)
	}
	l.ended = err
}

// hears takes the events since the last call and checks them.
func (l *listener) hears(want ...string) {
	l.Helper()
	var got []string
	for _, ev := range l.heard {
		got = append(got, ev.String())
	}
	l.heard = nil
	if !slices.Equal(got, want) {
		l.Fatalf("%v hears\n\t%s\nwant\n\t%s", l, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// getter is a caller of Get.
type getter struct {
	*rig
	rid string
}

// String names the getter in failures.
func (g *getter) String() string { return "getter of " + g.rid }

func (r *rig) get(rid string) *getter {
	r.Helper()
	g := &getter{r, rid}
	r.step(core.Get{RID: rid, To: g})
	return g
}

func (g *getter) cancel() {
	g.Helper()
	g.step(core.CancelGet{RID: g.rid, To: g})
}

// gets checks that the Get was answered with a resource.
func (g *getter) gets(want string) {
	g.Helper()
	if got := g.wantReply(g, nil).Resource.String(); got != want {
		g.Fatalf("%v gets %s, want %s", g, got, want)
	}
}
