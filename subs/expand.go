package subs

import (
	"encoding/json"
	"fmt"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// expand writes a resource as JSON, with its references expanded where the shape has
// room for it.
func (v *View) expand(r *Resource, s *shape) ([]byte, error) {
	x := expander{view: v, above: map[string]bool{}}
	x.resource(r, s, v.depth)
	if x.err != nil {
		return nil, fmt.Errorf("expand %q: %w", r.rid, x.err)
	}
	return x.text, nil
}

// expander writes resources as JSON.
type expander struct {
	view  *View
	text  []byte
	above map[string]bool // the resources that are being written, from the root down
	err   error
}

func (x *expander) resource(r *Resource, s *shape, depth int) {
	x.above[r.rid] = true
	defer delete(x.above, r.rid)
	switch r.Kind() {
	case wire.KindModel:
		x.members(r, s, depth, '{', '}')
	case wire.KindCollection:
		x.members(r, s, depth, '[', ']')
	default:
		x.raw(`{"error":`)
		x.marshal(r.body.err)
		x.raw(`}`)
	}
}

func (x *expander) members(r *Resource, s *shape, depth int, open, end rune) {
	separator := string(open)
	s.places(r, func(name string, v res.Value, place *shape) {
		x.raw(separator)
		separator = ","
		if r.Kind() == wire.KindModel {
			x.marshal(name)
			x.raw(`:`)
		}
		x.value(v, place, depth)
	})
	if separator != "," {
		x.raw(separator)
	}
	x.raw(string(end))
}

func (x *expander) value(v res.Value, place *shape, depth int) {
	if x.err != nil {
		return
	}
	if v.IsReference() && place.follows() && depth > 0 && !x.above[v.RID()] {
		if r := x.view.Follow(v); r != nil {
			x.resource(r, place, depth-1)
			return
		}
	}
	switch kind := v.Kind(); {
	case kind == res.Data:
		var inner json.RawMessage
		if x.err = v.Decode(&inner); x.err == nil {
			x.raw(string(inner))
		}
	case (kind == res.Reference || kind == res.SoftReference) && place.is() == takesText:
		x.marshal(v.RID())
	default:
		x.raw(v.Raw())
	}
}

func (x *expander) marshal(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		x.err = err
		return
	}
	x.raw(string(text))
}

func (x *expander) raw(text string) {
	if len(x.text)+len(text) > MaxExpansion {
		x.err = ErrExpansionTooLarge
		return
	}
	x.text = append(x.text, text...)
}
