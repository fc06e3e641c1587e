package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// resource is what the service follows.
const resource = "news.today"

// news is the model, as far as this service cares.
type news struct {
	Edition int    `json:"edition"`
	Message string `json:"message"`
}

// board is the state of the service: what has come of the feed.
type board struct {
	mu      sync.Mutex
	latest  news
	known   bool      // there ever were news
	stale   bool      // they may be old: in an outage, say
	changed time.Time // when they last changed
	changes int
}

// apply takes an event in.
func (b *board) apply(ev subs.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	switch ev := ev.(type) {
	case *subs.Sync: // the whole model: at first, and after an outage
		err = b.set(ev.Decoded())
		b.stale = err != nil
	case *subs.Change: // after Stale, what has changed meanwhile; the Sync is yet to come
		err = b.set(ev.Decoded())
		b.stale = b.stale || err != nil
	case *subs.Stale:
		b.stale = true
	}
	return err
}

// set takes what an event has decoded. It is called under mu.
func (b *board) set(decoded any, err error) error {
	if err != nil {
		return err // what there is stays; the next Sync may be readable again
	}
	latest, ok := decoded.(news)
	if !ok {
		return errors.New("no model any more")
	}
	if latest != b.latest || !b.known {
		b.latest, b.known, b.changed = latest, true, time.Now()
		b.changes++
	}
	return nil
}

// follow keeps the board up to date until the client is closed, and says why it was.
func (s *service) follow(ctx context.Context) error {
	feed, err := s.subscribe(ctx)
	if err != nil {
		return err
	}
	for ev := range feed.Events(context.Background()) { // ends with the client, so news come to the last
		if err := s.board.apply(ev); err != nil {
			s.log.Warn("news not understood", "rid", ev.RID(), "cause", err)
		}
	}
	return feed.Err()
}

// subscribe tries until it is granted, which is once: from then on the client sees to
// it. The service behind the gateway may start after this one.
func (s *service) subscribe(ctx context.Context) (*conn.Subscription, error) {
	delays := backoff.NewExponentialBackOff(backoff.WithMaxInterval(30*time.Second), backoff.WithMaxElapsedTime(0))
	try := func() (*conn.Subscription, error) {
		feed, err := s.client.Subscribe(ctx, resource)
		if errors.Is(err, conn.ErrClosed) {
			err = backoff.Permanent(err)
		}
		return feed, err
	}
	return backoff.RetryNotifyWithData(try, backoff.WithContext(delays, ctx), func(err error, wait time.Duration) {
		s.log.Warn("not subscribed yet", "rid", resource, "cause", err, "delay", wait.Round(time.Millisecond))
	})
}
