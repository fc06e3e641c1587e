package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// watcher shows what the client's hooks tell, and lets the story wait for it.
type watcher struct {
	page        *page
	transitions chan state.Transition // shown
	messages    chan struct{}         // a token for every message from the gateway that was shown
	released    chan struct{}         // closed when the answer to the unsubscribe request was shown
	unsubscribe uint64                // the id of that request; belongs to the frame hook
}

func newWatcher(p *page) *watcher {
	return &watcher{
		page:        p,
		transitions: make(chan state.Transition, 1000),
		messages:    make(chan struct{}, 1000),
		released:    make(chan struct{}),
	}
}

// transition is the hook for transitions of the connection.
func (w *watcher) transition(t state.Transition) {
	switch t.Event {
	case state.Opened: // the answer to the version request
		w.message()
	case state.Replayed: // the answers to the subscribe requests
		for range t.Subscriptions {
			w.message()
		}
	}
	attrs := []slog.Attr{slog.String("to", t.To.String())}
	if t.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", t.Attempt))
	}
	level := slog.LevelInfo
	if t.Cause != nil {
		level = slog.LevelWarn
		if t.To == state.Dialing {
			attrs = append(attrs, slog.Duration("delay", t.Delay.Round(time.Millisecond)))
		}
		attrs = append(attrs, tint.Attr(9, slog.Any("cause", t.Cause)))
	}
	w.page.log.LogAttrs(context.Background(), level, fmt.Sprintf("%-15s", t.Event), attrs...)
	w.transitions <- t
}

// until waits until a transition with this event was shown.
func (w *watcher) until(ctx context.Context, event state.EventKind) error {
	for {
		select {
		case t := <-w.transitions:
			if t.Event == event {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// frame is the hook for raw messages.
func (w *watcher) frame(f conn.Frame) {
	if f.Sent {
		w.page.line("sent", "%s", f.Data)
		if r, err := wire.ParseRequest(f.Data); err == nil && r.Type == wire.TypeUnsubscribe {
			w.unsubscribe = r.ID
		}
		return
	}
	w.page.line("received", "%s", f.Data)
	w.messages <- struct{}{}
	if m, err := wire.Parse(f.Data); err == nil {
		if r, ok := m.(*wire.Response); ok && r.ID == w.unsubscribe {
			close(w.released)
		}
	}
}

// message waits until one more message was shown. The hooks and the subscription
// run beside each other; what a message has led to comes after it on the page.
func (w *watcher) message() {
	select {
	case <-w.messages:
	case <-time.After(time.Second): // only the order on the page suffers
	}
}

// unsubscribed waits until the gateway has confirmed the unsubscribe request.
func (w *watcher) unsubscribed(ctx context.Context) error {
	select {
	case <-w.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
