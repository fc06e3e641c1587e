package subs

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/resclient/resclient-go/wire"
)

var errSlip = errors.New("the gateway has let go of what is held")

// The gateway makes a slip. When an event takes the last reference from one resource to
// another away, Resgate 1.8.0 asks whether anything else holds the other one, while that
// reference is off its count but still in its books. If the other resource leads back
// to the first, or is the first, the reference is taken off once more. So a resource
// that only one resource outside of that cycle refers to is let go, with what hangs on
// it: their events come no more, and nobody is told. Only another connection mends that.
//
// It also lets a resource go, rightly, when an event drops the last reference to it and
// adds one that leads to it again by way of what is not loaded yet. For the client,
// that sees one event, it was held all along. Then its content comes anew. If it cannot
// have gone with the event and comes anew all the same, the gateway had let go of it by its
// slip before, with an event that waited for what it refers to and was never sent.

// compare looks at content that the gateway sends for e, which is held, or dead and
// referred to. What is not the first copy was loaded anew: then what is dead is not that any
// more, even if the content is the same.
func (r *Registry) compare(e *entry, content *Resource) {
	changed := e.changed()
	switch {
	case changed && content.hash() == e.first:
		r.resend(e)
	case content.Equal(&e.content) && !(changed && e.dead):
		if changed {
			e.first = 0 // this is the first copy now
			r.renewed = append(r.renewed, e)
		}
		r.resend(e)
	default:
		e.passOver(content)
		r.slips = append(r.slips, e)
	}
}

// lookBehind looks at what refers to something in limbo that a set has brought anew, and was
// not in the set itself. If the gateway turns out to have held it all the time, it had let go by
// its slip of what it refers to: that would not have been loaded anew otherwise.
func (r *Registry) lookBehind(set []wire.Resource) {
	if len(r.reloaded) == 0 {
		return
	}
	came := make(map[*entry]bool, len(set)) // whether anew
	for _, resource := range set {
		came[r.find(resource.RID)] = false
	}
	for _, e := range r.reloaded {
		came[e] = true
	}
	r.reloaded = nil
	for x := range r.limbo.all() {
		if _, sent := came[x.entry]; !sent {
			x.entry.references(func(rid string) { x.slipped = x.slipped || came[r.find(rid)] })
		}
	}
}

// lookForSlips notes what the gateway may let go by mistake as an event takes references
// out of e. It goes through them in any order: so when it looks at one, the others may be
// in its books, or off them.
func (r *Registry) lookForSlips(e *entry) {
	all := r.departing
	r.excuseRenewed(e)
	if r.mayHaveWaited {
		r.recallOpened(e)
	}
	for _, rid := range all {
		r.slip(e, r.find(rid))
	}
	if len(all) < 2 || e.standing != held {
		return
	}
	for _, rid := range all {
		r.find(rid).heldIn--
	}
	for _, rid := range all {
		child := r.find(rid)
		child.heldIn++
		r.departing = []string{rid}
		r.slip(e, child)
		child.heldIn--
	}
	for _, rid := range all {
		r.find(rid).heldIn++
	}
	r.departing = all
}

// excuseRenewed takes off the list what the gateway may have let go rightly as the present
// event of e took references away. What e refers to now it did not let go: it adds references
// before it takes others away.
func (r *Registry) excuseRenewed(e *entry) {
	if len(r.renewed) == 0 || len(r.departing) == 0 {
		return
	}
	below := r.countInner(r.departingEntries(), (*entry).indirect)
	r.renewed = slices.DeleteFunc(r.renewed, func(x *entry) bool { return x.mark != unseen && !e.refersTo(x) })
	unmark(below)
}

func (r *Registry) departingEntries() (list []*entry) {
	for _, rid := range r.departing {
		list = append(list, r.find(rid))
	}
	return list
}

// slip notes what the gateway may let go by mistake when e no longer refers to child.
func (r *Registry) slip(e, child *entry) {
	if e.standing == held {
		r.slips = append(r.slips, r.slipped(e, child)...)
	} else {
		r.slipInLimbo(e, child)
	}
}

// slipped returns what the gateway may let go by mistake when e no longer refers to
// child. It counts a subscription when it gets the request, which may have been before
// or will be after this event. It gets them in their order, so there are as many cases as
// requests that matter, and one more. Those that have timed out it may not have got, or may
// have refused: then there are as many again without the first of them, and so on. What it
// has counted for a request that is out, an unsubscribe event takes away; it may also get
// that request only after the event. So there are as many again without each of those.
func (r *Registry) slipped(e, child *entry) []*entry {
	if !e.indirect() || !child.indirect() || e.refersTo(child) {
		return nil
	}
	slips, cycle := r.slippedWithin(e, child, (*entry).indirect)
	if cycle && len(slips) == 0 {
		r.noteOpened(child)
	}
	if r.oldest > r.issued && r.requests.n+len(r.releases) == 0 {
		return slips
	}
	requests, revoked := r.loosen(e, child)
	for gone := range subsets(revoked) {
		slips = append(slips, r.slippedCounting(e, child, requests, gone)...)
	}
	return slips
}

// subsets iterates over the subsets of a list. Those at the end of a long one go together.
func subsets(list []string) iter.Seq[[]string] {
	bits := min(len(list), maxRevoked)
	return func(yield func([]string) bool) {
		for set := range 1 << bits {
			var subset []string
			for i, s := range list {
				if set>>min(i, maxRevoked-1)&1 != 0 {
					subset = append(subset, s)
				}
			}
			if !yield(subset) {
				return
			}
		}
	}
}

// maxRevoked bounds how many requests that an unsubscribe event came for are looked at one
// by one.
const maxRevoked = 3

// slippedCounting is slipped for what the gateway may have got of requests, without those for
// which the count has gone with an unsubscribe event.
func (r *Registry) slippedCounting(e, child *entry, requests []uint64, gone []string) (slips []*entry) {
	late, _ := slices.BinarySearch(requests, r.oldest)
	first := append(slices.Clone(requests[:min(late, maxLate)]), r.oldest)
	for _, newest := range requests {
		for _, oldest := range first {
			more, _ := r.slippedWithin(e, child, func(x *entry) bool {
				return x.indirect() && !r.countedAt(x.rid, oldest, newest, gone)
			})
			slips = append(slips, more...)
		}
	}
	return slips
}

// maxLate bounds how many requests that have timed out are looked at one by one.
const maxLate = 8

// countedAt reports whether the gateway counts a direct subscription on rid that the
// registry does not, when it has got the requests from oldest to newest, and the count of
// some has gone.
func (r *Registry) countedAt(rid string, oldest, newest uint64, gone []string) bool {
	requested, released := r.requests.newest(rid), r.releases[rid] // 0 for none
	switch {
	case released != 0 && released <= newest:
		return false
	case requested == nil:
		return released != 0
	}
	return oldest <= requested.seq && requested.seq <= newest && !slices.Contains(gone, rid)
}

// loosen notes what is part of a cycle that e no longer closes by referring to child. A
// call that is out may turn out to have been answered with one of these before. It
// returns the numbers of the requests about it that are out, oldest first, and 0 if that
// the gateway has got none of them is a case of its own; and for which of them an
// unsubscribe event came.
func (r *Registry) loosen(e, child *entry) (requests []uint64, revoked []string) {
	below := r.countInner([]*entry{child}, (*entry).indirect)
	defer unmark(below)
	if e.mark == unseen {
		return nil, nil
	}
	for _, x := range below {
		if x != e && x != child {
			r.more(x).loosened = r.issued
		}
		if asked := r.requests.newest(x.rid); asked != nil {
			requests = append(requests, asked.seq)
			if asked.revoked {
				revoked = append(revoked, x.rid)
			}
		}
		if seq := r.releases[x.rid]; seq != 0 {
			requests = append(requests, 0, seq)
		}
	}
	slices.Sort(requests)
	return requests, revoked
}

// Loosened reports whether the gateway may have let something go by mistake, if it has
// counted a direct subscription for rid when it did what call number seq asked for.
func (r *Registry) Loosened(rid string, seq uint64) bool {
	e := r.find(rid)
	return e != nil && seq <= e.seldom().loosened
}

// slippedWithin returns what of that which the predicate allows goes, and whether e was
// part of a cycle there.
func (r *Registry) slippedWithin(e, child *entry, within func(*entry) bool) (slips []*entry, cycle bool) {
	below := r.countInner([]*entry{child}, within)
	defer unmark(slices.Clone(below))
	cycle = e.mark != unseen
	if !cycle || !r.heldByOne(child) {
		return nil, cycle
	}
	for _, x := range below {
		if x != child && x.heldIn > x.inner {
			r.rescue(x)
		}
	}
	if e.mark == rescued || child.mark == rescued { // the gateway still sees the way from e to child
		return nil, cycle
	}
	return slices.DeleteFunc(below, func(x *entry) bool { return x.mark == rescued }), cycle
}

// slipInLimbo marks what the gateway may let go by mistake when e, which is in limbo, no
// longer refers to child. What holds them cannot be known there. What was deleted meanwhile
// is stale, but for the gateway holds what it refers to.
func (r *Registry) slipInLimbo(e, child *entry) {
	if e.refersTo(child) {
		return
	}
	below := r.countInner([]*entry{child}, func(x *entry) bool {
		return x.standing == limbo || x.standing == stale && x.sent
	})
	leadsBack := e.mark != unseen
	unmark(below)
	for _, x := range below {
		if leadsBack && x.standing == limbo && (x != e || x == child) {
			x.extra.slipped = true
		}
	}
}

// heldByOne reports whether just one resource outside of the present search refers to
// e, however often.
func (r *Registry) heldByOne(e *entry) bool {
	if places := e.heldIn - e.inner; places < 2 {
		return places == 1
	}
	holders := 0
	for _, x := range r.entries {
		if x.mark == unseen && x.holding() && x.refersTo(e) {
			if holders++; holders > 1 {
				return false
			}
		}
	}
	return true
}

func (e *entry) refersTo(child *entry) (refers bool) {
	e.references(func(rid string) { refers = refers || rid == child.rid })
	return refers
}

// admitSlips makes stale what is held, and what the gateway has let go by mistake. What is in
// limbo came there with content that is right.
func (r *Registry) admitSlips() {
	if len(r.slips)+len(r.renewed) == 0 {
		return
	}
	for _, e := range append(r.slips, r.renewed...) {
		fault := slipOf(e)
		switch {
		case e.standing == held:
			r.suspend(e, fault)
		case e.dead: // it was created anew
			r.faults = append(r.faults, fault)
		}
		r.more(e).slipped = true
	}
	r.slips, r.renewed = nil, nil
}

func slipOf(e *entry) error { return fmt.Errorf("%q: %w: %w", e.rid, errSlip, ErrInconsistent) }
