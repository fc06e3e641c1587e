package conn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// status is what the owner publishes for everybody to read.
type status struct {
	state    state.State
	inSync   bool
	stale    int    // subscriptions that are not live
	lost     int    // of them, those that were live once
	cause    error  // of the last loss or failed attempt; nil while Connected
	attempt  int    // of the last transition
	gateway  string // of the last transition
	draining bool
	since    time.Time     // when healthy last changed
	changed  chan struct{} // closed when there is a newer status
}

// healthy reports whether nothing that was live is not. It does not depend on what
// was asked for a moment ago and has no answer yet.
func (s *status) healthy() bool { return s.state == state.Connected && s.lost == 0 }

// publish makes what the core has come to known, if it is news.
func (c *Client) publish(o *core.Core, transitions []state.Transition) {
	old := c.status.Load()
	inSync, stale, lost, draining := o.InSync(), o.Stale(), o.Lost(), o.Draining()
	if len(transitions) == 0 && inSync == old.inSync && stale == old.stale && lost == old.lost && draining == old.draining {
		return
	}
	next := *old
	next.state, next.inSync, next.stale, next.lost, next.draining = o.State(), inSync, stale, lost, draining
	for _, t := range transitions {
		next.attempt, next.gateway = t.Attempt, t.Gateway
		if t.Cause != nil || t.To == state.Connected {
			next.cause = t.Cause
		}
	}
	if next.healthy() != old.healthy() {
		next.since = time.Now()
	}
	next.changed = make(chan struct{})
	c.status.Store(&next)
	close(old.changed)
}

// WaitFor waits until the client is in one of the given states. It fails when ctx
// ends, and with [ErrClosed] when the client is closed and that was not waited
// for; both errors say what the last attempt to connect met.
func (c *Client) WaitFor(ctx context.Context, states ...state.State) error {
	return c.wait(ctx, func(s *status) (bool, error) {
		return slices.Contains(states, s.state), fmt.Errorf("conn: still %v", s.state)
	})
}

// WaitInSync waits until the client is Connected and every subscription is live.
// It fails like [Client.WaitFor].
func (c *Client) WaitInSync(ctx context.Context) error {
	return c.wait(ctx, func(s *status) (bool, error) {
		return s.inSync, fmt.Errorf("conn: still %v, %d stale%s", s.state, s.stale, c.someStale(ctx))
	})
}

// someStale names subscriptions that are stale, for an error.
func (c *Client) someStale(ctx context.Context) string {
	if ctx.Err() == nil {
		return "" // no error yet
	}
	rids := c.figuresNow().staleSome
	few := rids[:min(len(rids), staleNamed)]
	return nameSome(few, len(few) < len(rids))
}

// nameSome lists resources in brackets, or nothing if there are none.
func nameSome(rids []string, more bool) string {
	switch list := strings.Join(rids, ", "); {
	case len(rids) == 0:
		return ""
	case more:
		return " (" + list + ", …)"
	default:
		return " (" + list + ")"
	}
}

// wait waits until reached says so; reached also says what to report if that never is.
func (c *Client) wait(ctx context.Context, reached func(*status) (bool, error)) error {
	for {
		s := c.status.Load()
		if ok, _ := reached(s); ok {
			return nil
		}
		switch {
		case s.state == state.Closed && s.cause != nil:
			return fmt.Errorf("conn: %w: %w", ErrClosed, s.cause)
		case s.state == state.Closed:
			return fmt.Errorf("conn: %w", ErrClosed)
		}
		select {
		case <-s.changed:
			continue
		case <-ctx.Done():
		}
		if c.status.Load() != s {
			continue // both, and the latest counts: what is reached, or what the last attempt met
		}
		_, problem := reached(s)
		if s.cause != nil {
			return fmt.Errorf("%w: %w; the last attempt: %w", problem, ctx.Err(), s.cause)
		}
		return fmt.Errorf("%w: %w", problem, ctx.Err())
	}
}
