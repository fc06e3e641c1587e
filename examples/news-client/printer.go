package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// printer prints messages as they are on the wire, and events as they are meant.
type printer struct {
	patience time.Duration // how long to wait for a message at most
	shown    chan struct{} // a token for every message printed that brings news
	answered chan struct{} // closed when the answer to the unsubscribe request was printed

	unsubscribe uint64 // the id of that request; belongs to the frame hook
	missed      bool   // the last event was a difference; belongs to read

	mu  sync.Mutex
	out io.Writer
}

func newPrinter(out io.Writer, patience time.Duration) *printer {
	return &printer{out: out, patience: patience, shown: make(chan struct{}, 1000), answered: make(chan struct{})}
}

// frame is the hook for raw messages.
func (p *printer) frame(f conn.Frame) {
	if f.Sent {
		p.line("sent", f.Data)
		if r, err := wire.ParseRequest(f.Data); err == nil && r.Type == wire.TypeUnsubscribe {
			p.unsubscribe = r.ID
		}
		return
	}
	p.line("received", f.Data)
	if bytes.Contains(f.Data, []byte(`"news.today`)) {
		p.shown <- struct{}{}
	}
	if m, err := wire.Parse(f.Data); err == nil {
		if r, ok := m.(*wire.Response); ok && r.ID == p.unsubscribe {
			close(p.answered)
		}
	}
}

// read prints events until there were n updates, or ctx ends.
func (p *printer) read(ctx context.Context, news *conn.Subscription, n int) {
	for ev := range news.Events(ctx) {
		if p.fromMessage(ev) {
			p.wait(p.shown)
		}
		p.line("meaning", []byte(ev.String()))
		if _, ok := ev.(*subs.Change); ok {
			n--
		}
		if n == 0 {
			return
		}
	}
}

// fromMessage reports whether an event came with a message of its own: that the
// news are stale does not, and of what comes after it only the first event does.
func (p *printer) fromMessage(ev subs.Event) bool {
	after := p.missed
	change, ok := ev.(*subs.Change)
	p.missed = ok && change.Resync
	switch ev := ev.(type) {
	case *subs.Stale, *subs.Lag:
		return false
	case *subs.Sync:
		return !after && ev.Reason != subs.SyncLag
	}
	return true
}

// released waits until the gateway has answered the unsubscribe request.
func (p *printer) released() { p.wait(p.answered) }

// wait waits for what the frame hook, which runs beside the subscription, is about
// to print.
func (p *printer) wait(c <-chan struct{}) {
	select {
	case <-c:
	case <-time.After(p.patience):
	}
}

func (p *printer) line(label string, text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%-8s  %s\n", label, text)
}
