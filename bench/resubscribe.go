package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// resubscribe measures a reconnect, from the request that makes the gateway drop the
// connection until every handler has heard that its resource is in sync again. In
// collsync the one resource is a long collection that has changed meanwhile.
func resubscribe(ctx context.Context, c config, f *figures) error {
	client, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer client.Close()
	rids := c.rids()
	back := &comeback{left: int64(len(rids)), all: make(chan struct{})}
	began := time.Now()
	if err := subscribe(ctx, client, rids, back.take); err != nil {
		return err
	}
	f.SubscribeSeconds = time.Since(began).Seconds()
	runtime.GC()
	watch, err := startStopwatch(c)
	if err != nil {
		return err
	}
	if _, err := control(ctx, client, "drop", nil); !errors.Is(err, conn.ErrConnectionLost) {
		return fmt.Errorf("the gateway did not drop the connection: %w", err)
	}
	select {
	case <-back.all:
	case <-ctx.Done():
		return fmt.Errorf("%d resources are not back: %w", atomic.LoadInt64(&back.left), ctx.Err())
	}
	if err := watch.stop(f); err != nil {
		return err
	}
	said, err := control(ctx, client, "ping", nil)
	if err != nil {
		return err
	}
	sum, err := check(ctx, client, rids)
	if err != nil {
		return err
	}
	f.Checked = sum == said.Check && said.Subscriptions == len(rids)
	return nil
}

// comeback counts the resources that are back.
type comeback struct {
	left int64
	all  chan struct{}
}

func (b *comeback) take(ev subs.Event) {
	if sync, ok := ev.(*subs.Sync); ok && sync.Reason == subs.SyncReconnect && atomic.AddInt64(&b.left, -1) == 0 {
		close(b.all)
	}
}
