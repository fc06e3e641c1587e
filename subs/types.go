package subs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// ErrNoType says that no Go type is registered for a resource.
var ErrNoType = errors.New("no type is registered for the resource")

// Type is the Go type that resources whose names match a pattern are decoded into.
type Type struct {
	pattern res.Pattern
	decode  func(*Resource) (any, error)
}

// TypeOf returns the type T for a pattern, in which '*' is one part of a name and
// '>' one or more at the end. Resources are decoded into it as [Resource.Decode]
// does.
func TypeOf[T any](pattern res.Pattern) Type {
	return Type{pattern: pattern, decode: func(r *Resource) (any, error) {
		var v T
		err := r.Decode(&v)
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

// typed is what an event carries so that it can be decoded: the resource as it was
// after the event, and the type it is to be decoded into; nothing without a type.
type typed struct {
	after *Resource
	as    *Type
}

// Decoded returns the resource as it was after the event, as a value of the type
// that is registered for it, see [TypeOf]. The error says why it cannot be decoded;
// later events may be. Without a type it is [ErrNoType].
func (t typed) Decoded() (any, error) {
	if t.as == nil {
		return nil, ErrNoType
	}
	return t.as.decode(t.after)
}

// typed returns what lets an event of e be decoded. Copies that have no type are
// not made for it.
func (r *Registry) typed(e *entry) typed {
	as := r.types.of(e.rid)
	if as == nil {
		return typed{}
	}
	return typed{after: e.snapshot(), as: as}
}

// Value returns a resource as a value of the type that is registered for it, see
// [TypeOf]. Its references are not expanded: they are decoded into a string, a
// [res.Ref] or a [res.SoftRef].
func (v *View) Value(rid string) (any, error) {
	r := v.Resource(rid)
	as := v.types.of(rid)
	switch {
	case r == nil:
		return nil, fmt.Errorf("decode %q: %w", rid, ErrNotInView)
	case as == nil:
		return nil, fmt.Errorf("decode %q: %w", rid, ErrNoType)
	}
	return as.decode(r)
}

// syncOf makes the Sync of a resource.
func (r *Registry) syncOf(content *Resource, reason SyncReason) *Sync {
	s := &Sync{subject: subject{content.rid}, Resource: content, Reason: reason}
	if as := r.types.of(content.rid); as != nil {
		s.typed = typed{after: content, as: as}
	}
	return s
}
