package subs

// mark is how far the cycle search has come with an entry.
type mark uint8

const (
	unseen mark = iota
	seen
	rescued // reached from outside of what is searched
)

// onlyInside returns which of the entries that roots reach are referred to by each
// other alone: trial deletion, as reference counting collectors do it. The search
// stays within what the predicate allows, so that its cost is bounded by what
// hangs below roots; count says how many references to an entry there are in all.
func (r *Registry) onlyInside(roots []*entry, within func(*entry) bool, count func(*entry) int32) []*entry {
	if len(roots) == 0 {
		return nil
	}
	below := r.countInner(roots, within)
	for _, e := range below {
		if count(e) > e.inner {
			r.rescue(e)
		}
	}
	defer unmark(below)
	var left []*entry
	for _, e := range below {
		if e.mark == seen {
			left = append(left, e)
		}
	}
	return left
}

// unmark ends a search.
func unmark(below []*entry) {
	for _, e := range below {
		e.mark, e.inner = unseen, 0
	}
}

// countInner lists roots and what they reach, and counts in each entry the
// references that come from the list itself.
func (r *Registry) countInner(roots []*entry, within func(*entry) bool) []*entry {
	var below []*entry
	visit := func(e *entry) bool {
		if !within(e) {
			return false
		}
		if e.mark == unseen {
			e.mark = seen
			below = append(below, e)
		}
		return true
	}
	for _, e := range roots {
		visit(e)
	}
	for i := 0; i < len(below); i++ {
		r.booked(below[i], func(rid string) {
			if child := r.find(rid); visit(child) {
				child.inner++
			}
		})
	}
	return below
}

// rescue marks e and everything that it reaches within the search.
func (r *Registry) rescue(e *entry) {
	for todo := []*entry{e}; len(todo) > 0; {
		e, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if e.mark != seen {
			continue
		}
		e.mark = rescued
		r.booked(e, func(rid string) { todo = append(todo, r.find(rid)) })
	}
}
