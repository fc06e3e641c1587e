package subs

import (
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// A deep handle hears of everything that its resource reaches through references:
// first one Sync with a view of it all, then the events of each. What it comes to
// reach is told with a Sync before the event that refers to it, what it reaches no
// more with a Drop after the event that has taken the last reference away. While
// its own resource is stale it hears nothing.

// Drop says to a deep handle that its resource reaches another one no more, and to a
// stream that a resource is followed no more.
type Drop struct{ subject }

// String returns the event on one line, for people.
func (e *Drop) String() string { return e.rid + " drop" }
func (e *Drop) size() int      { return eventSize }

// whole makes the Sync that tells h what its resource is, with a view of
// everything if the handle is deep, and of what its type has room for if that is all
// it wants.
func (r *Registry) whole(h *Handle, content *Resource, reason SyncReason) *Sync {
	if as := h.latest(); as != nil {
		view := r.viewAs(content, h.entry.standing == held, as)
		return &Sync{Resource: content, Reason: reason, View: view}
	}
	s := r.syncOf(content, reason)
	if h.Deep {
		s.View = r.View(content.rid)
	}
	return s
}

// watch makes a deep handle, whose resource is live, hear everything that this
// reaches from now on, unless it does already.
func (r *Registry) watch(h *Handle) {
	if _, watching := r.reached[h]; watching || !h.Deep {
		return
	}
	r.reached[h] = make(map[*entry]struct{})
	for _, e := range r.below(h.entry) {
		r.addWatcher(h, e)
	}
}

// unwatch ends that.
func (r *Registry) unwatch(h *Handle) {
	for e := range r.reached[h] {
		e.removeWatcher(h)
	}
	delete(r.reached, h)
}

func (r *Registry) addWatcher(h *Handle, e *entry) {
	if e != h.entry {
		r.reached[h][e] = struct{}{}
		x := r.more(e)
		x.watchers = append(x.watchers, h)
	}
}

func (e *entry) removeWatcher(h *Handle) {
	e.extra.watchers = slices.DeleteFunc(e.extra.watchers, func(other *Handle) bool { return other == h })
}

// deepHandles returns the deep handles that reach e or are on it.
func (r *Registry) deepHandles(e *entry) []*Handle {
	var deep []*Handle
	if len(r.reached) == 0 {
		return nil
	}
	for h := range e.handles.all() {
		if r.reached[h] != nil {
			deep = append(deep, h)
		}
	}
	return append(deep, e.watchers()...)
}

// extend tells the deep handles that reach e of what they have come to reach with
// child, what is farther away first.
func (r *Registry) extend(e, child *entry) {
	for _, h := range r.deepHandles(e) {
		if _, known := r.reached[h][child]; known || child == h.entry {
			continue
		}
		for _, fresh := range slices.Backward(r.below(child)) {
			if _, known := r.reached[h][fresh]; known || fresh == h.entry {
				continue
			}
			r.addWatcher(h, fresh)
			r.deliver(h, r.syncOf(fresh.snapshot(), SyncReached))
			if fresh.standing != held {
				r.deliver(h, &Stale{subject: subject{fresh.rid}, Cause: fresh.whyStale()})
			}
		}
	}
}

// whyStale returns why e, which is referred to, is not live.
func (e *entry) whyStale() error {
	if e.dead {
		return res.ErrDeleted
	}
	return ErrInconsistent
}

// shrink tells deep handles, which reach something that has lost references, of what they do
// not reach any more.
func (r *Registry) shrink(deep []*Handle) {
	for i, h := range deep {
		if slices.Contains(deep[:i], h) {
			continue
		}
		still := make(map[*entry]struct{})
		for _, e := range r.below(h.entry) {
			still[e] = struct{}{}
		}
		var gone []*entry
		for e := range r.reached[h] {
			if _, reached := still[e]; !reached {
				gone = append(gone, e)
			}
		}
		slices.SortFunc(gone, func(a, b *entry) int { return strings.Compare(a.rid, b.rid) })
		for _, e := range gone {
			delete(r.reached[h], e)
			e.removeWatcher(h)
			r.deliver(h, &Drop{subject{e.rid}})
		}
	}
}

// dropUnreached is shrink for handles of which something has come back to life, and may not
// refer to what it did.
func (r *Registry) dropUnreached() {
	if len(r.shrunk) > 0 {
		deep := r.shrunk
		r.shrunk = nil
		r.shrink(deep)
	}
}

// below lists e and what it reaches, nearer ones first; only what there is a copy of.
func (r *Registry) below(e *entry) []*entry {
	seen := make(map[*entry]struct{})
	var list []*entry
	visit := func(e *entry) {
		if _, visited := seen[e]; !visited && e != nil && e.has() {
			seen[e] = struct{}{}
			list = append(list, e)
		}
	}
	visit(e)
	for i := 0; i < len(list); i++ {
		list[i].references(func(rid string) { visit(r.find(rid)) })
	}
	return list
}
