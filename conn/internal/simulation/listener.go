package simulation

import (
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// listener is a subscription of the program, with a queue as package conn has it.
// From the events alone it keeps copies of what it hears of.
type listener struct {
	world  *world
	number int
	name   name
	deep   bool
	stream bool
	waits  *request // for the reply that opens it

	handle   subs.Handle
	queue    *subs.Queue
	resuming bool
	midway   bool // has read part of what stands in the queue as one entry
	live     bool // as of the last delivery
	synced   bool // has been delivered a Sync
	ended    bool
	closing  bool // its close is the present step
	closed   bool

	copies [names]mirror
}

// mirror is a copy that is kept from events.
type mirror struct {
	*content      // nil for none
	live     bool // no Stale since
}

// String names the listener.
func (l *listener) String() string {
	kind := ""
	if l.deep {
		kind = " deep"
	}
	return fmt.Sprintf("#%d%s on %v", l.number, kind, l.name)
}

// ownerOf returns the listener that owns a handle.
func (w *world) ownerOf(owner any, of string) *listener {
	l, ok := owner.(*listener)
	if !ok {
		w.fail("a handle without an owner", "of %s", of)
		return nil
	}
	return l
}

// push takes an event.
func (l *listener) push(d subs.Delivery) {
	w := l.world
	if l.closing {
		return // was due before the close
	}
	if l.closed || l.ended {
		w.fail("an event for a subscription that has ended", "%v: %v", l, d.Event)
	}
	if _, sync := d.Event.(*subs.Sync); !sync && !l.synced {
		w.fail("an event before the first Sync", "%v: %v", l, d.Event)
	}
	l.synced = true
	l.live = d.Handle.Live()
	l.queue.Push(d.Event)
	if !l.queue.Folding() {
		l.resuming = false
	}
	if n := l.queue.Len(); n > max(l.world.setup.Queue, 4) {
		w.fail("a queue over its limit", "%v: %d", l, n)
	}
	w.tell("%v hears %v", l, d.Event)
}

func (l *listener) end(err error) {
	if l.ended || l.closed {
		l.world.fail("a subscription that ends twice", "%v: %v", l, err)
	}
	l.ended = true
	l.world.tell("%v ends: %v", l, err)
	l.world.removeListener(l)
}

// read reads up to n events, and asks for the resource if some were folded.
func (l *listener) read(n int) {
	for range n {
		if work := l.queue.Prepare(); work != nil {
			work()
		}
		ev, ok := l.queue.Pop()
		if !ok {
			break
		}
		l.apply(ev)
	}
	if l.queue.Len() == 0 && l.queue.Folding() && !l.resuming {
		l.resuming = true
		l.world.step(core.Resume{Handle: &l.handle})
		l.read(n)
	}
}

// upToDate reports whether all events have been read.
func (l *listener) upToDate() bool {
	return l.queue.Len() == 0 && !l.queue.Folding() && !l.midway
}

// apply makes the copies what an event says, and checks that it fits.
func (l *listener) apply(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Sync:
		l.sync(ev)
		return
	case *subs.Lag, *subs.Custom:
		return
	case *subs.Stale:
		if l.stream && ev.RID() == "" || ev.RID() == l.rid() {
			for n := range l.copies {
				l.copies[n].live = false
			}
			return
		}
	}
	n := nameOf(ev.RID())
	if n == nameless || l.copies[n].content == nil {
		if _, un := ev.(*subs.Unsubscribe); !un {
			l.world.fail("an event of what was never told", "%v: %v", l, ev)
		}
		return
	}
	m := &l.copies[n]
	switch ev := ev.(type) {
	case *subs.Stale, *subs.Delete:
		m.live = false
	case *subs.Drop:
		*m = mirror{}
	case *subs.Change:
		m.content, l.midway = l.changed(m.content, ev), ev.Resync
	case *subs.Add:
		m.content, l.midway = l.added(m.content, ev), ev.Resync
	case *subs.Remove:
		m.content, l.midway = l.removed(m.content, ev), ev.Resync
	}
}

// sync takes in what the resource is.
func (l *listener) sync(ev *subs.Sync) {
	l.midway = false
	if ev.View != nil {
		for _, rid := range ev.View.RIDs() {
			n := nameOf(rid)
			if r := ev.View.Resource(rid); r != nil {
				l.copies[n] = mirror{contentOf(r), ev.View.Live(rid)}
			}
		}
		if l.stream || l.deep {
			for n := range l.copies {
				if ev.View.Resource(rids[n]) == nil {
					l.copies[n] = mirror{}
				}
			}
		}
	}
	if ev.Resource == nil {
		return
	}
	n, c := nameOf(ev.RID()), contentOf(ev.Resource)
	if m := l.copies[n]; m.content != nil && ev.Reason == subs.SyncReconnect && !l.stream && !l.deep && !m.equal(c) {
		l.world.fail("the events do not lead to the Sync", "%v has %v, then %v", l, m.content, ev)
	}
	l.copies[n] = mirror{c, true}
}

func (l *listener) changed(c *content, ev *subs.Change) *content {
	if c.kind != wire.KindModel {
		l.world.fail("a change of what is no model", "%v: %v", l, ev)
		return c
	}
	d := *c
	for change := range ev.Changes() {
		i := int(change.Name[0] - props[0])
		if !d.props[i].is(change.Old) {
			l.world.fail("an old value that was not there", "%v has %v: %v", l, c, ev)
		}
		d.props[i] = valueOf(change.New)
	}
	return &d
}

func (l *listener) added(c *content, ev *subs.Add) *content {
	if c.kind != wire.KindCollection || ev.Index > len(c.items) {
		l.world.fail("an add that does not fit", "%v has %v: %v", l, c, ev)
		return c
	}
	return &content{kind: wire.KindCollection, items: slices.Insert(slices.Clone(c.items), ev.Index, valueOf(ev.Value))}
}

func (l *listener) removed(c *content, ev *subs.Remove) *content {
	if c.kind != wire.KindCollection || ev.Index >= len(c.items) || !c.items[ev.Index].is(ev.Value) {
		l.world.fail("a remove that does not fit", "%v has %v: %v", l, c, ev)
		return c
	}
	return &content{kind: wire.KindCollection, items: slices.Delete(slices.Clone(c.items), ev.Index, ev.Index+1)}
}
