package subs

import (
	"iter"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// What could not be loaded when something came to refer to it stays in error on the
// connection, and what was deleted stays dead, as long as something refers to it:
// whatever becomes of the resource, the gateway does not send it anew, nor tell that it
// could. Such resources are stuck.

// Stuck iterates, in no particular order, over the resources that are stuck on this
// connection, and why.
func (r *Registry) Stuck() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for e := range r.stuck {
			if !yield(e.rid, e.trouble()) {
				return
			}
		}
	}
}

// IsStuck reports whether rid is stuck on this connection.
func (r *Registry) IsStuck(rid string) bool {
	e := r.find(rid)
	return e != nil && e.trouble() != nil
}

// EverStuck returns how often a resource has come to be stuck since the start.
func (r *Registry) EverStuck() uint64 { return r.everStuck }

// trouble returns why e is stuck, nil if it is not.
func (e *entry) trouble() error {
	switch {
	case e.standing == held && e.content.Kind() == wire.KindError:
		return e.content.Err()
	case e.standing == suspect && e.dead:
		return res.ErrDeleted
	}
	return nil
}

// noteStuck keeps the list of what is stuck, after a change of e's standing.
func (r *Registry) noteStuck(e *entry) {
	switch is := e.trouble() != nil; {
	case is == e.stuck:
	case is:
		e.stuck = true
		r.stuck[e] = struct{}{}
		r.everStuck++
	default:
		e.stuck = false
		delete(r.stuck, e)
	}
}
