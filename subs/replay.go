package subs

import (
	"slices"
	"strings"
)

// Disconnected tells that the connection is gone: nothing is subscribed at the
// gateway any more, and every copy is stale.
func (r *Registry) Disconnected(cause error) {
	if cause == nil {
		cause = errReleased
	}
	r.lossCause = cause
	r.unsure, r.observed, r.opened = unsure{}, observation{}, nil
	for _, s := range r.streams {
		r.deliver(s.Handle, &Stale{Cause: cause}) // one event says it all
	}
	for h := range r.reached {
		r.unwatch(h) // what it reaches is stale with it: one event says so
	}
	r.deliveries = slices.Grow(r.deliveries, r.wanted.n)
	for e := range r.wanted.all() {
		was := e.standing
		r.disconnect(e)
		if was == held {
			r.tellHandles(e, &Stale{subject: subject{e.rid}, Cause: cause})
		}
	}
	r.deferred = nil
	if len(r.entries) > r.wanted.n {
		r.disconnectUnwanted()
	}
	r.oldest = r.issued + 1
	r.requests.clear()
	clear(r.releases)
	r.graves = newTombstones()
	r.sweepOrphans()
	r.replaying = true
}

func (r *Registry) disconnectUnwanted() {
	for _, e := range r.entries {
		if e.wanted() {
			continue
		}
		r.disconnect(e)
		if e.disposable() {
			r.orphans = append(r.orphans, e)
		}
	}
}

// disconnect forgets what the connection said of e.
func (r *Registry) disconnect(e *entry) {
	e.direct, e.heldIn, e.dead = 0, 0, false
	e.sent, e.missed, e.doubtful, e.deferred, e.first = false, false, false, false, 0
	if e.extra != nil {
		e.extra.slipped, e.extra.earlier = false, nil
	}
	if e.has() && e.standing != stale {
		r.stand(e, stale)
	}
}

// BeginReplay begins to go through what has a handle, in the order of first
// subscription.
func (r *Registry) BeginReplay() { r.nextWanted = r.wanted.first }

// NextInReplay returns the id of the next resource to go through, "" for none.
func (r *Registry) NextInReplay() string {
	e := r.nextWanted
	if e == nil {
		return ""
	}
	r.found, r.nextWanted = e, e.links.after
	return e.rid
}

// Sweep tells that the replay on a new connection is over, and deletes what no
// wanted or held resource reaches. From then on, until the connection is lost, the
// registry does so by itself.
func (r *Registry) Sweep() {
	for _, e := range r.deferred {
		e.deferred = false
	}
	r.orphans = append(r.orphans, r.deferred...)
	r.deferred = nil
	r.sweepOrphans()
}

// sweepOrphans deletes what may be of the orphans.
func (r *Registry) sweepOrphans() {
	r.replaying = false
	if len(r.streams) > 0 { // which hear of it, in an order that does not depend on chance
		slices.SortFunc(r.orphans, func(a, b *entry) int { return strings.Compare(a.rid, b.rid) })
	}
	r.collectOrphans()
}
