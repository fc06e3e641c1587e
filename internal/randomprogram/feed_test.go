package randomprogram_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// consumer is how a feed is read.
type consumer struct {
	handler bool
	watch   bool          // with conn.Watch, and everything that the resource refers to
	pause   time.Duration // after each event
	atOnce  int           // how many events before a long pause; 0 for all
}

var consumers = map[string]consumer{
	"loop":         {},
	"slow":         {pause: 20 * time.Millisecond},
	"lazy":         {atOnce: 3},
	"handler":      {handler: true},
	"slow-handler": {handler: true, pause: 20 * time.Millisecond},
	"watch":        {watch: true},
	"slow-watch":   {watch: true, pause: 50 * time.Millisecond},
}

// feed is a subscription of the program, with a replica of the resource that is kept
// from its events.
type feed struct {
	run    *run
	client *client
	rid    string
	how    consumer

	mu           sync.Mutex
	subscription *conn.Subscription
	closed       bool // wanted no more, or refused
	replica
	watched
}

func newFeed(r *run, c *client, rid string, how consumer) *feed {
	return &feed{run: r, client: c, rid: rid, how: how}
}

func (f *feed) options() []conn.SubscribeOption {
	if f.how.handler {
		return []conn.SubscribeOption{conn.WithHandler(f.take)}
	}
	return nil
}

// opened takes in what became of the subscribing.
func (f *feed) opened(s *conn.Subscription, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subscription = s
	switch {
	case err != nil:
		f.closed = true
	case f.closed:
		s.Close()
	case !f.how.handler:
		f.run.callings.Go(f.read)
	}
}

func (f *feed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.subscription != nil {
		f.subscription.Close()
	}
	if f.stop != nil {
		f.stop()
	}
}

// state returns whether the feed is open, and a copy of its replica.
func (f *feed) state() (open bool, is replica) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.closed && (f.subscription != nil || f.values > 0), f.replica.clone()
}

func (f *feed) read() {
	s := f.subscription
	for s.Err() == nil {
		read := 0
		for ev := range s.Events(context.Background()) {
			f.take(ev)
			if read++; read == f.how.atOnce {
				break
			}
		}
		if s.Err() == nil {
			time.Sleep(10 * 20 * time.Millisecond)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.run.fail(fmt.Errorf("client %d: the events of %q have ended: %w", f.client.number, f.rid, s.Err()))
	}
}

func (f *feed) take(ev subs.Event) {
	f.run.log.printf("  client %d: %p %v", f.client.number, f, ev)
	f.mu.Lock()
	if err := f.replica.take(f.rid, ev); err != nil && !f.closed {
		f.run.fail(fmt.Errorf("client %d: event %q: %w; the replica was %v", f.client.number, ev, err, f.content))
	}
	f.mu.Unlock()
	time.Sleep(f.how.pause)
}

// replica is a resource kept from events. Only where events cannot tell, at first,
// after a Lag and when the kind has changed, is it what a Sync says.
type replica struct {
	content
	synced bool // has had a Sync
	stale  bool
	lagged bool // the Sync that belongs to a Lag has not come
}

func (r *replica) clone() replica {
	c := *r
	c.properties = make(map[string]res.Value, len(r.properties))
	for name, v := range r.properties {
		c.properties[name] = v
	}
	c.items = append([]res.Value(nil), r.items...)
	return c
}

// take applies an event, and says what of it does not fit.
func (r *replica) take(rid string, ev subs.Event) error {
	if ev.RID() != rid {
		return fmt.Errorf("is of %q, not of %q", ev.RID(), rid)
	}
	if err := r.expected(ev); err != nil {
		return err
	}
	switch ev := ev.(type) {
	case *subs.Sync:
		return r.sync(ev)
	case *subs.Lag:
		r.lagged = true
	case *subs.Stale:
		r.stale = true
	case *subs.Change:
		return r.change(ev)
	case *subs.Add:
		return r.insert(ev.Index, ev.Value)
	case *subs.Remove:
		return r.remove(ev.Index, ev.Value)
	}
	return nil
}

// expected says whether an event may come now.
func (r *replica) expected(ev subs.Event) error {
	resync := false
	switch ev := ev.(type) {
	case *subs.Sync:
		if r.lagged != (ev.Reason == subs.SyncLag) {
			return errors.New("is not the Sync to be expected")
		}
		return nil
	case *subs.Lag:
		return nil
	case *subs.Change:
		resync = ev.Resync
	case *subs.Add:
		resync = ev.Resync
	case *subs.Remove:
		resync = ev.Resync
	case *subs.Custom:
	case *subs.Stale, *subs.Unsubscribe, *subs.Delete:
		resync = r.stale // may come in either state
	}
	switch {
	case !r.synced, r.lagged:
		return errors.New("comes before a Sync")
	case resync != r.stale:
		return fmt.Errorf("does not fit staleness %v", r.stale)
	}
	return nil
}

func (r *replica) sync(ev *subs.Sync) error {
	was, is := *r, replica{content: contentOf(ev.Resource), synced: true}
	*r = is
	switch {
	case ev.Reason == subs.SyncFirst && was.synced:
		return errors.New("is not the first")
	case ev.Reason == subs.SyncReconnect && !was.stale:
		return errors.New("was not stale")
	case ev.Reason == subs.SyncReconnect && was.String() != is.String():
		return errors.New("the events lead to something else")
	}
	return nil
}

func (r *replica) change(ev *subs.Change) error {
	if ev.Len() == 0 {
		return errors.New("changes nothing")
	}
	for c := range ev.Changes() {
		if r.properties[c.Name] != c.Old || c.Old == c.New {
			return fmt.Errorf("property %q was another", c.Name)
		}
		r.properties[c.Name] = c.New
		if c.New.IsAbsent() {
			delete(r.properties, c.Name)
		}
	}
	return nil
}

func (r *replica) insert(i int, v res.Value) error {
	if i < 0 || i > len(r.items) {
		return errors.New("the index is out of range")
	}
	r.items = append(r.items[:i:i], append([]res.Value{v}, r.items[i:]...)...)
	return nil
}

func (r *replica) remove(i int, v res.Value) error {
	if i < 0 || i >= len(r.items) || r.items[i] != v {
		return errors.New("it was not there")
	}
	r.items = append(r.items[:i:i], r.items[i+1:]...)
	return nil
}
