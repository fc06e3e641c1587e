package subs_test

import (
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// mirror is a program that keeps a resource from its events alone, and insists that
// they make sense.
type mirror struct {
	seen    int
	live    bool
	lagging bool
	kind    wire.Kind
	props   map[string]res.Value
	items   []res.Value
	err     error
}

func (m *mirror) apply(ev subs.Event) error {
	sync, isSync := ev.(*subs.Sync)
	_, isLag := ev.(*subs.Lag)
	if isFirst := isSync && sync.Reason == subs.SyncFirst; isFirst != (m.seen == 0) && !isLag {
		return fmt.Errorf("%v is event number %d", ev, m.seen)
	}
	if isLagSync := isSync && sync.Reason == subs.SyncLag; isLagSync != m.lagging && !isLag {
		return fmt.Errorf("%v, with a lag before: %t", ev, m.lagging)
	}
	m.seen++
	switch ev := ev.(type) {
	case *subs.Sync:
		return m.sync(ev)
	case *subs.Lag:
		if m.lagging = true; ev.Events < 1 || ev.Custom > ev.Events {
			return fmt.Errorf("%v makes no sense", ev)
		}
	case *subs.Stale:
		if !m.live || ev.Cause == nil {
			return fmt.Errorf("%v, live before: %t", ev, m.live)
		}
		m.live = false
	case *subs.Custom:
		if !m.live {
			return fmt.Errorf("%v while stale", ev)
		}
	case *subs.Change:
		return m.change(ev)
	case *subs.Add:
		if m.live == ev.Resync || ev.Index > len(m.items) {
			return fmt.Errorf("%v, live %t, to %d items", ev, m.live, len(m.items))
		}
		m.items = slices.Insert(m.items, ev.Index, ev.Value)
	case *subs.Remove:
		if m.live == ev.Resync || ev.Index >= len(m.items) || m.items[ev.Index] != ev.Value {
			return fmt.Errorf("%v, live %t, from %v", ev, m.live, m.items)
		}
		m.items = slices.Delete(m.items, ev.Index, ev.Index+1)
	}
	return nil
}

func (m *mirror) sync(ev *subs.Sync) error {
	if ev.Reason == subs.SyncReconnect || ev.Reason == subs.SyncKindChanged {
		if m.live {
			return fmt.Errorf("%v while live", ev)
		}
	}
	if ev.Reason == subs.SyncReconnect && !m.equal(ev.Resource) {
		return fmt.Errorf("%v, and the events gave %v %v", ev, m.props, m.items)
	}
	if ev.Reason == subs.SyncKindChanged && m.kind == ev.Resource.Kind() && m.kind != wire.KindError {
		return fmt.Errorf("%v, and it was a %v before", ev, m.kind)
	}
	m.live, m.lagging = true, false
	m.kind, m.err = ev.Resource.Kind(), ev.Resource.Err()
	m.props, m.items = map[string]res.Value{}, nil
	for name, v := range ev.Resource.Properties() {
		m.props[name] = v
	}
	for _, v := range ev.Resource.Items() {
		m.items = append(m.items, v)
	}
	return nil
}

func (m *mirror) change(ev *subs.Change) error {
	if m.live == ev.Resync || ev.Len() == 0 {
		return fmt.Errorf("%v, live %t", ev, m.live)
	}
	for c := range ev.Changes() {
		if m.props[c.Name] != c.Old || c.Old == c.New {
			return fmt.Errorf("%v, and %q was %v", ev, c.Name, m.props[c.Name])
		}
		if m.props[c.Name] = c.New; c.New.IsAbsent() {
			delete(m.props, c.Name)
		}
	}
	return nil
}

func (m *mirror) equal(r *subs.Resource) bool {
	if m.kind != r.Kind() || len(m.props)+len(m.items) != r.Len() {
		return false
	}
	for name, v := range r.Properties() {
		if m.props[name] != v {
			return false
		}
	}
	for i, v := range r.Items() {
		if m.items[i] != v {
			return false
		}
	}
	return fmt.Sprint(m.err) == fmt.Sprint(r.Err())
}

// consumer is a mirror behind a queue.
type consumer struct {
	mirror
	deep   *deepMirror   // in place of mirror, nil for none
	latest *latestMirror // the same
	handle *subs.Handle
	queue  *subs.Queue
}

func newConsumer(limit int) *consumer {
	c := &consumer{queue: subs.NewQueue(subs.Limits{Events: limit, Bytes: 1 << 20})}
	c.handle = &subs.Handle{Owner: c}
	return c
}

// newDeepConsumer makes one that hears of everything that rid reaches.
func newDeepConsumer(rid string, limit int) *consumer {
	c := newConsumer(limit)
	c.deep = &deepMirror{root: rid}
	c.handle.Deep = true
	return c
}

func (c *consumer) take(reg *subs.Registry, ev subs.Event) error {
	switch {
	case c.deep != nil:
		return c.deep.apply(ev)
	case c.latest != nil:
		return c.latest.apply(reg, c.handle, ev)
	}
	return c.apply(ev)
}

// read takes up to n events. A queue that has folded is given the state of now.
func (c *consumer) read(reg *subs.Registry, n int) error {
	for range n {
		ev, ok := c.queue.Pop()
		if !ok {
			if c.queue.Folding() {
				reg.Resume(c.handle)
				deliver(reg)
				continue
			}
			return nil
		}
		if err := c.take(reg, ev); err != nil {
			return err
		}
	}
	return nil
}

// readAll takes everything.
func (c *consumer) readAll(reg *subs.Registry) error {
	for c.queue.Len() > 0 || c.queue.Folding() {
		if err := c.read(reg, 1); err != nil {
			return err
		}
	}
	return c.read(reg, 1<<20) // the rest of what was begun
}

// deliver puts what was decided into the queues.
func deliver(reg *subs.Registry) {
	for _, d := range reg.TakeDeliveries() {
		owner := d.Handle.Owner
		if l, wants := owner.(*subs.Latest); wants {
			owner = l.Owner
		}
		owner.(*consumer).queue.Push(d.Event)
	}
}
