package main

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/resclient/resclient-go/subs"
)

// listed is what the bench's own list of resource ids takes for each. The text itself is
// the client's, too.
const listed = 16

// memory measures what a subscription takes, with a handler and all bookkeeping.
func memory(ctx context.Context, c config, f *figures) error {
	client, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer client.Close()
	before := settled()
	began := time.Now()
	rids := c.rids()
	if err := subscribe(ctx, client, rids, func(subs.Event) {}); err != nil {
		return err
	}
	f.SubscribeSeconds = time.Since(began).Seconds()
	f.Seconds = f.SubscribeSeconds
	after := settled()
	perModel := func(bytes float64) float64 { return math.Round(bytes/float64(c.models) - listed) }
	f.HeapPerModel = perModel(after.heap - before.heap)
	f.RSSPerModel = perModel((after.rss - before.rss) * (1 << 20))
	sum, err := check(ctx, client, rids)
	f.Checked = err == nil && sum == 0 // every seq is 0
	return err
}

// settled returns the memory in use after everything that can go is gone.
func settled() usage {
	runtime.GC()
	debug.FreeOSMemory()
	return memoryUsage()
}
