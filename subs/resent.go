package subs

import (
	"slices"

	"github.com/resclient/resclient-go/wire"
)

// The gateway sends content again for what is held when it takes it for unsent: it has
// lost count, or an event moves a reference and brings others that have to be loaded
// first. As it does, Resgate 1.8.0 lets go of the events of that resource which wait for
// references of their own. Later ones overtake them, or take away what they wait for,
// and then they are lost. Nothing that the client is sent tells whether any have waited.
// So the copy is unsure then, whatever the content was, until somebody has looked what
// the resource is by now. What the client has let go of before it comes again is not:
// nearly always it was simply loaded anew.

// unsure is the copies that are, first those which have been so for the longest.
type unsure struct {
	order []*entry // and some that were once
	are   map[*entry]struct{}
}

// resend notes that e was sent again.
func (r *Registry) resend(e *entry) {
	if e.standing != held || e.content.Kind() == wire.KindError {
		return
	}
	u := &r.unsure
	if _, known := u.are[e]; known {
		return
	}
	if u.are == nil {
		u.are = make(map[*entry]struct{})
	}
	u.are[e] = struct{}{}
	u.order = append(u.order, e)
}

// Unsure returns the id of the resource whose copy has been unsure for the longest, and
// "" for none.
func (r *Registry) Unsure() string {
	u := &r.unsure
	for ; len(u.order) > 0; u.order = u.order[1:] {
		e := u.order[0]
		if _, is := u.are[e]; is && e.standing == held {
			return e.rid
		}
		delete(u.are, e)
	}
	u.order = nil
	return ""
}

// observation is what one resource has been.
type observation struct {
	rid    string
	states []uint64 // hashes of its copies, but for the last
}

// Observe notes everything that rid's copy is from now on, for [Registry.Verify]. It
// does so for one resource at a time.
func (r *Registry) Observe(rid string) { r.observed = observation{rid: rid} }

// observe notes what e is before it becomes something else.
func (r *Registry) observe(e *entry) {
	if o := &r.observed; e.rid == o.rid && len(o.states) < maxStates {
		o.states = append(o.states, e.content.hash())
	}
}

// has reports whether e has been something, or is it now.
func (o *observation) has(hash uint64, e *entry) bool {
	return hash == e.content.hash() || slices.Contains(o.states, hash)
}

// maxStates bounds what it takes to observe a large resource that changes often.
const maxStates = 32

// Verify ends what [Registry.Observe] has begun. It reports whether the resource was
// what is given at any time since, or is not held any more. If not, it is unsure. With
// nil, nobody could tell what the resource is.
func (r *Registry) Verify(content *Resource) bool {
	seen := r.observed
	r.observed = observation{}
	e := r.find(seen.rid)
	if e == nil || e.standing != held {
		return true
	}
	if content == nil || !seen.has(content.hash(), e) {
		r.resend(e)
		return false
	}
	delete(r.unsure.are, e)
	return true
}
