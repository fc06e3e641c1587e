package subs

import "iter"

// entry is everything about one rid.
//
// There may be very many, so what matters of few of them at a time is in extra.
type entry struct {
	localCopy
	extra *extra // nil for none

	handles ring
	links   links[entry] // in Registry.wanted, while there are handles

	direct int32 // direct subscriptions at the gateway, on this connection

	// References to this resource, one for every place they stand in.
	cachedIn int32 // from every copy that is kept
	heldIn   int32 // from copies that are held
	inner    int32 // from within a cycle search
	mark     mark  // of that search

	standing standing
	sent     bool // on this connection
	missed   bool // an event that changes it came when it followed none
	doubtful bool // the copy may be an old one: see tombstone.go
	dead     bool // deleted, and still referred to: the gateway sends nothing of it, but holds what it refers to
	streamed bool // streams have been told of it
	stuck    bool // in Registry.stuck
	removed  bool // from Registry.entries
	deferred bool // in Registry.deferred
}

// extra is what matters of a resource only at times.
type extra struct {
	watchers []*Handle // deep handles on other resources that reach this one

	told   *Resource // what synced handles know of it, if it is not held, and is another now
	cause  error     // why it is stale; nil if the connection was lost
	ending Event     // the Unsubscribe or Delete that made it stale, if one did

	entry   *entry       // in limbo; else nil
	links   links[extra] // in Registry.limbo
	until   uint64       // in limbo, the newest request that was out then
	slipped bool         // the gateway may have let go of it or, in limbo, of what it refers to
	earlier firsts       // see tombstone.go

	loosened uint64 // the newest request that was out when an event opened a cycle that it is in
}

func newEntry(rid string) *entry { return &entry{localCopy: localCopy{content: Resource{rid: rid}}} }

// more returns e's extra, which it has from now on. They are used by one entry after the
// other: everything that comes is in limbo for a moment.
func (r *Registry) more(e *entry) *extra {
	if e.extra == nil {
		if e.extra = r.spare; e.extra == nil {
			e.extra = new(extra)
		}
		r.spare = nil
	}
	return e.extra
}

// spareExtra takes e's extra, of which nothing is needed any more.
func (r *Registry) spareExtra(e *entry) {
	*e.extra = extra{}
	e.extra, r.spare = nil, e.extra
}

// seldom returns a copy of e's extra, to be read.
func (e *entry) seldom() extra {
	if e.extra == nil {
		return extra{}
	}
	return *e.extra
}

// told returns what synced handles know of e, which is not held.
func (e *entry) told() *Resource {
	if e.extra != nil && e.extra.told != nil {
		return e.extra.told
	}
	return e.snapshot()
}

// keepTold keeps what synced handles know of e before it becomes another, unless they are
// told of that.
func (r *Registry) keepTold(e *entry) {
	if e.standing != held && e.synced() && e.seldom().told == nil {
		r.more(e).told = e.snapshot()
	}
}

func (e *entry) watchers() []*Handle {
	if e.extra == nil {
		return nil
	}
	return e.extra.watchers
}

// recovered forgets why e was stale.
func (r *Registry) recovered(e *entry) {
	if x := e.extra; x != nil {
		x.told, x.cause, x.ending, x.slipped = nil, nil, nil, false
		if x.entry == nil && len(x.watchers) == 0 && len(x.earlier) == 0 && x.loosened == 0 {
			r.spareExtra(e)
		}
	}
}

// wanted reports whether there are handles.
func (e *entry) wanted() bool { return e.handles.last != nil }

// synced reports whether the handles have been given a Sync: all have, or none has.
func (e *entry) synced() bool { return e.wanted() && e.handles.first().synced }

// ring is the handles on a resource, in the order in which they were opened: of the
// last one, next is the first.
type ring struct{ last *Handle }

func (r *ring) first() *Handle { return r.last.next }

func (r *ring) add(h *Handle) {
	if h.next = h; r.last != nil {
		h.next, r.last.next = r.last.next, h
	}
	r.last = h
}

func (r *ring) remove(h *Handle) {
	before := r.last
	for before.next != h {
		before = before.next
	}
	before.next = h.next
	switch h {
	case before: // the only one
		r.last = nil
	case r.last:
		r.last = before
	}
	h.next = nil
}

func (r *ring) all() iter.Seq[*Handle] {
	return func(yield func(*Handle) bool) {
		for h := r.last; h != nil; {
			if h = h.next; !yield(h) || h == r.last {
				return
			}
		}
	}
}

// standing is what a copy is worth.
type standing uint8

const (
	missing standing = iota // no copy: known by name only
	held                    // a direct subscription reaches it: its events come, it is right
	limbo                   // nothing holds it, but an answer that is still out may; events are applied
	suspect                 // as held, but dead, or a message did not fit: takes no events until the next connection
	stale                   // readable, but no events come
)

// references calls f for every reference in e's copy, once per place.
func (e *entry) references(f func(rid string)) {
	e.content.references(f)
}

// refers reports whether there are any.
func (e *entry) refers() (refers bool) {
	e.references(func(string) { refers = true })
	return refers
}

// booked is references with those that the present event takes away: the gateway takes
// one after the other off its books.
func (r *Registry) booked(e *entry, f func(rid string)) {
	e.references(f)
	if e == r.departed {
		for _, rid := range r.departing {
			f(rid)
		}
	}
}

// holding reports whether the gateway holds e, and through it what it refers to.
func (e *entry) holding() bool { return e.standing == held || e.standing == suspect }

// follows reports whether e's copy follows its events.
func (e *entry) follows() bool { return e.standing == held || e.standing == limbo }
