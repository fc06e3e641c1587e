package conn

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// Subscription is the program's subscription to one resource. It outlives
// connections: when one is lost, its events are a [subs.Stale] and, on the next
// connection, the difference and a [subs.Sync].
//
// It is read with [Subscription.Events], by one consumer at a time, or by the
// function given to [WithHandler]. A consumer that is slow never holds up
// anything else; when its queue is full, events are folded into a [subs.Lag] and a
// Sync.
type Subscription struct {
	client  *Client
	handle  subs.Handle
	handler func(subs.Event)
	wake    chan struct{} // has a token when there may be something to read
	ended   chan struct{} // closed when there will be nothing more

	mu        sync.Mutex
	rid       string // of a resource that a call is answered with: "" before its first event
	queue     *subs.Queue
	reading   bool          // Events is being ranged over, or the handler runs
	resuming  bool          // the owner was asked for a Sync after folding
	live      bool          // the resource was live after the last event
	changed   chan struct{} // closed when live changes
	endErr    error         // why there will be nothing more
	closed    bool          // by Close: what waits is not read any more
	readerErr error         // why the last loop over Events ended
}

// SubscribeOption changes how one subscription works.
type SubscribeOption func(*Subscription)

// WithHandler has f called with every event, one at a time, in a goroutine that
// exists only while there are events. The subscription cannot be read with Events
// then.
func WithHandler(f func(subs.Event)) SubscribeOption {
	return func(s *Subscription) { s.handler = f }
}

// Deep makes the subscription hear of everything that its resource reaches through
// references, now or later. Its first event is a [subs.Sync] with a View of it all;
// then come the events of each resource, told apart by their RID. What comes to be
// reached has a Sync before the event that refers to it, what is reached no more a
// [subs.Drop] after. While the resource itself is stale nothing comes, and then a
// Sync with a View again.
//
// An event that takes a reference away costs time in proportion to what is reached.
func Deep() SubscribeOption {
	return func(s *Subscription) { s.handle.Deep = true }
}

// Subscribe subscribes to the resource rid (RES-Client protocol, "Subscribe
// request") and returns when the gateway has granted it, with the error of the
// gateway if it has not: a [*res.Error] like [res.ErrNotFound]. Without a
// connection it waits for one, as long as ctx allows; ctx does not matter after
// that. Subscribing again to what the client has subscribed already sends nothing
// and returns at once, even when the resource is stale.
//
// An rid that could not be sent is an error that wraps [res.ErrInvalidRID].
func (c *Client) Subscribe(ctx context.Context, rid string, opts ...SubscribeOption) (*Subscription, error) {
	if err := res.CheckRID(rid); err != nil {
		return nil, fmt.Errorf("conn: subscribe: %w", err)
	}
	s := c.newSubscription(rid, opts)
	replies := make(chan core.Reply, 1)
	_, err := c.ask(ctx,
		core.Subscribe{RID: rid, Handle: &s.handle, To: replies}, replies,
		core.CancelSubscribe{RID: rid, Handle: &s.handle})
	if err != nil {
		s.end(err)
		return nil, fmt.Errorf("conn: subscribe %q: %w", rid, err)
	}
	return s, nil
}

func (c *Client) newSubscription(rid string, opts []SubscribeOption) *Subscription {
	s := &Subscription{
		client:  c,
		rid:     rid,
		wake:    make(chan struct{}, 1),
		ended:   make(chan struct{}),
		changed: make(chan struct{}),
		queue:   subs.NewQueue(c.set.queueLimits),
	}
	s.handle.Owner = s
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// RID returns the resource id: as it was given to Subscribe, or as the service
// answered it.
func (s *Subscription) RID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rid
}

// Done returns a channel that is closed when the subscription has ended: by its
// Close, by the client's, or because its retry back-off said stop.
func (s *Subscription) Done() <-chan struct{} { return s.ended }

// Err returns why the last loop over Events ended: the error of its context,
// [ErrSubscriptionClosed], [ErrClosed], or whatever else has ended the
// subscription. It is nil while a loop runs and after a loop that the program left
// by itself.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.readerErr
}

// Close ends the subscription and releases the resource. It does not wait for the
// network. No event is taken from the queue any more; a handler that runs is not
// waited for. Closing again does nothing.
func (s *Subscription) Close() {
	s.mu.Lock()
	s.closed = true
	s.queue.Clear()
	s.mu.Unlock()
	s.end(ErrSubscriptionClosed)
	s.client.send(core.Unsubscribe{RID: s.RID(), Handle: &s.handle})
}

// Events returns an iterator over the events of the resource, beginning with a
// [subs.Sync]. It ends when ctx does or the subscription has ended, see
// [Subscription.Err]. Leaving the loop keeps the subscription; another loop goes on
// where it ended. Two loops at the same time, or one beside a handler, are a
// mistake that panics.
func (s *Subscription) Events(ctx context.Context) iter.Seq[subs.Event] {
	return func(yield func(subs.Event) bool) {
		s.beginReading()
		defer s.endReading()
		for {
			ev, err := s.next(ctx)
			if err != nil {
				s.mu.Lock()
				s.readerErr = err
				s.mu.Unlock()
				return
			}
			if !yield(ev) {
				return
			}
		}
	}
}

func (s *Subscription) beginReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading || s.handler != nil {
		panic(fmt.Sprintf("conn: subscription %q has another consumer", s.rid))
	}
	s.reading, s.readerErr = true, nil
}

func (s *Subscription) endReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = false
}

// next waits for the next event.
func (s *Subscription) next(ctx context.Context) (subs.Event, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if ev, ok := s.pop(); ok {
			return ev, nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		case <-s.ended:
			if ev, ok := s.pop(); ok { // pushed before the end
				return ev, nil
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return nil, s.endErr
		}
	}
}

// pop takes an event from the queue. When the queue has folded, it asks for the
// resource as it is now, once.
func (s *Subscription) pop() (subs.Event, bool) {
	s.mu.Lock()
	if work := s.queue.Prepare(); work != nil {
		s.mu.Unlock() // the owner must not have to wait for it
		work()
		s.mu.Lock()
	}
	if s.closed {
		s.mu.Unlock()
		return nil, false
	}
	ev, ok := s.queue.Pop()
	ask := !ok && s.queue.Folding() && !s.resuming
	s.resuming = s.resuming || ask
	s.mu.Unlock()
	if ask {
		s.client.send(core.Resume{Handle: &s.handle})
	}
	return ev, ok
}

// push takes an event from the owner.
func (s *Subscription) push(ev subs.Event, live bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if s.rid == "" {
		s.rid = ev.RID()
	}
	s.queue.Push(ev)
	if !s.queue.Folding() {
		s.resuming = false
	}
	if live != s.live {
		s.live = live
		close(s.changed)
		s.changed = make(chan struct{})
	}
	s.rouse()
}

// rouse makes the consumer look into the queue.
func (s *Subscription) rouse() {
	if s.handler == nil {
		select {
		case s.wake <- struct{}{}:
		default:
		}
		return
	}
	if !s.reading {
		s.reading = true
		s.client.user.Go(s.deliver)
	}
}

// deliver runs the handler until there is nothing to read. A handler may end its
// goroutine with runtime.Goexit, as FailNow of a test does; another one goes on.
func (s *Subscription) deliver() {
	done := false
	defer func() {
		if !done {
			s.client.user.Go(s.deliver)
		}
	}()
	for {
		if ev, ok := s.pop(); ok {
			s.callHandler(ev)
			continue
		}
		s.mu.Lock()
		s.reading = s.queue.Len() > 0 && !s.closed
		done = !s.reading
		s.mu.Unlock()
		if done {
			return
		}
	}
}

// callHandler runs the handler. A panic in it ends the program, and says which
// subscription it was in: the stack does not.
func (s *Subscription) callHandler(ev subs.Event) {
	defer func() {
		if cause := recover(); cause != nil {
			panic(fmt.Sprintf("conn: handler of %q: %v", ev.RID(), cause))
		}
	}()
	s.handler(ev)
}

// end makes the subscription end after what is in the queue.
func (s *Subscription) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr != nil {
		return
	}
	s.endErr, s.live = err, false
	close(s.ended)
}

// WaitSync waits until the resource is live, that is, in step with the gateway.
// The error says which resource was waited for.
func (s *Subscription) WaitSync(ctx context.Context) error {
	for {
		s.mu.Lock()
		live, changed, endErr := s.live, s.changed, s.endErr
		s.mu.Unlock()
		if live {
			return nil
		}
		if endErr != nil {
			return fmt.Errorf("conn: wait for %q: %w", s.RID(), endErr)
		}
		select {
		case <-changed:
		case <-s.ended:
		case <-ctx.Done():
			return fmt.Errorf("conn: wait for %q, which is stale: %w", s.RID(), ctx.Err())
		}
	}
}
