package subs

import (
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Unsubscribed tells that the gateway counts n direct subscriptions less for rid,
// and at the least none.
func (r *Registry) Unsubscribed(rid string, n int) {
	e := r.find(rid)
	if e == nil {
		return
	}
	e.direct = int32(max(0, int(e.direct)-n))
	r.unheld = append(r.unheld, e)
	r.orphans = append(r.orphans, e)
	r.settle()
}

// Revoked applies an unsubscribe event: the gateway has ended every direct
// subscription on rid. If something else still holds it, its events go on.
func (r *Registry) Revoked(rid string, reason *res.Error) error {
	if asked := r.requests.newest(rid); asked != nil {
		asked.revoked = true
	}
	delete(r.releases, rid)
	e := r.find(rid)
	if e == nil {
		return unknown(rid, wire.EventUnsubscribe)
	}
	ev := &Unsubscribe{subject: subject{e.rid}, Reason: reason}
	r.tellHandles(e, ev)
	r.tellStreams(e, ev)
	if e.standing == held {
		x := r.more(e)
		x.cause, x.ending = reasonError(reason), ev
	}
	r.Unsubscribed(rid, int(e.direct))
	if e.standing == held {
		r.recovered(e)
	}
	return nil
}

// Deleted applies a delete event. The content stays readable; no events come.
func (r *Registry) Deleted(rid string) error {
	e, err := r.following(rid, wire.EventDelete)
	if err != nil {
		return err
	}
	e.missed = true // if the gateway sends the same content again, it may be the dead one
	if e.standing == held {
		ev := &Delete{subject: subject{e.rid}}
		r.tell(e, ev)
		x := r.more(e)
		x.cause, x.ending = res.ErrDeleted, ev
		if e.heldIn > 0 {
			r.die(e)
			return nil
		}
		r.unhold(e)
	}
	r.unpark(e)
	r.settle()
	return nil
}

// die makes e stale that is deleted and still referred to. The gateway goes on holding
// what it refers to.
func (r *Registry) die(e *entry) {
	e.dead = true
	r.stand(e, suspect)
	r.tellStale(e, e.seldom().cause)
}

// Scanned applies a change, add or remove event as a scanner has read it from text. It
// keeps nothing of either.
func (r *Registry) Scanned(text []byte, ev *wire.Scanned) error {
	rid := r.spelled(ev.RID.In(text))
	switch ev.Kind {
	case wire.ScannedChange:
		return r.change(rid, text, ev.Values, ev.Set)
	case wire.ScannedAdd:
		return r.add(rid, ev.Index, keptText(ev.Value.Kind, ev.Value.Text.In(text)), ev.Set)
	case wire.ScannedRemove:
		return r.Removed(rid, wire.Remove{Index: ev.Index})
	}
	return nil
}

// Changed applies a model change event.
func (r *Registry) Changed(rid string, change wire.Change) error {
	text, values := r.pack.place(change.Values)
	return r.change(rid, text, values, change.Set)
}

func (r *Registry) change(rid string, text []byte, values []wire.PlacedProperty, set wire.Set) error {
	e, err := r.followingAfter(set, rid, wire.EventChange)
	if err != nil {
		r.settleFor(rid, set)
		return err
	}
	ev, err := r.pack.change(&e.localCopy, text, values)
	if err != nil {
		return r.distrust(e, err)
	}
	if ev != nil {
		r.mayHaveWaited = len(set.Resources) > 0
		r.changed(e, ev)
		r.mayHaveWaited = false
	}
	r.settle()
	return nil
}

func (r *Registry) changed(e *entry, ev *Change) {
	watchers := slices.Clone(e.watchers())
	lost := ev.links && r.relink(e, ev)
	if e.standing != held {
		return
	}
	ev.subject, ev.typed = subject{e.rid}, r.typed(e)
	r.tellWatchers(e, watchers, ev)
	if lost {
		r.shrink(r.deepHandles(e))
	}
}

// relink takes in the references that a change of e has brought, and lets the ones
// go that it has taken away, if any.
func (r *Registry) relink(e *entry, ev *Change) (lost bool) {
	for c := range ev.Changes() { // first, because one may lead back to e, and to another
		r.cache(c.New)
	}
	for c := range ev.Changes() {
		r.addReference(e, c.New)
	}
	for c := range ev.Changes() { // when all is held that the event has brought
		r.extendTo(e, c.New)
	}
	for c := range ev.Changes() {
		if c.Old.IsReference() {
			r.depart(e, c.Old)
		}
	}
	lost = len(r.departing) > 0
	r.dropReferences(e)
	return lost
}

// Added applies a collection add event.
func (r *Registry) Added(rid string, add wire.Add) error {
	return r.add(rid, add.Index, kept(add.Value), add.Set)
}

func (r *Registry) add(rid string, index int, v res.Value, set wire.Set) error {
	e, err := r.followingAfter(set, rid, wire.EventAdd)
	if err != nil {
		r.settleFor(rid, set)
		return err
	}
	if err := e.add(index, v); err != nil {
		return r.distrust(e, err)
	}
	watchers := slices.Clone(e.watchers())
	r.cache(v)
	r.addReference(e, v)
	r.extendTo(e, v)
	if e.standing == held {
		r.tellWatchers(e, watchers, &Add{subject: subject{e.rid}, typed: r.typed(e), Index: index, Value: v})
	}
	r.settle()
	return nil
}

// Removed applies a collection remove event.
func (r *Registry) Removed(rid string, remove wire.Remove) error {
	e, err := r.following(rid, wire.EventRemove)
	if err != nil {
		return err
	}
	v, err := r.pack.remove(&e.localCopy, remove.Index)
	if err != nil {
		return r.distrust(e, err)
	}
	if v.IsReference() {
		r.depart(e, v)
	}
	r.dropReferences(e)
	if e.standing == held {
		r.tell(e, &Remove{subject: subject{e.rid}, typed: r.typed(e), Index: remove.Index, Value: v})
		if v.IsReference() {
			r.shrink(r.deepHandles(e))
		}
	}
	r.settle()
	return nil
}

// Custom hands on an event of the service's own.
func (r *Registry) Custom(rid, name string, payload []byte) error {
	e, err := r.following(rid, name)
	if err != nil {
		return err
	}
	if e.standing == held {
		r.tell(e, &Custom{subject: subject{e.rid}, Name: name, Payload: payload})
	}
	return nil
}

// Distrust makes rid stale because a message about it could not be read. The error
// wraps [ErrInconsistent].
func (r *Registry) Distrust(rid string, err error) {
	if e := r.find(rid); e != nil && e.follows() {
		_ = r.distrust(e, err) // the caller has the error
	}
}

// distrust takes e out of service: it keeps its last content and no event is
// applied to it until another connection has confirmed it. In limbo that is no
// fault: probably nobody will ask for it again, and who does will find it missing.
func (r *Registry) distrust(e *entry, err error) error {
	if e.standing == limbo {
		r.unpark(e)
	} else {
		r.suspend(e, err)
	}
	r.settle()
	return err
}

// suspend makes e stale that is held, because of a fault.
func (r *Registry) suspend(e *entry, fault error) {
	r.stand(e, suspect)
	r.tellStale(e, fault)
	r.tellStreams(e, &Stale{subject: subject{e.rid}, Cause: fault})
	r.faults = append(r.faults, fault)
}

// settleFor settles after an event of rid that was not followed. What it has brought of
// rid itself is as it was first loaded: that event, at the least, is missing in it.
func (r *Registry) settleFor(rid string, set wire.Set) {
	if e := r.entries[rid]; e != nil && holdsOther(set, rid) {
		e.doubtful = true
		if e.standing == held {
			r.suspend(e, inconsistent(e.rid, "it was missing, and an event of its own has brought it"))
		}
	}
	r.settle()
}

// following returns the entry whose copy follows its events.
func (r *Registry) following(rid, event string) (*entry, error) {
	e := r.find(rid)
	if e != nil && e.follows() {
		r.keepTold(e)
		r.observe(e)
		return e, nil
	}
	switch event {
	case wire.EventChange, wire.EventAdd, wire.EventRemove, wire.EventDelete:
		r.miss(rid)
	}
	return nil, unknown(rid, event)
}

// followingAfter is following for an event that has brought a set, which it installs. That may
// show that the copy is suspect, and then it follows no event, this one included.
func (r *Registry) followingAfter(set wire.Set, rid, event string) (*entry, error) {
	e, err := r.following(rid, event)
	r.Install(set)
	if err == nil && !e.follows() {
		return r.following(rid, event)
	}
	return e, err
}

func unknown(rid, event string) error {
	return fmt.Errorf("%s event for %q: %w", event, rid, ErrUnknownResource)
}

// cache counts a reference that has come into a copy.
func (r *Registry) cache(v res.Value) {
	if v.IsReference() {
		r.entry(v.RID()).cachedIn++
	}
}

// addReference holds what v refers to, which was counted, as e is held.
func (r *Registry) addReference(e *entry, v res.Value) {
	if !v.IsReference() {
		return
	}
	child := r.find(v.RID())
	if e.standing == held {
		child.heldIn++
		r.hold(child)
	} else {
		r.prolong(child)
	}
}

// extendTo tells the deep handles that reach e what they come to reach through v.
func (r *Registry) extendTo(e *entry, v res.Value) {
	if v.IsReference() && e.standing == held {
		r.extend(e, r.find(v.RID()))
	}
}

// depart notes a reference that the present event has taken out of e's copy.
func (r *Registry) depart(e *entry, ref res.Value) {
	r.departed, r.departing = e, append(r.departing, ref.RID())
}

// dropReferences takes back the references that an event has taken out of e's copy.
func (r *Registry) dropReferences(e *entry) {
	r.lookForSlips(e)
	departed := r.departing
	r.departed, r.departing = nil, nil
	for _, rid := range departed {
		r.uncache(rid)
		if e.standing == held {
			r.release(rid)
		}
	}
}
