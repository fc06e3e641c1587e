package subs

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// shape is what a Go type has room for, as encoding/json fills it: in place of a
// reference the resource that it leads to, or only its id. A nil shape has room for
// everything.
type shape struct {
	form   form
	fields map[string]*shape // of a struct, by name and by name in lower case
	elem   *shape            // of a map or a list
}

// form is how a place is filled.
type form uint8

const (
	takesAll    form = iota
	takesText        // a resource id at the most
	takesValue       // a value as it is on the wire
	takesFields      // a struct: the properties that it has a field for
	takesMap         // a map
	takesList        // a slice or an array
)

// shapeOf returns the shape of a type, nil if it is any type's.
func shapeOf(t reflect.Type) *shape {
	if t == nil {
		return nil
	}
	return shapes{}.of(t)
}

// shapes are those that were begun: types may contain themselves.
type shapes map[reflect.Type]*shape

func (known shapes) of(t reflect.Type) *shape {
	for t.Kind() == reflect.Pointer && !reads(t) {
		t = t.Elem()
	}
	if s := known[t]; s != nil {
		return s
	}
	s := new(shape)
	known[t] = s
	switch t.Kind() {
	case reflect.Interface:
		s.form = takesAll
	case reflect.Struct:
		s.form, s.fields = takesFields, make(map[string]*shape)
		known.addFields(s, t)
	case reflect.Map:
		s.form, s.elem = takesMap, known.of(t.Elem())
	case reflect.Slice, reflect.Array:
		s.form, s.elem = takesList, known.of(t.Elem())
	case reflect.String:
		s.form = takesText
	default:
		s.form = takesValue
	}
	if own, ok := ownForm(t); ok {
		*s = shape{form: own}
	}
	return s
}

// reads reports whether a type reads JSON or text by itself.
func reads(t reflect.Type) bool { return readsJSON(t) || readsText(t) }

func readsJSON(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// ownForm returns the form of a type that does.
func ownForm(t reflect.Type) (f form, ok bool) {
	switch {
	case t == reflect.TypeFor[res.Ref](), t == reflect.TypeFor[res.SoftRef](), t == reflect.TypeFor[res.Value]():
		return takesValue, true
	case readsJSON(t):
		return takesAll, true
	case readsText(t):
		return takesText, true
	}
	return 0, false
}

// addFields adds the fields of a struct as encoding/json knows them. Where names
// clash, the one that is nearest counts.
func (known shapes) addFields(s *shape, t reflect.Type) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
		case f.Anonymous && name == "" && structOf(f.Type) != nil:
			embedded = append(embedded, structOf(f.Type))
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			place := known.of(f.Type)
			addName(s.fields, name, place)
			addName(s.fields, strings.ToLower(name), place)
		}
	}
	for _, inner := range embedded {
		for name, place := range known.of(inner).fields {
			addName(s.fields, name, place)
		}
	}
}

// structOf returns the struct that is embedded as t, or as what it points to.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

func addName(fields map[string]*shape, name string, place *shape) {
	if fields[name] == nil {
		fields[name] = place
	}
}

// is returns the form, and that of a nil shape.
func (s *shape) is() form {
	if s == nil {
		return takesAll
	}
	return s.form
}

// property returns the place for a property, and whether there is one.
func (s *shape) property(name string) (place *shape, has bool) {
	switch s.is() {
	case takesAll:
		return nil, true
	case takesMap:
		return s.elem, true
	case takesFields:
		place = s.fields[name]
		if place == nil {
			place = s.fields[strings.ToLower(name)]
		}
		return place, place != nil
	}
	return misfit(), true
}

// item returns the place for an item.
func (s *shape) item() *shape {
	switch s.is() {
	case takesAll:
		return nil
	case takesList:
		return s.elem
	}
	return misfit()
}

// misfit is a place in what does not fit at all, which decoding will find.
func misfit() *shape { return &shape{form: takesValue} }

// follows reports whether there is room for what a reference leads to.
func (s *shape) follows() bool { return s.is() != takesText && s.is() != takesValue }

// places calls f for every value of a resource that the shape has a place for.
func (s *shape) places(r *Resource, f func(name string, v res.Value, place *shape)) {
	if r.Kind() == wire.KindModel {
		for name, v := range r.Properties() {
			if place, has := s.property(name); has {
				f(name, v, place)
			}
		}
		return
	}
	item := s.item()
	for _, v := range r.items() {
		f("", v, item)
	}
}
