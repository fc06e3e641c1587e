package subs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/resclient/resclient-go/res"
)

// View is what some resources, and everything they refer to, were at one moment:
// all of them as the client had them after one and the same message from the
// gateway. It never changes, so it may be kept and read from any goroutine.
type View struct {
	resources map[string]viewed
	types     typeSet
	depth     int
}

type viewed struct {
	content *Resource
	live    bool
}

// ErrNotInView says that a view does not have a resource: it was not asked for and
// nothing that was refers to it, or the client does not have it.
var ErrNotInView = errors.New("the resource is not in the view")

// ErrExpansionTooLarge says that references expand to more than [MaxExpansion] bytes.
var ErrExpansionTooLarge = errors.New("the references expand to too much")

// Limits of expanding references.
const (
	DefaultDepth = 100      // how many references deep, unless [View.WithDepth] or [Registry.ExpandTo] says otherwise
	MaxExpansion = 64 << 20 // bytes of JSON: shared resources are repeated at every place
)

// View collects the copies of rids and of everything that they reach through
// references. What there is no copy of is left out.
func (r *Registry) View(rids ...string) *View {
	v := r.newView()
	for todo := slices.Clone(rids); len(todo) > 0; {
		rid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		e := r.find(rid)
		if _, have := v.resources[rid]; have || e == nil || !e.has() {
			continue
		}
		v.add(e)
		e.content.references(func(child string) { todo = append(todo, child) })
	}
	return v
}

func (r *Registry) newView() *View {
	return &View{resources: make(map[string]viewed), types: r.types, depth: r.depth}
}

func (v *View) add(e *entry) {
	v.resources[e.rid] = viewed{content: e.snapshot(), live: e.standing == held}
}

// ExpandTo sets how many references deep the views and the decoded events to come
// expand; without it, that is [DefaultDepth].
func (r *Registry) ExpandTo(levels int) { r.depth = max(0, levels) }

// viewOnly collects the copies of rids and of nothing else.
func (r *Registry) viewOnly(rids []string) *View {
	v := r.newView()
	for _, rid := range rids {
		v.add(r.find(rid))
	}
	return v
}

// RIDs returns the ids of all resources in the view, in alphabetical order.
func (v *View) RIDs() []string { return slices.Sorted(maps.Keys(v.resources)) }

// Resource returns a resource, nil if the view does not have it.
func (v *View) Resource(rid string) *Resource { return v.resources[rid].content }

// Live reports whether the view has the resource, and it was not stale.
func (v *View) Live(rid string) bool { return v.resources[rid].live }

// Stale returns the ids of the resources in the view that were stale, in
// alphabetical order.
func (v *View) Stale() []string {
	var rids []string
	for rid, r := range v.resources {
		if !r.live {
			rids = append(rids, rid)
		}
	}
	slices.Sort(rids)
	return rids
}

// Follow returns the resource that a reference or a soft reference leads to, nil
// if the view does not have it.
func (v *View) Follow(ref res.Value) *Resource { return v.Resource(ref.RID()) }

// WithDepth returns the same view, which expands references so many levels deep:
// 0 leaves them as they are.
func (v *View) WithDepth(levels int) *View {
	w := *v
	w.depth = max(0, levels)
	return &w
}

// JSON returns a resource with its references expanded: in place of each stands
// the model or collection it leads to. Data values stand without their wrapper. A
// reference that leads back to where it stands in, that is too deep, or whose
// resource the view does not have, stays {"rid":…}, as soft references do; a
// resource in error becomes {"error":…}.
func (v *View) JSON(rid string) ([]byte, error) {
	r := v.Resource(rid)
	if r == nil {
		return nil, fmt.Errorf("expand %q: %w", rid, ErrNotInView)
	}
	return v.expand(r, nil)
}

// Decode stores a resource in the Go value dst points to, as [json.Unmarshal] would.
// Where that has room for the resource that a reference leads to, a struct, map,
// slice or interface, the reference is expanded, see [View.JSON]. Where it has a
// string, a [res.Ref] or a [res.Value], it stays a reference. What a struct has no
// field for is not looked at. A resource in error returns its error.
func (v *View) Decode(rid string, dst any) error {
	r := v.Resource(rid)
	if r == nil {
		return fmt.Errorf("decode %q: %w", rid, ErrNotInView)
	}
	return v.decode(r, dst, shapeOf(target(dst)))
}

// target returns the type that a pointer points to, nil if it is none.
func target(dst any) reflect.Type {
	if t := reflect.TypeOf(dst); t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return nil // encoding/json will say so
}

// decode decodes r, whose references are looked up in the view.
func (v *View) decode(r *Resource, dst any, s *shape) error {
	text, err := v.text(r, s)
	if err != nil {
		return err
	}
	return unmarshal(r.rid, text, dst)
}

// text returns what is to be decoded of r. A resource in error returns its error.
func (v *View) text(r *Resource, s *shape) ([]byte, error) {
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("decode %q: %w", r.rid, err)
	}
	return v.expand(r, s)
}

func unmarshal(rid string, text []byte, dst any) error {
	if err := json.Unmarshal(text, dst); err != nil {
		return fmt.Errorf("decode %q: %w", rid, err)
	}
	return nil
}

// StaleSome returns the ids of up to n wanted resources that are not live, in the
// order of first subscription.
func (r *Registry) StaleSome(n int) []string {
	return r.some(min(n, r.unsynced), func(e *entry) bool { return e.standing != held })
}

// LostSome returns the ids of up to n wanted resources that were live once and are
// not, in the order of first subscription.
func (r *Registry) LostSome(n int) []string {
	return r.some(min(n, r.lost), func(e *entry) bool { return e.standing != held && e.synced() })
}

func (r *Registry) some(n int, which func(*entry) bool) []string {
	var rids []string
	for e := range r.wanted.all() {
		if len(rids) == n {
			break
		}
		if which(e) {
			rids = append(rids, e.rid)
		}
	}
	return rids
}
