package subs

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// ErrNoType says that no Go type is registered for a resource.
var ErrNoType = errors.New("no type is registered for the resource")

// Type is the Go type that resources whose names match a pattern are decoded into.
type Type struct {
	pattern res.Pattern
	shape   *shape
	decode  func(*View, *Resource) (any, error)
}

// TypeOf returns the type T for a pattern, in which '*' is one part of a name and
// '>' one or more at the end. Resources are decoded into it as [View.Decode] does: where
// T has room for what a reference leads to, it is expanded.
func TypeOf[T any](pattern res.Pattern) Type {
	s := shapeOf(reflect.TypeFor[T]())
	return Type{pattern: pattern, shape: s, decode: func(view *View, r *Resource) (any, error) {
		var v T
		err := view.decode(r, &v, s)
		return v, err
	}}
}

// Pattern returns the pattern of the resources that the type is for.
func (t Type) Pattern() res.Pattern { return t.pattern }

// typeSet finds the type of a resource. Where several patterns match, the most
// specific one counts, part by part: a name before '*' before '>'. Of equal ones it
// is the one that was registered last.
type typeSet []Type

func newTypeSet(types []Type) typeSet {
	set := slices.Clone(types)
	slices.Reverse(set)
	slices.SortStableFunc(set, func(a, b Type) int { return compareSpecific(string(a.pattern), string(b.pattern)) })
	return set
}

func compareSpecific(a, b string) int {
	rank := func(part string) int { return strings.Index("*>", part) } // -1 for a name
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if d := rank(as[i]) - rank(bs[i]); d != 0 {
			return d
		}
	}
	return 0
}

// of returns the type for rid, nil if there is none.
func (s typeSet) of(rid string) *Type {
	name, _ := res.SplitRID(rid)
	for i := range s {
		if s[i].pattern.Matches(name) {
			return &s[i]
		}
	}
	return nil
}

// typed is what an event carries so that it can be decoded: nothing without a type,
// which is most of the time.
type typed struct{ *decodable }

// decodable is a resource as it was after an event, the type that it is to be decoded
// into, and what it refers to, as far as the type has room for it.
type decodable struct {
	after *Resource
	as    *Type
	view  *View
}

// Decoded returns the resource as it was after the event, as a value of the type
// that is registered for it, see [TypeOf]. Where the type has room for what references
// lead to, that is as it was then, too. The error says why it cannot be decoded;
// later events may be. Without a type it is [ErrNoType].
func (t typed) Decoded() (any, error) {
	if t.decodable == nil {
		return nil, ErrNoType
	}
	return t.as.decode(t.view, t.after)
}

// valueSize is what a value takes without its text, which the copies share.
const valueSize = 32

// size estimates the bytes that only the event keeps alive.
func (t typed) size() int {
	if t.decodable == nil {
		return 0
	}
	return valueSize*t.after.Len() + eventSize*len(t.view.resources)
}

// typed returns what lets an event of e be decoded. Copies that have no type are
// not made for it.
func (r *Registry) typed(e *entry) typed {
	if len(r.types) == 0 {
		return typed{}
	}
	as := r.types.of(e.rid)
	if as == nil {
		return typed{}
	}
	return r.typedAs(e.snapshot(), as)
}

// typedAs returns what lets content be decoded into a type, or nothing without one.
func (r *Registry) typedAs(content *Resource, as *Type) typed {
	if as == nil {
		return typed{}
	}
	return typed{&decodable{after: content, as: as, view: r.room(content, as.shape)}}
}

// Value returns a resource as a value of the type that is registered for it, see
// [TypeOf] and [View.Decode].
func (v *View) Value(rid string) (any, error) {
	r := v.Resource(rid)
	as := v.types.of(rid)
	switch {
	case r == nil:
		return nil, fmt.Errorf("decode %q: %w", rid, ErrNotInView)
	case as == nil:
		return nil, fmt.Errorf("decode %q: %w", rid, ErrNoType)
	}
	return as.decode(v, r)
}

// syncOf makes the Sync of a resource.
func (r *Registry) syncOf(content *Resource, reason SyncReason) *Sync {
	return &Sync{
		typed:    r.typedAs(content, r.types.of(content.rid)),
		Resource: content,
		Reason:   reason,
	}
}

// room collects the copies of what content refers to, and what that refers to, as far
// as the shape has room for it.
func (r *Registry) room(content *Resource, s *shape) *View {
	type part struct {
		content *Resource
		place   *shape
	}
	type visit struct {
		rid   string
		place *shape
	}
	v, seen := r.newView(), make(map[visit]bool)
	v.resources = make(map[string]viewed, len(content.items())) // most often there is nothing else
	level := []part{{content, s}}
	for depth := v.depth; depth > 0 && len(level) > 0; depth-- {
		var next []part
		for _, p := range level {
			p.place.places(p.content, func(_ string, ref res.Value, place *shape) {
				if !ref.IsReference() || !place.follows() {
					return
				}
				to := visit{ref.RID(), place}
				e := r.find(to.rid)
				if e == nil || !e.has() {
					return
				}
				if _, have := v.resources[to.rid]; !have {
					v.add(e)
				}
				if place.expands() && !seen[to] {
					seen[to] = true
					next = append(next, part{&e.content, place})
				}
			})
		}
		level = next
	}
	return v
}
