package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// blast measures events: from the request that starts them until every one has been
// applied, and its handler has read it.
func blast(ctx context.Context, c config, f *figures) error {
	client, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer client.Close()
	t := newTally()
	began := time.Now()
	rids := c.rids()
	if err := subscribe(ctx, client, rids, t.take); err != nil {
		return err
	}
	f.SubscribeSeconds = time.Since(began).Seconds()
	if _, err := client.Subscribe(ctx, controlRID, conn.WithHandler(t.control)); err != nil {
		return err
	}
	events := slab{Events: c.events, Kind: c.kind, Size: c.size, Models: c.models}
	prepared, err := control(ctx, client, "prepare", events)
	if err != nil {
		return err
	}
	t.await(prepared.Events)
	runtime.GC()
	mallocs := allocations()
	watch, err := startStopwatch(c)
	if err != nil {
		return err
	}
	if _, err := control(ctx, client, "start", events); err != nil {
		return err
	}
	if err := t.wait(ctx); err != nil {
		return err
	}
	if err := watch.stop(f); err != nil {
		return err
	}
	f.Events = prepared.Events
	f.Allocs = float64(allocations()-mallocs) / float64(f.Events)
	sum, err := check(ctx, client, rids)
	if err != nil {
		return err
	}
	f.Checked = sum == t.said.Check && t.said.Events == f.Events && t.odd.Load() == 0
	return nil
}

// tally counts what the handlers have read.
type tally struct {
	read  atomic.Int64
	bytes atomic.Int64
	odd   atomic.Int64 // events that should not have been
	want  atomic.Int64
	all   chan struct{} // closed when as much was read as is wanted
	done  chan struct{} // closed when the gateway has said that it is done
	said  answered      // by then
}

func newTally() *tally { return &tally{all: make(chan struct{}), done: make(chan struct{})} }

func (t *tally) await(events int) { t.want.Store(int64(events)) }

// take reads an event as a program would: what has changed, and what it was.
func (t *tally) take(ev subs.Event) {
	read := 0
	switch ev := ev.(type) {
	case *subs.Sync:
		return
	case *subs.Change:
		read = len(ev.Value("seq").Raw()) + len(ev.Old("seq").Raw())
	case *subs.Add:
		read = len(ev.Value.Raw())
	case *subs.Remove:
		read = len(ev.Value.Raw())
	}
	if read == 0 {
		t.odd.Add(1)
	}
	t.bytes.Add(int64(read))
	if t.read.Add(1) == t.want.Load() {
		close(t.all)
	}
}

// control hears of bench.control.
func (t *tally) control(ev subs.Event) {
	if custom, ok := ev.(*subs.Custom); ok && custom.Name == "done" {
		if err := json.Unmarshal(custom.Payload, &t.said); err != nil {
			t.odd.Add(1)
		}
		close(t.done)
	}
}

func (t *tally) wait(ctx context.Context) error {
	for _, event := range []chan struct{}{t.done, t.all} {
		select {
		case <-event:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d events read: %w", t.read.Load(), t.want.Load(), ctx.Err())
		}
	}
	return nil
}

func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
