package subs

import "maps"

// What loses its last holder is not gone at once. A request that was out at that
// moment may turn out to hold it (a subscribe that is then answered with an empty
// set), and its events keep coming until the gateway has seen that too. So it is
// parked in limbo until all those requests have been answered. What a copy in limbo
// refers to is in limbo for at least as long.

// Issued tells that request number seq, which may subscribe to something, was
// sent. Numbers rise.
func (r *Registry) Issued(seq uint64) { r.issued = seq }

// Overdue is [Registry.Unsubscribed] for unsubscribe request number seq, which has timed
// out: the gateway may still count what that takes away, until it gets it.
func (r *Registry) Overdue(rid string, n int, seq uint64) {
	r.releases[rid] = seq
	r.Unsubscribed(rid, n)
}

// Answered tells that no request older than oldest is out any more. Without any
// request out, oldest is one more than the last number issued.
func (r *Registry) Answered(oldest uint64) {
	r.oldest = oldest
	r.settle()
}

// park puts e in limbo. When no request is out, settle takes it out again.
func (r *Registry) park(e *entry) {
	r.stand(e, limbo)
	x := r.more(e)
	x.entry, x.until = e, r.issued
	r.limbo.push(x)
}

// prolong keeps e, and what it refers to, in limbo for the requests that are out
// now, if it is in limbo at all.
func (r *Registry) prolong(e *entry) {
	for todo := []*entry{e}; len(todo) > 0; {
		e, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if e.standing != limbo || e.extra.until == r.issued {
			continue
		}
		r.park(e)
		e.references(func(rid string) { todo = append(todo, r.find(rid)) })
	}
}

// unpark makes e stale: no event of it will come.
func (r *Registry) unpark(e *entry) {
	r.stand(e, stale)
	r.orphans = append(r.orphans, e)
}

// expireLimbo lets go of what no request that is out can turn out to hold.
func (r *Registry) expireLimbo() {
	for first := range r.limbo.all() {
		if first.until >= r.oldest {
			return
		}
		r.unpark(first.entry)
	}
}

// collectOrphans deletes entries that nothing refers to and nobody wants, and then
// what only they referred to. Between the loss of a connection and the end of the
// replay on the next one most entries are stale and would be searched for cycles
// again and again, so that is left to Sweep.
func (r *Registry) collectOrphans() {
	if len(r.orphans) == 0 {
		return
	}
	var doubtful []*entry
	for len(r.orphans) > 0 {
		e := pop(&r.orphans)
		switch {
		case !e.disposable():
		case e.cachedIn == 0:
			r.remove(e)
		default:
			doubtful = append(doubtful, e)
		}
	}
	if r.replaying {
		r.deferOrphans(doubtful)
		return
	}
	for _, e := range r.onlyInside(doubtful, (*entry).disposable, func(e *entry) int32 { return e.cachedIn }) {
		r.remove(e)
	}
	r.orphans = emptied(r.orphans) // the search has decided about what they referred to
	r.compact()
}

// deferOrphans leaves entries to Sweep.
func (r *Registry) deferOrphans(orphans []*entry) {
	for _, e := range orphans {
		if !e.deferred {
			e.deferred = true
			r.deferred = append(r.deferred, e)
		}
	}
}

// compact gives memory back when there is little left of what there was: a map never
// shrinks.
func (r *Registry) compact() {
	if r.most <= listKept || len(r.entries) > r.most/8 {
		return
	}
	few := make(map[string]*entry, len(r.entries))
	maps.Copy(few, r.entries)
	r.entries, r.most = few, len(few)
}

// pop takes the last entry off a list, which does not keep it from being collected.
func pop(list *[]*entry) *entry {
	last := len(*list) - 1
	e := (*list)[last]
	(*list)[last] = nil
	*list = (*list)[:last]
	return e
}

// emptied returns an empty list in place of one, which it uses again unless that is large.
func emptied(list []*entry) []*entry {
	if cap(list) > listKept {
		return nil
	}
	clear(list)
	return list[:0]
}

// listKept is how many entries may take room that nobody needs.
const listKept = 4096

// disposable reports whether e is of no use once nothing refers to it.
func (e *entry) disposable() bool {
	return !e.wanted() && e.direct == 0 && (e.standing == stale || e.standing == missing)
}

// remove deletes e. Removing it again does nothing.
func (r *Registry) remove(e *entry) {
	if r.entries[e.rid] != e {
		return
	}
	delete(r.entries, e.rid)
	e.removed, r.found = true, nil
	r.streamGone(e)
	if e.has() && e.sent {
		r.graves.bury(e.grave())
	}
	e.references(r.uncache)
	e.body, e.packed = nil, ""
	if e.extra != nil && len(e.extra.watchers) == 0 {
		r.spareExtra(e)
	}
}

// uncache takes back a reference from a copy. In a cycle that is being deleted it
// may be one to an entry that is gone.
func (r *Registry) uncache(rid string) {
	if child := r.find(rid); child != nil {
		child.cachedIn--
		r.orphans = append(r.orphans, child)
	}
}
