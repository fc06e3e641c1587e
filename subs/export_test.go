package subs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// DiffModel is diffModel.
func DiffModel(old, new []wire.Property) []PropertyChange {
	model := func(properties []wire.Property) *Resource {
		return NewResource(wire.Resource{Kind: wire.KindModel, Model: properties})
	}
	return diffModel(model(old), model(new))
}

// DiffCollection is diffCollection.
func DiffCollection(old, new []res.Value) (removes, adds []int) {
	e := diffCollection(old, new)
	return e.removes, e.adds
}

// NewResource makes a resource as the registry does.
func NewResource(r wire.Resource) *Resource {
	made := new(packer).resource(&Resource{rid: r.RID}, r)
	return &made
}

// NewResync makes what stands in a queue for everything between old and new.
func NewResync(old, new *Resource) Event {
	return &resync{subject: subject{new.rid}, old: old, new: new}
}

// Size is what an event counts for in a queue.
func Size(ev Event) int { return ev.size() }

// Room is how many entries the queue has memory for.
func (q *Queue) Room() int { return cap(q.events) }

// InLimbo is how many copies are in limbo.
func (r *Registry) InLimbo() int { return r.limbo.n }

// Check returns in what the registry contradicts itself, nil if in nothing. What
// is counted step by step is counted here from scratch.
func (r *Registry) Check() error {
	errs := []error{r.checkWorklists(), r.checkReach(), r.checkWanted(), r.checkDeep()}
	cachedIn, heldIn := map[string]int32{}, map[string]int32{}
	for _, e := range r.entries {
		e.references(func(rid string) {
			cachedIn[rid]++
			if e.holding() {
				heldIn[rid]++
			}
			switch child := r.entries[rid]; {
			case child == nil:
				errs = append(errs, fmt.Errorf("%q refers to %q, which is not there", e.rid, rid))
			case e.standing == limbo && child.standing == limbo && e.extra.until > child.extra.until:
				errs = append(errs, fmt.Errorf("%q is in limbo until %d, but %q, which it refers to, until %d",
					e.rid, e.extra.until, rid, child.extra.until))
			}
		})
	}
	stale, lost, stuck := 0, 0, 0
	for rid, e := range r.entries {
		if e.trouble() != nil {
			stuck++
		}
		if _, listed := r.stuck[e]; listed != (e.trouble() != nil) {
			errs = append(errs, fmt.Errorf("%q: listed as stuck is %t, in trouble with %v", rid, listed, e.trouble()))
		}
		if e.cachedIn != cachedIn[rid] || e.heldIn != heldIn[rid] {
			errs = append(errs, fmt.Errorf("%q: counted %d cached and %d held references, there are %d and %d",
				rid, e.cachedIn, e.heldIn, cachedIn[rid], heldIn[rid]))
		}
		if e.wanted() && e.standing != held {
			stale++
			if slices.ContainsFunc(slices.Collect(e.handles.all()), func(h *Handle) bool { return h.synced }) {
				lost++
			}
		}
		errs = append(errs, r.checkEntry(e))
	}
	if stuck != len(r.stuck) {
		errs = append(errs, fmt.Errorf("%d are stuck, %d are listed", stuck, len(r.stuck)))
	}
	if stale != r.unsynced || lost != r.lost {
		errs = append(errs, fmt.Errorf("counted %d stale and %d of them lost, there are %d and %d", r.unsynced, r.lost, stale, lost))
	}
	return errors.Join(errs...)
}

func (r *Registry) checkEntry(e *entry) error {
	synced, handles, x := 0, 0, e.seldom()
	for h := range e.handles.all() {
		handles++
		if h.synced {
			synced++
		}
	}
	switch {
	case e.has() == (e.standing == missing):
		return fmt.Errorf("%q: standing %d with a copy: %t", e.rid, e.standing, e.has())
	case (x.entry != nil) != (e.standing == limbo):
		return fmt.Errorf("%q: standing %d, in the list of limbo: %t", e.rid, e.standing, x.entry != nil)
	case x.entry != nil && x.entry != e:
		return fmt.Errorf("%q: %q is in limbo in its place", e.rid, x.entry.rid)
	case !e.wanted() && x.told != nil:
		return fmt.Errorf("%q: keeps %v for handles that it has not", e.rid, x.told)
	case synced > 0 && synced < handles:
		return fmt.Errorf("%q: only %d of %d handles had a Sync", e.rid, synced, handles)
	case synced == 0 && e.standing == held && e.direct > 0 && handles > 0:
		return fmt.Errorf("%q: live and granted, and no handle had a Sync", e.rid)
	case synced > 0 && e.standing != held && (e.told() == nil || r.causeOf(e) == nil):
		return fmt.Errorf("%q: stale, told %v because of %v", e.rid, e.told(), r.causeOf(e))
	case e.standing == held && (x.told != nil || x.cause != nil || x.ending != nil):
		return fmt.Errorf("%q: live, told %v because of %v after %v", e.rid, x.told, x.cause, x.ending)
	case e.dead && (e.heldIn == 0 || e.standing != suspect):
		return fmt.Errorf("%q: dead, standing %d, %d held references", e.rid, e.standing, e.heldIn)
	case e.mark != unseen || e.inner != 0:
		return fmt.Errorf("%q: a search left its marks", e.rid)
	}
	return nil
}

func (r *Registry) checkWorklists() error {
	if n := len(r.unheld) + len(r.orphans) + len(r.shrunk); n > 0 {
		return fmt.Errorf("%d decisions are left over", n)
	}
	last := uint64(0)
	for x := range r.limbo.all() {
		if x.until < last || x.until < r.oldest {
			return fmt.Errorf("%q is in limbo until %d, after %d, and the oldest request is %d", x.entry.rid, x.until, last, r.oldest)
		}
		last = x.until
	}
	return nil
}

// checkWanted compares the list of what is wanted with the entries.
func (r *Registry) checkWanted() error {
	listed := 0
	var last *entry
	for e := range r.wanted.all() {
		if listed++; !e.wanted() || r.entries[e.rid] != e || e.links.before != last {
			return fmt.Errorf("%q is out of place among what is wanted", e.rid)
		}
		last = e
	}
	wanted := 0
	for _, e := range r.entries {
		if e.wanted() {
			wanted++
		}
	}
	if listed != wanted || r.wanted.n != wanted || r.wanted.last != last {
		return fmt.Errorf("%d are wanted, %d are listed, and %d counted", wanted, listed, r.wanted.n)
	}
	return nil
}

// checkReach compares what is held with what direct subscriptions reach, and what
// is kept with what is of use.
func (r *Registry) checkReach() error {
	heldFrom := r.reach((*entry).holding, func(e *entry) bool { return e.holding() && e.direct > 0 })
	keptFrom := r.reach(func(*entry) bool { return true }, func(e *entry) bool { return !e.disposable() })
	for rid, e := range r.entries {
		switch {
		case e.holding() != heldFrom[rid]:
			return fmt.Errorf("%q: holding is %t, reached from a direct subscription is %t", rid, e.holding(), heldFrom[rid])
		case !keptFrom[rid] && !r.replaying:
			return fmt.Errorf("%q is kept and nothing leads to it", rid)
		}
	}
	return nil
}

// checkDeep compares what deep handles hear of with what they reach.
func (r *Registry) checkDeep() error {
	for h, reached := range r.reached {
		below := r.below(h.entry)
		if len(reached) != len(below)-1 {
			return fmt.Errorf("%q: a deep handle hears of %d resources below, and reaches %d", h.entry.rid, len(reached), len(below)-1)
		}
		for _, e := range below[1:] {
			if _, hears := reached[e]; !hears || !slices.Contains(e.watchers(), h) {
				return fmt.Errorf("%q: a deep handle reaches %q and does not hear of it", h.entry.rid, e.rid)
			}
		}
	}
	return nil
}

// reach walks references from roots within what the predicate allows.
func (r *Registry) reach(within, root func(*entry) bool) map[string]bool {
	reached := map[string]bool{}
	var todo []*entry
	for _, e := range r.entries {
		if root(e) {
			todo = append(todo, e)
		}
	}
	for len(todo) > 0 {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if e == nil || reached[e.rid] || !within(e) {
			continue
		}
		reached[e.rid] = true
		e.references(func(rid string) { todo = append(todo, r.entries[rid]) })
	}
	return reached
}

// Tombstones returns how many released resources are remembered.
func (r *Registry) Tombstones() int { return len(r.graves.byRID) }

// ErrSlip is the fault that the gateway has let go of a cycle.
var ErrSlip = errSlip

// Requests are requests, which the registry looks at by number and by rid.
type Requests struct{ q requests }

func (r *Requests) Add(seq uint64, rid string)    { r.q.add(asked{seq: seq, rid: rid}) }
func (r *Requests) Insert(seq uint64, rid string) { r.q.insert(asked{seq: seq, rid: rid}) }
func (r *Requests) End(seq uint64) (rid string)   { return r.q.end(seq).rid }
func (r *Requests) Clear()                        { r.q.clear() }

// Newest returns the number of the newest request for rid, 0 for none.
func (r *Requests) Newest(rid string) uint64 {
	if a := r.q.newest(rid); a != nil {
		return a.seq
	}
	return 0
}

// Room returns how many requests there is room for.
func (r *Requests) Room() int { return cap(r.q.list.Items()) }
