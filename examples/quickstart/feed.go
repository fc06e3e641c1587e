package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// feed reads the subscription and says what its events mean.
type feed struct {
	subscription *conn.Subscription
	page         *page
	watch        *watcher
}

// updates reads until n live changes have come.
func (f *feed) updates(ctx context.Context, n int) error {
	return f.read(ctx, func(ev subs.Event) bool {
		if _, ok := ev.(*subs.Change); ok {
			n--
		}
		return n == 0
	})
}

// stale reads until the news have become stale.
func (f *feed) stale(ctx context.Context) error {
	return f.read(ctx, func(ev subs.Event) bool { _, ok := ev.(*subs.Stale); return ok })
}

// synced reads until the news are live again.
func (f *feed) synced(ctx context.Context) error {
	return f.read(ctx, func(ev subs.Event) bool { _, ok := ev.(*subs.Sync); return ok })
}

// read reads and shows events until one is the last for now. The next loop over
// the same subscription goes on where this one ends.
func (f *feed) read(ctx context.Context, last func(subs.Event) bool) error {
	for ev := range f.subscription.Events(ctx) {
		f.show(ev)
		if last(ev) {
			return nil
		}
	}
	return f.subscription.Err()
}

// show says what an event means.
func (f *feed) show(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Sync:
		if ev.Reason == subs.SyncFirst {
			f.watch.message()
			f.page.line("meaning", "subscribed: %s", describe(ev.Resource))
			return
		}
		f.page.line("meaning", "in sync again: %s", describe(ev.Resource))
	case *subs.Change:
		if ev.Resync {
			f.page.line("meaning", "missed: %s", difference(ev))
			return
		}
		f.watch.message()
		f.page.line("meaning", "update: %s", difference(ev))
	case *subs.Stale:
		f.page.line("meaning", "stale: the last news stay readable until there are new ones")
	default:
		f.page.line("meaning", "%s", ev)
	}
}

func describe(r *subs.Resource) string {
	var parts []string
	for name, value := range r.Properties() {
		parts = append(parts, fmt.Sprintf("%s is %s", name, value.Raw()))
	}
	return strings.Join(parts, ", ")
}

func difference(ev *subs.Change) string {
	var parts []string
	for c := range ev.Changes() {
		parts = append(parts, fmt.Sprintf("%s is %s (was %s)", c.Name, c.New.Raw(), c.Old.Raw()))
	}
	return strings.Join(parts, ", ")
}
