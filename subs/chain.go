package subs

import "iter"

// chain is a list of things that hold its links themselves: being in it takes no
// memory of its own, and leaving it no search.
type chain[T any] struct {
	links       func(*T) *links[T]
	first, last *T
	n           int
}

type links[T any] struct{ before, after *T }

// push adds x, which is not in the chain, at the end.
func (c *chain[T]) push(x *T) {
	c.links(x).before = c.last
	if c.last == nil {
		c.first = x
	} else {
		c.links(c.last).after = x
	}
	c.last = x
	c.n++
}

// drop takes out x, which is in the chain.
func (c *chain[T]) drop(x *T) {
	l := c.links(x)
	if l.before == nil {
		c.first = l.after
	} else {
		c.links(l.before).after = l.after
	}
	if l.after == nil {
		c.last = l.before
	} else {
		c.links(l.after).before = l.before
	}
	*l = links[T]{}
	c.n--
}

// all iterates over what is in the chain. What it has come to may be dropped.
func (c *chain[T]) all() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for x := c.first; x != nil; {
			next := c.links(x).after
			if !yield(x) {
				return
			}
			x = next
		}
	}
}
