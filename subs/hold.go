package subs

import "slices"

// A resource is held as long as a direct subscription reaches it through
// references that this connection was sent (RES-Client protocol, "Direct
// subscription" and "Indirect subscription"). heldIn counts those references, so
// that most losses are decided at once; where it stays above zero a search finds
// out whether only a cycle is left.

// hold makes e held, and everything that it refers to.
func (r *Registry) hold(e *entry) {
	var live []revived // told when everything that they refer to is held as well
	for todo := []*entry{e}; len(todo) > 0; {
		e, todo = todo[len(todo)-1], todo[:len(todo)-1]
		switch e.standing {
		case held:
			continue
		case suspect:
			if e.dead && e.direct > 0 {
				r.faults = append(r.faults, inconsistent(e.rid, "the gateway has granted it as it was when deleted"))
			}
			continue
		case missing, stale:
			r.faults = append(r.faults, inconsistent(e.rid, "the gateway holds it and has not sent it"))
			continue
		}
		r.stand(e, held)
		e.references(func(rid string) {
			child := r.entry(rid)
			child.heldIn++
			todo = append(todo, child)
		})
		if e.doubtful {
			r.stand(e, suspect)
			r.faults = append(r.faults, inconsistent(e.rid, "the gateway may have sent it as it was once"))
			continue
		}
		if e.seldom().slipped {
			r.stand(e, suspect)
			r.faults = append(r.faults, slipOf(e))
			continue
		}
		live = append(live, revived{e, slices.Clone(e.watchers())})
	}
	for _, x := range live {
		r.tellLive(x)
		r.shrunk = append(r.shrunk, x.watchers...)
	}
}

// revived is an entry that has become held, with the deep handles that reached it
// before and were told that it was stale.
type revived struct {
	*entry
	watchers []*Handle
}

// tellLive gives the handles of a resource that has become held what they missed.
func (r *Registry) tellLive(x revived) {
	e := x.entry
	r.streamLive(e)
	for h := range e.handles.all() {
		switch {
		case h.synced && h.latest() != nil:
			r.deliver(h, &news{subject{e.rid}}) // what that is it asks for
		case h.synced && h.Deep:
			r.sync(h, reasonOf(e.told(), &e.content))
		case h.synced:
			r.deliver(h, r.caughtUp(e))
		}
	}
	if len(x.watchers) > 0 { // it may refer to others than it did
		e.references(func(rid string) { r.extend(e, r.find(rid)) })
	}
	for _, h := range x.watchers {
		r.deliver(h, r.syncOf(e.snapshot(), SyncReconnect))
	}
	r.recovered(e)
	if e.direct > 0 {
		r.greet(e)
	}
}

// caughtUp returns what a handle missed while e was stale.
func (r *Registry) caughtUp(e *entry) Event {
	if e.extra != nil && e.extra.told != nil {
		return &resync{subject: subject{e.rid}, old: e.extra.told, new: e.snapshot(), typed: r.typed(e)}
	}
	both := &struct { // of which there may be very many at a time
		Sync
		resource Resource
	}{Sync{typed: r.typed(e), Reason: SyncReconnect}, e.frozen()}
	both.Resource = &both.resource
	return &both.Sync
}

// greet gives the new handles of a resource their first Sync. They get it when the
// gateway has granted the subscription, not before: that may still be refused.
func (r *Registry) greet(e *entry) {
	for h := range e.handles.all() {
		if !h.synced {
			r.sync(h, SyncFirst)
		}
	}
}

// unhold takes e, which nothing holds any more, out of what is held.
func (r *Registry) unhold(e *entry) {
	if e.standing == suspect {
		r.unpark(e)
	} else {
		r.park(e)
		r.tellStale(e, e.seldom().cause)
	}
	r.streamGone(e)
	e.references(r.release)
}

// release takes back a reference from a copy that is held.
func (r *Registry) release(rid string) {
	child := r.find(rid)
	child.heldIn--
	child.dead = child.dead && child.heldIn > 0
	r.noteStuck(child)
	r.unheld = append(r.unheld, child)
}

func (r *Registry) tellStale(e *entry, cause error) {
	if cause == nil {
		cause = errReleased
	}
	if e.wanted() {
		x := r.more(e)
		x.cause, x.told = cause, e.snapshot()
	}
	for h := range e.handles.all() {
		r.unwatch(h)
	}
	r.tellSubscribers(e, e.watchers(), &Stale{subject: subject{e.rid}, Cause: cause})
}

// settle works off what the last changes left to decide.
func (r *Registry) settle() {
	r.dropUnreached()
	r.dropUnheld()
	r.admitSlips()
	r.expireLimbo()
	r.collectOrphans()
}

// dropUnheld takes out of what is held everything that no direct subscription
// reaches any more. Where references are left, what they come from may be about to
// lose its hold as well, so the search for cycles comes last and is made once.
func (r *Registry) dropUnheld() {
	if len(r.unheld) == 0 {
		return
	}
	var doubtful []*entry
	for len(r.unheld) > 0 {
		e := pop(&r.unheld)
		switch {
		case !e.indirect():
		case e.heldIn == 0:
			r.unhold(e)
		default:
			doubtful = append(doubtful, e)
		}
	}
	for _, e := range r.onlyInside(doubtful, (*entry).indirect, func(e *entry) int32 { return e.heldIn }) {
		r.unhold(e)
	}
	r.unheld = emptied(r.unheld) // the search has decided about what they referred to
}

// indirect reports whether e is held through references alone.
func (e *entry) indirect() bool { return e.holding() && e.direct == 0 }
