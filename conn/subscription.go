package conn

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

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

	mu       sync.Mutex
	rid      string      // of a resource that a call is answered with: "" before its first event
	inbox    *inbox      // nil while there is no need for one
	reading  bool        // Events is being ranged over, or the handler is to run
	resuming bool        // the owner was asked for a Sync after folding
	live     bool        // the resource was live after the last event
	closed   atomic.Bool // by Close: what waits is not read any more; set under mu
}

// inbox is what a subscription needs while something waits for it, or somebody does.
// Most have a handler and are at rest most of the time, so they use one after another.
type inbox struct {
	queue    *subs.Queue
	*signals // nil until anybody waits, or there is an end
}

// signals is what a subscription does not need while a handler hears of it, or
// nobody does: most of them.
type signals struct {
	wake      chan struct{} // has a token when there may be something to read
	ended     chan struct{} // closed when there will be nothing more
	changed   chan struct{} // closed when live changes
	endErr    error         // why there will be nothing more
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
	s := &Subscription{client: c, rid: rid}
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

// String names the resource.
func (s *Subscription) String() string { return fmt.Sprintf("subscription to %q", s.RID()) }

// Done returns a channel that is closed when the subscription has ended: by its
// Close, by the client's, or because it was given up: a retry policy or a back-off said
// stop, or a message was over the read limit.
func (s *Subscription) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signal().ended
}

// Err returns why the last loop over Events ended: the error of its context,
// [ErrSubscriptionClosed], [ErrClosed], or whatever else has ended the
// subscription. It is nil while a loop runs and after a loop that the program left
// by itself.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inbox == nil || s.inbox.signals == nil {
		return nil
	}
	return s.inbox.readerErr
}

// signal returns the signals, made when they are first needed. It is called under mu.
func (s *Subscription) signal() *signals {
	if s.inbox == nil {
		s.inbox = s.client.newInbox()
	}
	if s.inbox.signals == nil {
		s.inbox.signals = &signals{
			wake:    make(chan struct{}, 1),
			ended:   make(chan struct{}),
			changed: make(chan struct{}),
		}
	}
	return s.inbox.signals
}

// Close ends the subscription and releases the resource. It does not wait for the
// network. No event is taken from the queue any more; a handler that runs is not
// waited for. Closing again does nothing.
func (s *Subscription) Close() {
	s.mu.Lock()
	s.closed.Store(true)
	if s.inbox != nil {
		s.inbox.queue.Clear()
	}
	s.mu.Unlock()
	s.end(ErrSubscriptionClosed)
	s.client.send(core.Unsubscribe{RID: s.RID(), Handle: &s.handle})
}

// end makes the subscription end after what is in the queue.
func (s *Subscription) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signals := s.signal()
	if signals.endErr != nil {
		return
	}
	signals.endErr, s.live = err, false
	close(signals.ended)
}

// reason returns why the subscription has ended, nil if it has not.
func (s *Subscription) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inbox == nil || s.inbox.signals == nil {
		return nil
	}
	return s.inbox.endErr
}

// WaitSync waits until the resource is live, that is, in step with the gateway.
// The error says which resource was waited for.
func (s *Subscription) WaitSync(ctx context.Context) error {
	for {
		s.mu.Lock()
		live, signals := s.live, s.signal()
		ended, changed, endErr := signals.ended, signals.changed, signals.endErr
		s.mu.Unlock()
		if live {
			return nil
		}
		if endErr != nil {
			return fmt.Errorf("conn: wait for %q: %w", s.RID(), endErr)
		}
		select {
		case <-changed:
		case <-ended:
		case <-ctx.Done():
			return fmt.Errorf("conn: wait for %q, which is stale: %w", s.RID(), ctx.Err())
		}
	}
}
