package subs

import "slices"

// An event that waits for what it refers to is off the gateway's books at once, as far as it
// takes references away; the client reads of it when it is sent. So the gateway may let a
// cycle go by its slip (see slip.go) with an event that comes in between, because what has
// held it, for all that the client knew, does not hold it any more. So cycles that
// events have opened are remembered, with what held them. When an event takes a reference
// of these away that may have waited, they are looked at again as if it had not been there.

// opened is a cycle that an event has opened, and what hangs on it, as the gateway had it in
// its books then.
type opened struct {
	child   *entry // to which the event took a reference away
	members []member
}

type member struct {
	*entry
	refs    []*entry // to other members
	outside int32    // references from elsewhere
	kept    bool     // see isKept
	anew    bool     // it has come anew since
}

// What is remembered is bounded. What is larger would rarely go for a reference.
const (
	maxOpened  = 16
	maxMembers = 256
)

// noteOpened remembers the cycle that the present event has opened as it took a reference to
// child away.
func (r *Registry) noteOpened(child *entry) {
	below := r.countInner([]*entry{child}, (*entry).indirect)
	defer unmark(below)
	if len(below) > maxMembers {
		return
	}
	o := opened{child: child, members: make([]member, len(below))}
	for i, x := range below {
		m := member{entry: x, outside: x.heldIn - x.inner}
		r.booked(x, func(rid string) {
			if ref := r.find(rid); ref.mark != unseen {
				m.refs = append(m.refs, ref)
			}
		})
		o.members[i] = m
	}
	if len(r.opened) == maxOpened {
		r.opened = slices.Delete(r.opened, 0, 1)
	}
	r.opened = append(r.opened, o)
}

// recallOpened looks again at cycles that were opened before, if the present event of e, which
// may have waited, takes references away that held them.
func (r *Registry) recallOpened(e *entry) {
	r.opened = slices.DeleteFunc(r.opened, func(o opened) bool {
		lost := false
		for _, rid := range r.departing {
			if x := r.find(rid); !e.refersTo(x) {
				lost = o.lose(e, x) || lost
			}
		}
		if !lost || o.isKept() {
			return false
		}
		for _, m := range o.members {
			if !m.kept && !m.anew {
				r.slips = append(r.slips, m.entry)
			}
		}
		return true
	})
}

// forgetOpened notes that e has come anew.
func (r *Registry) forgetOpened(e *entry) {
	for i := range r.opened {
		if m := r.opened[i].find(e); m != nil {
			m.anew = true
		}
	}
}

func (o *opened) find(e *entry) *member {
	i := slices.IndexFunc(o.members, func(m member) bool { return m.entry == e })
	if i < 0 {
		return nil
	}
	return &o.members[i]
}

// lose takes away a reference from e to x, and reports whether it was there.
func (o *opened) lose(e, x *entry) bool {
	from, to := o.find(e), o.find(x)
	switch {
	case to == nil:
		return false
	case from == nil:
		to.outside--
		return to.outside >= 0
	}
	i := slices.Index(from.refs, x)
	if i >= 0 {
		from.refs = slices.Delete(from.refs, i, i+1)
	}
	return i >= 0
}

// isKept reports whether the gateway kept the child, and marks what it kept: what is
// referred to from elsewhere, and what that leads to. One reference to the child does not
// keep it.
func (o *opened) isKept() bool {
	var todo []*entry
	for i := range o.members {
		m := &o.members[i]
		if m.kept = false; m.outside > 1 || m.outside > 0 && m.entry != o.child {
			todo = append(todo, m.entry)
		}
	}
	for len(todo) > 0 {
		if m := o.find(pop(&todo)); !m.kept {
			m.kept = true
			todo = append(todo, m.refs...)
		}
	}
	return o.find(o.child).kept
}
