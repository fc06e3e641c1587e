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
	packed packed // the values of a model whose body has names
	body   *body  // nil if the registry did not make it
}

// body is what a resource is made of. Models whose values are packed share it with all
// that have the same names.
type body struct {
	kind  wire.Kind
	names []string        // of a model whose values are packed, sorted; else nil
	plain bool            // those are, see isPlain
	props []wire.Property // of a model that is too large for that, sorted by name
	list                  // of a collection
	err   *res.Error      // of a resource in error

	// Those of a copy that follows its events; nobody else looks at them.
	shared  bool // a snapshot was handed out, so it must not change any more
	removed int  // items since they were last packed
}

// RID returns the resource id, with its query, as the program spelled it.
func (r *Resource) RID() string { return r.rid }

// Kind returns whether the resource is a model, a collection or an error.
func (r *Resource) Kind() wire.Kind { return r.is().kind }

func (r *Resource) is() *body {
	if r.body == nil {
		return new(body)
	}
	return r.body
}

// Err returns the error of a resource that could not be loaded, a [*res.Error],
// and nil for a model or a collection. Only references lead to a resource in
// error: Subscribe and Get return the error instead.
func (r *Resource) Err() error {
	if err := r.is().err; err != nil {
		return err
	}
	return nil
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
	b := r.is()
	return len(b.names) + len(b.props)
}

// property returns property i of a model.
func (r *Resource) property(i int) wire.Property {
	if names := r.body.names; names != nil {
		return wire.Property{Name: names[i], Value: r.packed.at(i, len(names))}
	}
	return r.body.props[i]
}

// Len returns the number of properties of a model or of items of a collection.
func (r *Resource) Len() int { return r.properties() + len(r.items()) }

// At returns the collection's item at index i. Like indexing a slice, it panics
// when i is not within 0 and Len()-1, or when the resource is no collection.
func (r *Resource) At(i int) res.Value { return r.items()[i] }

// Items iterates over a collection's items in their order.
func (r *Resource) Items() iter.Seq2[int, res.Value] { return slices.All(r.items()) }

func (r *Resource) items() []res.Value { return r.is().items }

// Equal reports whether both are of the same kind and hold equal values. Their
// resource ids do not matter.
func (r *Resource) Equal(s *Resource) bool {
	a, b := r.is(), s.is()
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case wire.KindModel:
		return r.equalModel(s)
	case wire.KindCollection:
		return slices.EqualFunc(a.items, b.items, res.Value.Equal)
	case wire.KindError:
		return a.err.Code == b.err.Code && a.err.Message == b.err.Message && bytes.Equal(a.err.Data, b.err.Data)
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
	if b := r.is(); b.kind == wire.KindError {
		return json.Marshal(b.err)
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
	if err := r.Err(); err != nil {
		return fmt.Errorf("decode %q: %w", r.rid, err)
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
	if r.Kind() == wire.KindCollection {
		b.WriteByte('[')
		for i, v := range r.items() {
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
	b := r.is()
	if b.names != nil {
		return slices.BinarySearch(b.names, property)
	}
	return slices.BinarySearchFunc(b.props, property, func(p wire.Property, name string) int {
		return strings.Compare(p.Name, name)
	})
}

// same reports whether both are the same model, packed, by a quick look.
func (r *Resource) same(s *Resource) bool {
	return r.body == s.body && r.body.names != nil && r.packed == s.packed
}

// packs reports whether it is a model whose values are packed, which has no body of its own.
func (r *Resource) packs() bool { return r.body.names != nil }

func (b *body) clone() *body {
	own := *b
	own.props, own.list, own.shared = slices.Clone(b.props), list{items: slices.Clone(b.items)}, false
	return &own
}

// references calls f for every reference that the gateway follows, once per place.
func (r *Resource) references(f func(rid string)) {
	if r.body == nil {
		return
	}
	for i := range r.body.names {
		if r.packed.kind(i) == res.Reference {
			f(r.packed.at(i, len(r.body.names)).RID())
		}
	}
	for i := range r.body.props {
		if v := &r.body.props[i].Value; v.IsReference() {
			f(v.RID())
		}
	}
	for i := range r.body.items {
		if v := &r.body.items[i]; v.IsReference() {
			f(v.RID())
		}
	}
}
