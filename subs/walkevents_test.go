package subs_test

import (
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func (w *walk) revoke(rid string) {
	if w.direct[rid] == 0 || w.pending[rid] {
		return
	}
	w.note("revoke %s", rid)
	w.direct[rid] = 0
	w.prune()
	w.applied(rid, w.reg.Revoked(rid, nil))
}

// delete deletes a resource while no request is out, and creates it anew.
func (w *walk) delete(rid string) {
	if len(w.out) > 0 || w.damaged {
		return
	}
	w.note("delete %s", rid)
	if w.sent[rid] {
		delete(w.sent, rid)
		w.dead[rid] = w.truth[rid]
		granted := w.direct[rid] > 0
		w.direct[rid] = 0
		w.prune()
		w.applied(rid, w.reg.Deleted(rid))
		if granted {
			w.applied(rid, w.reg.Revoked(rid, nil))
		}
	}
	w.truth[rid] = w.resource(rid)
}

// damage sends an event that does not fit.
func (w *walk) damage(rid string) {
	if !w.live()[rid] || w.truth[rid].Kind != wire.KindCollection || w.damaged {
		return
	}
	w.note("damage %s", rid)
	w.damaged = true
	if w.reg.Removed(rid, wire.Remove{Index: 99}) == nil || w.reg.Live(rid) {
		w.fatal(fmt.Errorf("%q took an index out of bounds", rid))
	}
}

func (w *walk) custom(rid string) {
	if w.sent[rid] {
		w.applied(rid, w.reg.Custom(rid, "ping", []byte("1")))
	}
}

// applied checks that an event was taken.
func (w *walk) applied(rid string, err error) {
	w.t.Helper()
	if err != nil && !w.damaged {
		w.fatal(fmt.Errorf("event of %q: %w", rid, err))
	}
}

// happen changes a resource. The gateway takes new references in before it drops
// old ones.
func (w *walk) happen(rid string) {
	r := clone(w.truth[rid])
	before := references(r)
	_, dead := w.dead[rid]
	switch {
	case !w.connected && w.rnd.IntN(4) == 0:
		r = w.resource(rid)
	case r.Kind == wire.KindModel:
		if values := w.change(&r); len(values) > 0 {
			w.truth[rid] = r
			w.send(rid, dead, before, func(s wire.Set) error {
				return w.reg.Changed(rid, wire.Change{Values: values, Set: s})
			})
		}
		return
	case r.Kind == wire.KindCollection && len(r.Collection) > 0 && w.rnd.IntN(2) == 0:
		i := w.rnd.IntN(len(r.Collection))
		r.Collection = slices.Delete(r.Collection, i, i+1)
		w.truth[rid] = r
		w.send(rid, dead, before, func(wire.Set) error { return w.reg.Removed(rid, wire.Remove{Index: i}) })
		return
	case r.Kind == wire.KindCollection:
		i, v := w.rnd.IntN(len(r.Collection)+1), w.value()
		r.Collection = slices.Insert(r.Collection, i, v)
		w.truth[rid] = r
		w.send(rid, dead, before, func(s wire.Set) error {
			return w.reg.Added(rid, wire.Add{Index: i, Value: v, Set: s})
		})
		return
	}
	w.truth[rid] = r
}

// send sends an event with the set that new references need.
func (w *walk) send(rid string, dead bool, before []string, apply func(wire.Set) error) {
	if !w.sent[rid] || dead {
		return
	}
	w.note("event of %s, now %v", rid, subs.NewResource(w.truth[rid]))
	var added []string
	for _, child := range references(w.truth[rid]) {
		if !slices.Contains(before, child) {
			added = append(added, child)
		}
	}
	s := w.collect(added...)
	w.prune()
	w.applied(rid, apply(s))
}
