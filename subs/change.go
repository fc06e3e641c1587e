package subs

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// PropertyChange is one property of a model that became another. Old is absent
// for a new property, New for a deleted one.
type PropertyChange struct {
	Name     string    // of the property
	Old, New res.Value // what it was, and what it is
}

// Change says which properties of a model have changed (RES-Client protocol,
// model change event). Properties that are what they were are left out.
type Change struct {
	subject
	typed
	Resync bool // found by comparing, after the resource was stale
	links  bool // a reference is among what has changed

	rewrite                   // if the model has the names that it had, and few
	explicit []PropertyChange // otherwise
}

// rewrite is what has become of a packed model that has kept its names. Values are
// looked up only when somebody asks, because most events have many and readers few.
type rewrite struct {
	of       *body // has the names; nil for none
	old, new packed
	changed  uint64 // a bit for each name, the first the lowest
}

// at returns what has become of value i.
func (w *rewrite) at(i int) PropertyChange {
	names := w.of.names
	return PropertyChange{Name: names[i], Old: w.old.at(i, len(names)), New: w.new.at(i, len(names))}
}

// Len returns how many properties have changed.
func (e *Change) Len() int { return bits.OnesCount64(e.changed) + len(e.explicit) }

// Changes iterates over what has changed, in the order of the properties' names.
func (e *Change) Changes() iter.Seq[PropertyChange] {
	return func(yield func(PropertyChange) bool) {
		for left := e.changed; left != 0; left &= left - 1 {
			if !yield(e.at(bits.TrailingZeros64(left))) {
				return
			}
		}
		for _, c := range e.explicit {
			if !yield(c) {
				return
			}
		}
	}
}

// Value returns a property's new value: absent when it was deleted or has not changed.
func (e *Change) Value(property string) res.Value { return e.find(property).New }

// Old returns a property's value before the change: absent when it is new or has not changed.
func (e *Change) Old(property string) res.Value { return e.find(property).Old }

func (e *Change) find(property string) PropertyChange {
	for left := e.changed; left != 0; left &= left - 1 {
		if i := bits.TrailingZeros64(left); e.of.names[i] == property {
			return e.at(i)
		}
	}
	for _, c := range e.explicit {
		if c.Name == property {
			return c
		}
	}
	return PropertyChange{}
}

// String returns the event on one line, for people.
func (e *Change) String() string {
	var b strings.Builder
	b.WriteString(e.rid + " change")
	for c := range e.Changes() {
		switch {
		case c.Old.IsAbsent():
			fmt.Fprintf(&b, " %s=%s (new)", c.Name, c.New.Raw())
		case c.New.IsAbsent():
			fmt.Fprintf(&b, " %s deleted (was %s)", c.Name, c.Old.Raw())
		default:
			fmt.Fprintf(&b, " %s=%s (was %s)", c.Name, c.New.Raw(), c.Old.Raw())
		}
	}
	return b.String()
}

func (e *Change) size() int {
	n := 2*eventSize + len(e.old) + len(e.new) + e.typed.size()
	for _, c := range e.explicit {
		n += eventSize + len(c.Name) + len(c.Old.Text()) + len(c.New.Text())
	}
	return n
}
