package subs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// deepMirror is a program that keeps all that a resource reaches, from the events of a
// deep handle alone, and insists that they make sense.
type deepMirror struct {
	root    string
	live    bool
	lagging bool
	all     map[string]*mirror
}

func (d *deepMirror) apply(ev subs.Event) error {
	sync, isSync := ev.(*subs.Sync)
	_, isLag := ev.(*subs.Lag)
	if d.all == nil && !isLag && !d.lagging && (!isSync || sync.Reason != subs.SyncFirst) {
		return fmt.Errorf("%v comes first", ev)
	}
	if d.lagging && !isLag && (!isSync || sync.Reason != subs.SyncLag) {
		return fmt.Errorf("%v after a lag", ev)
	}
	m, known := d.all[ev.RID()]
	switch ev := ev.(type) {
	case *subs.Lag:
		d.lagging = true
	case *subs.Unsubscribe:
	case *subs.Sync:
		return d.sync(ev, known)
	case *subs.Drop:
		if !known || !d.live || ev.RID() == d.root {
			return fmt.Errorf("%v, known %t", ev, known)
		}
		delete(d.all, ev.RID())
	case *subs.Stale:
		if !known || !m.live {
			return fmt.Errorf("%v, known %t", ev, known)
		}
		if m.live = false; ev.RID() == d.root {
			d.live = false
		}
	default:
		if !known || !d.live {
			return fmt.Errorf("%v, known %t, live %t", ev, known, d.live)
		}
		return m.apply(ev)
	}
	return nil
}

func (d *deepMirror) sync(ev *subs.Sync, known bool) error {
	if ev.Reason == subs.SyncReached {
		if known || !d.live || ev.View != nil {
			return fmt.Errorf("%v, known %t, live %t, view %v", ev, known, d.live, ev.View)
		}
		d.all[ev.RID()] = mirrorOf(ev.Resource)
		return nil
	}
	if m := d.all[ev.RID()]; ev.RID() != d.root && ev.Reason == subs.SyncReconnect {
		if !known || m.live || !d.live || ev.View != nil {
			return fmt.Errorf("%v, known %t, live %t, view %v", ev, known, d.live, ev.View)
		}
		d.all[ev.RID()] = mirrorOf(ev.Resource)
		return nil
	}
	if ev.RID() != d.root || ev.View == nil {
		return fmt.Errorf("%v of another resource than %q, or without a view", ev, d.root)
	}
	d.live, d.lagging, d.all = true, false, map[string]*mirror{}
	for _, rid := range ev.View.RIDs() {
		d.all[rid] = mirrorOf(ev.View.Resource(rid))
		d.all[rid].live = rid == d.root || ev.View.Live(rid)
	}
	return nil
}

func mirrorOf(r *subs.Resource) *mirror {
	m := &mirror{seen: 1}
	_ = m.sync(&subs.Sync{Resource: r, Reason: subs.SyncFirst})
	return m
}

// differs compares with the truth, and returns in what it differs.
func (d *deepMirror) differs(truth map[string]wire.Resource) error {
	reached := map[string]bool{}
	for todo := []string{d.root}; len(todo) > 0; {
		rid := todo[0]
		if todo = todo[1:]; !reached[rid] {
			reached[rid] = true
			todo = append(todo, references(truth[rid])...)
		}
	}
	have := slices.Sorted(maps.Keys(d.all))
	if want := slices.Sorted(maps.Keys(reached)); !slices.Equal(have, want) {
		return fmt.Errorf("it has %s, want %s", strings.Join(have, " "), strings.Join(want, " "))
	}
	for rid, m := range d.all {
		if want := subs.NewResource(truth[rid]); !m.equal(want) || !m.live {
			return fmt.Errorf("%q, live %t, is %v %v, want %v", rid, m.live, m.props, m.items, want)
		}
	}
	return nil
}
