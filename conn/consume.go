package conn

import (
	"context"
	"fmt"
	"iter"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
)

// Events returns an iterator over the events of the resource, beginning with a
// [subs.Sync]. It ends when ctx does or the subscription has ended, see
// [Subscription.Err]. Leaving the loop keeps the subscription; another loop goes on
// where it ended. Two loops at the same time, or one beside a handler, are a
// mistake that panics.
func (s *Subscription) Events(ctx context.Context) iter.Seq[subs.Event] {
	return func(yield func(subs.Event) bool) {
		signals := s.beginReading()
		defer s.endReading()
		for {
			ev, err := s.next(ctx, signals)
			if err != nil {
				s.mu.Lock()
				signals.readerErr = err
				s.mu.Unlock()
				return
			}
			if !yield(ev) {
				return
			}
		}
	}
}

func (s *Subscription) beginReading() *signals {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading || s.handler != nil {
		panic(fmt.Sprintf("conn: subscription %q has another consumer", s.rid))
	}
	s.reading = true
	s.signal().readerErr = nil
	return s.inbox.signals
}

func (s *Subscription) endReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
}

// next waits for the next event.
func (s *Subscription) next(ctx context.Context, signals *signals) (subs.Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if ev, ok := s.pop(); ok {
			return ev, nil
		}
		select {
		case <-signals.wake:
		case <-ctx.Done():
		case <-signals.ended:
			if ev, ok := s.pop(); ok { // pushed before the end
				return ev, nil
			}
			return nil, s.reason()
		}
	}
}

// pop takes an event from the queue. When the queue has folded, it asks for the
// resource as it is now, once. Without an event, a handler is not to run any more.
func (s *Subscription) pop() (subs.Event, bool) {
	s.mu.Lock()
	if work := s.prepare(); work != nil {
		s.mu.Unlock() // the owner must not have to wait for it
		work()
		s.mu.Lock()
	}
	var ev subs.Event
	ok, ask := false, false
	if in := s.inbox; in != nil {
		ev, ok = in.queue.Pop()
		ask = !ok && in.queue.Folding() && !s.resuming
		s.resuming = s.resuming || ask
		if in.signals == nil && in.queue.Idle() {
			s.client.inboxes.Put(in)
			s.inbox = nil
		}
	}
	if !ok && s.handler != nil {
		s.reading = false
	}
	s.mu.Unlock()
	if ask {
		s.client.send(core.Resume{Handle: &s.handle})
	}
	return ev, ok
}

// prepare returns work to be done before the next event can be taken.
func (s *Subscription) prepare() func() {
	if s.inbox == nil {
		return nil
	}
	return s.inbox.queue.Prepare()
}

// push takes an event from the owner, and returns what is to be done for the handler if
// that was not to run already.
func (s *Subscription) push(ev subs.Event, live bool) (t turn, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return t, false
	}
	if s.handler != nil && !s.reading && s.inbox == nil && s.rid != "" && single(ev) {
		s.reading, s.live = true, live
		return turn{s, ev}, true
	}
	if s.rid == "" {
		s.rid = ev.RID()
	}
	in := s.inbox
	if in == nil {
		in = s.client.newInbox()
		s.inbox = in
	}
	in.queue.Push(ev)
	if !in.queue.Folding() {
		s.resuming = false
	}
	if live != s.live {
		s.live = live
		if in.signals != nil {
			close(in.changed)
			in.changed = make(chan struct{})
		}
	}
	if s.handler == nil {
		s.rouse()
		return t, false
	}
	ready = !s.reading
	s.reading = true
	return turn{Subscription: s}, ready
}

// single reports whether an event is one of the many that mean nothing but themselves: a
// handler that is at rest needs no queue for it.
func single(ev subs.Event) bool {
	switch ev.(type) {
	case *subs.Change, *subs.Add, *subs.Remove, *subs.Stale, *subs.Sync:
		return true
	}
	return false
}

// rouse makes a loop over Events look into the queue.
func (s *Subscription) rouse() {
	if s.inbox.signals == nil {
		return // there is none
	}
	select {
	case s.inbox.wake <- struct{}{}:
	default:
	}
}

// newInbox returns an empty inbox.
func (c *Client) newInbox() *inbox {
	if in, ok := c.inboxes.Get().(*inbox); ok {
		return in
	}
	return &inbox{queue: subs.NewQueue(c.set.queueLimits)}
}
