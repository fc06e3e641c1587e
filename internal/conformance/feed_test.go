package conformance_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// feed records the events of a subscription, and keeps a replica from them.
type feed struct {
	*conn.Subscription
	w   *world
	rid string

	mu      sync.Mutex
	events  []subs.Event
	replica replica
	read    int // events that were expected
}

func newFeed(w *world, rid string) *feed { return &feed{w: w, rid: rid} }

// option has the subscription feed f.
func (f *feed) option() conn.SubscribeOption { return conn.WithHandler(f.take) }

func (f *feed) take(ev subs.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, ev)
	if err := f.replica.take(ev); err != nil {
		f.w.t.Errorf("event %d of %q, %v: %v", len(f.events), f.rid, ev, err)
	}
}

func (f *feed) all() []subs.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// expect waits for the next events and compares what they say.
func (f *feed) expect(want ...string) {
	f.w.t.Helper()
	var events []subs.Event
	f.w.until(fmt.Sprintf("%q has said %q", f.rid, want), func() bool {
		events = f.all()[f.read:]
		for i := range min(len(events), len(want)) { // what differs already need not be waited for
			if describe(events[i]) != want[i] {
				f.w.t.Fatalf("got event  %s\nwant event %s\nall events %v", describe(events[i]), want[i], f.all())
			}
		}
		return len(events) >= len(want)
	})
	f.read += len(want)
}

// expectNoMore checks that nothing was said that is not expected. The resource must
// be subscribed: an event of the service comes after all else.
func (f *feed) expectNoMore() {
	f.w.t.Helper()
	f.w.must(f.w.service.Event(f.rid, "end", nil))
	f.expect(f.rid + " end null")
}

// describe is an event's String, with what a resync has found marked as such, and
// without the wording of network errors.
func describe(ev subs.Event) string {
	resync := false
	switch ev := ev.(type) {
	case *subs.Stale:
		if said := (*res.Error)(nil); errors.As(ev.Cause, &said) {
			return ev.RID() + " stale: " + said.Code
		}
		return ev.RID() + " stale"
	case *subs.Unsubscribe:
		return ev.RID() + " unsubscribe: " + ev.Reason.Code
	case *subs.Change:
		resync = ev.Resync
	case *subs.Add:
		resync = ev.Resync
	case *subs.Remove:
		resync = ev.Resync
	}
	if resync {
		return ev.String() + " (resync)"
	}
	return ev.String()
}

// replica is a resource kept from events alone.
type replica struct {
	synced bool
	kind   wire.Kind
	model  map[string]res.Value
	list   []res.Value
}

// take applies an event, and says what of it does not fit.
func (r *replica) take(ev subs.Event) error {
	switch ev := ev.(type) {
	case *subs.Sync:
		return r.sync(ev)
	case *subs.Lag:
		return nil
	case *subs.Change:
		return r.change(ev)
	case *subs.Add:
		if ev.Index < 0 || ev.Index > len(r.list) {
			return fmt.Errorf("the replica has %d items", len(r.list))
		}
		r.list = slices.Insert(r.list, ev.Index, ev.Value)
	case *subs.Remove:
		if ev.Index < 0 || ev.Index >= len(r.list) || !r.list[ev.Index].Equal(ev.Value) {
			return fmt.Errorf("the replica is %v", r.list)
		}
		r.list = slices.Delete(r.list, ev.Index, ev.Index+1)
	}
	if !r.synced {
		return errors.New("comes before the first snapshot")
	}
	return nil
}

func (r *replica) sync(ev *subs.Sync) error {
	was := *r
	*r = replica{synced: true, kind: ev.Resource.Kind(), model: maps.Collect(ev.Resource.Properties())}
	for _, v := range ev.Resource.Items() {
		r.list = append(r.list, v)
	}
	switch {
	case ev.Reason == subs.SyncLag:
	case (ev.Reason == subs.SyncFirst) == was.synced:
		return errors.New("is of the wrong reason")
	case ev.Reason == subs.SyncReconnect && !was.equal(r):
		return fmt.Errorf("the events have led to %v %v", was.model, was.list)
	}
	return nil
}

func (r *replica) equal(other *replica) bool {
	return r.kind == other.kind && maps.EqualFunc(r.model, other.model, res.Value.Equal) &&
		slices.EqualFunc(r.list, other.list, res.Value.Equal)
}

func (r *replica) change(ev *subs.Change) error {
	if ev.Len() == 0 || r.kind != wire.KindModel {
		return errors.New("changes nothing")
	}
	for c := range ev.Changes() {
		if !r.model[c.Name].Equal(c.Old) || c.Old.Equal(c.New) {
			return fmt.Errorf("the replica is %v", r.model)
		}
		r.model[c.Name] = c.New
		if c.New.IsAbsent() {
			delete(r.model, c.Name)
		}
	}
	return nil
}
