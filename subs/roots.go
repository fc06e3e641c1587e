package subs

// Roots returns the ids of all wanted resources because of which the gateway sends what
// happens to rid: rid itself, and those with a direct subscription that reach it through
// references. They come in the order of first subscription.
func (r *Registry) Roots(rid string) []string {
	leading := r.leadingTo(rid)
	var roots []string
	for e := range r.wanted.all() {
		if e.rid == rid || e.direct > 0 && leading[e] {
			roots = append(roots, e.rid)
		}
	}
	return roots
}

// leadingTo returns what the gateway holds and what leads to rid, which is rare to be
// asked for: references are kept in one direction only.
func (r *Registry) leadingTo(rid string) map[*entry]bool {
	referring := make(map[string][]*entry)
	for _, e := range r.entries {
		if e.holding() {
			e.references(func(child string) { referring[child] = append(referring[child], e) })
		}
	}
	leading := make(map[*entry]bool)
	for todo := []string{rid}; len(todo) > 0; {
		child := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, e := range referring[child] {
			if !leading[e] {
				leading[e] = true
				todo = append(todo, e.rid)
			}
		}
	}
	return leading
}
