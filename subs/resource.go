package subs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Resource is what a model, a collection or a resource in error held at one
// moment. A Resource that has been handed out never changes, so it may be kept
// and read from any goroutine.
type Resource struct {
	rid    string
	kind   wire.Kind
	names  *names          // of a model whose values are packed
	packed packed          // those
	props  []wire.Property // of a model that is too large to be packed, sorted by name
	items  []res.Value     // of a collection
	err    *res.Error      // of a resource in error
}

// RID returns the resource id, with its query, as the program spelled it.
func (r *Resource) RID() string { return r.rid }

// Kind returns whether the resource is a model, a collection or an error.
func (r *Resource) Kind() wire.Kind { return r.kind }

// Err returns the error of a resource that could not be loaded, a [*res.Error],
// and nil for a model or a collection. Only references lead to a resource in
// error: Subscribe and Get return the error instead.
func (r *Resource) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Value returns the value of a model's property. It is absent, see
// [res.Value.IsAbsent], when there is no such property or no model.
func (r *Resource) Value(property string) res.Value {
	i, found := r.find(property)
	if !found {
		return res.Value{}
	}
	return r.property(i).Value
}

// Properties iterates over a model's properties in the order of their names.
func (r *Resource) Properties() iter.Seq2[string, res.Value] {
	return func(yield func(string, res.Value) bool) {
		for i := range r.properties() {
			if p := r.property(i); !yield(p.Name, p.Value) {
				return
			}
		}
	}
}

// properties returns how many properties a model has.
func (r *Resource) properties() int {
	if r.names != nil {
		return len(r.names.list)
	}
	return len(r.props)
}

// property returns property i of a model.
func (r *Resource) property(i int) wire.Property {
	if r.names != nil {
		return wire.Property{Name: r.names.list[i], Value: r.packed.at(i, len(r.names.list))}
	}
	return r.props[i]
}

// Len returns the number of properties of a model or of items of a collection.
func (r *Resource) Len() int { return r.properties() + len(r.items) }

// At returns the collection's item at index i. Like indexing a slice, it panics
// when i is not within 0 and Len()-1, or when the resource is no collection.
func (r *Resource) At(i int) res.Value { return r.items[i] }

// Items iterates over a collection's items in their order.
func (r *Resource) Items() iter.Seq2[int, res.Value] { return slices.All(r.items) }

// Equal reports whether both are of the same kind and hold equal values. Their
// resource ids do not matter.
func (r *Resource) Equal(s *Resource) bool {
	if r.kind != s.kind {
		return false
	}
	switch r.kind {
	case wire.KindModel:
		return r.equalModel(s)
	case wire.KindCollection:
		return slices.EqualFunc(r.items, s.items, res.Value.Equal)
	case wire.KindError:
		return r.err.Code == s.err.Code && r.err.Message == s.err.Message && bytes.Equal(r.err.Data, s.err.Data)
	}
	return true // neither was made by the registry: both are zero
}

func (r *Resource) equalModel(s *Resource) bool {
	if r.properties() != s.properties() {
		return false
	}
	for i := range r.properties() {
		if p, q := r.property(i), s.property(i); p.Name != q.Name || !p.Value.Equal(q.Value) {
			return false
		}
	}
	return true
}

// MarshalJSON returns a model as an object, a collection as an array and a
// resource in error as its error object. References stay references.
func (r *Resource) MarshalJSON() ([]byte, error) {
	if r.kind == wire.KindError {
		return json.Marshal(r.err)
	}
	return r.text(res.Value.Raw), nil
}

// String returns the resource as JSON.
func (r *Resource) String() string {
	text, err := r.MarshalJSON()
	if err != nil {
		return "!" + err.Error()
	}
	return string(text)
}

// Decode stores the resource in the Go value dst points to, as [json.Unmarshal]
// would: a model in a struct or map, a collection in a slice. Data values are
// stored as the JSON inside them, references as their resource id where dst
// takes a string, [res.Ref] or [res.SoftRef]. A resource in error returns its error.
func (r *Resource) Decode(dst any) error {
	if r.err != nil {
		return fmt.Errorf("decode %q: %w", r.rid, r.err)
	}
	if err := json.Unmarshal(r.text(plain), dst); err != nil {
		return fmt.Errorf("decode %q: %w", r.rid, err)
	}
	return nil
}

// plain returns a value's JSON without the wrappers of the protocol.
func plain(v res.Value) string {
	switch v.Kind() {
	case res.Reference, res.SoftReference:
		return quote(v.RID())
	case res.Data:
		return v.String()
	}
	return v.Raw()
}

func quote(s string) string {
	text, _ := json.Marshal(s) // a string always marshals
	return string(text)
}

// text returns a model or collection as JSON, with values as form has them.
func (r *Resource) text(form func(res.Value) string) []byte {
	var b bytes.Buffer
	separate := func(i int) {
		if i > 0 {
			b.WriteByte(',')
		}
	}
	if r.kind == wire.KindCollection {
		b.WriteByte('[')
		for i, v := range r.items {
			separate(i)
			b.WriteString(form(v))
		}
		b.WriteByte(']')
		return b.Bytes()
	}
	b.WriteByte('{')
	for i := range r.properties() {
		p := r.property(i)
		separate(i)
		b.WriteString(quote(p.Name))
		b.WriteByte(':')
		b.WriteString(form(p.Value))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// find returns where a property is, or where it would be inserted.
func (r *Resource) find(property string) (int, bool) {
	if r.names != nil {
		return slices.BinarySearch(r.names.list, property)
	}
	return slices.BinarySearchFunc(r.props, property, func(p wire.Property, name string) int {
		return strings.Compare(p.Name, name)
	})
}

func (r *Resource) clone() *Resource {
	c := *r
	c.props = slices.Clone(r.props)
	c.items = slices.Clone(r.items)
	return &c
}

// references calls f for every reference that the gateway follows, once per place.
func (r *Resource) references(f func(rid string)) {
	for i := range r.properties() {
		if v := r.property(i).Value; v.IsReference() {
			f(v.RID())
		}
	}
	for _, v := range r.items {
		if v.IsReference() {
			f(v.RID())
		}
	}
}
