package conn

import (
	"context"

	"github.com/resclient/resclient-go/subs"
)

// Handlers are functions for the events of a subscription, one for each kind. Those
// that are nil are not called. Give them to [Subscription.Handle], or their
// [Handlers.Dispatch] to [WithHandler].
type Handlers struct {
	Sync        func(*subs.Sync)        // the whole resource: at first, and after every gap
	Change      func(*subs.Change)      // properties of a model
	Add         func(*subs.Add)         // an item came into a collection
	Remove      func(*subs.Remove)      // an item left a collection
	Custom      func(*subs.Custom)      // an event of the service's own
	Delete      func(*subs.Delete)      // the service deleted the resource
	Unsubscribe func(*subs.Unsubscribe) // the gateway ended the subscription
	Stale       func(*subs.Stale)       // no events until the next Sync
	Lag         func(*subs.Lag)         // events were folded; a Sync follows
	Drop        func(*subs.Drop)        // of a deep subscription: a resource is reached no more
}

// Dispatch calls the function for the kind of ev, if there is one.
func (h Handlers) Dispatch(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Sync:
		invoke(h.Sync, ev)
	case *subs.Change:
		invoke(h.Change, ev)
	case *subs.Add:
		invoke(h.Add, ev)
	case *subs.Remove:
		invoke(h.Remove, ev)
	case *subs.Custom:
		invoke(h.Custom, ev)
	case *subs.Delete:
		invoke(h.Delete, ev)
	case *subs.Unsubscribe:
		invoke(h.Unsubscribe, ev)
	case *subs.Stale:
		invoke(h.Stale, ev)
	case *subs.Lag:
		invoke(h.Lag, ev)
	case *subs.Drop:
		invoke(h.Drop, ev)
	}
}

func invoke[E any](f func(E), ev E) {
	if f != nil {
		f(ev)
	}
}

// Handle calls h with every event of the subscription, in order and in the calling
// goroutine, and returns why it ended, which is never nil: the error of ctx,
// [ErrSubscriptionClosed] or [ErrClosed], or whatever else has ended the
// subscription. It is a loop over [Subscription.Events]: when ctx ends it, the
// subscription stays, and another loop goes on where this one ended. A function of h
// that wants it to end cancels ctx or closes the subscription; it gets no more events
// then.
func (s *Subscription) Handle(ctx context.Context, h Handlers) error {
	for ev := range s.Events(ctx) {
		h.Dispatch(ev)
	}
	return s.Err()
}
