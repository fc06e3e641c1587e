package subs

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/resclient/resclient-go/res"
)

// Latest is the owner of a handle that wants the latest of its resource, as far as a type
// has room for it, in place of events. It hears what its resource is, with a Sync that
// has a View; and when that is not the latest any more, that there is news: once,
// with one event that is no Sync, whatever happens, until [Registry.Resume] gives it
// another Sync. Where the type has room for what references lead to, that counts as
// well: opening the handle then makes it deep. So nothing piles up for a consumer
// that is slow, and one that does not ask costs nothing.
type Latest struct {
	Owner any   // belongs to whoever made the handle
	Type  *Type // whose room decides what is news
}

// latest returns the type of which h wants the latest, nil for none.
func (h *Handle) latest() *Type {
	if l, wants := h.Owner.(*Latest); wants {
		return l.Type
	}
	return nil
}

// news says to such a handle that something is newer than its last Sync.
type news struct{ subject }

func (e *news) String() string { return e.rid + " news" }
func (e *news) size() int      { return eventSize }

// fold returns what such a handle hears in place of an event, nil for nothing.
func (h *Handle) fold(ev Event) Event {
	switch ev := ev.(type) {
	case *Custom, *Delete, *Unsubscribe, *Stale, *Drop:
		return nil // the content is as it was, or an event before has said so
	case *Sync:
		if ev.Reason == SyncFirst || ev.Reason == SyncLag {
			h.news = false
			return ev
		}
	}
	if h.news {
		return nil
	}
	h.news = true
	return &news{subject{ev.RID()}}
}

// ViewAs collects the copy of rid, and of what it refers to as far as a type has room
// for it.
func (r *Registry) ViewAs(rid string, as *Type) *View {
	e := r.find(rid)
	if e == nil || !e.has() {
		return r.newView()
	}
	return r.viewAs(e.snapshot(), e.standing == held, as)
}

func (r *Registry) viewAs(content *Resource, live bool, as *Type) *View {
	v := r.room(content, as.shape)
	v.resources[content.rid] = viewed{content: content, live: live}
	return v
}

// expands reports whether there is room anywhere in a resource for what a reference
// leads to.
func (s *shape) expands() bool {
	switch s.is() {
	case takesAll:
		return true
	case takesMap, takesList:
		return s.elem.follows()
	case takesFields:
		for _, place := range s.fields {
			if place.follows() {
				return true
			}
		}
	}
	return false
}

// Decoder decodes resources into values of T, with references expanded where T has
// room for it, see [View.Decode]. It is not safe for concurrent use.
type Decoder[T any] struct {
	as   Type
	last []byte // what DecodeNew has decoded last, nil before
}

// NewDecoder returns a decoder.
func NewDecoder[T any]() *Decoder[T] {
	return &Decoder[T]{as: TypeOf[T]("")}
}

// Type returns T, for [Latest] and [Registry.ViewAs].
func (d *Decoder[T]) Type() *Type { return &d.as }

// Follows reports whether T has room for a resource. If not, it may be an id.
func (d *Decoder[T]) Follows() bool { return d.as.shape.follows() }

// Reference returns a reference as a T that has no room for what it leads to: the
// reference, or in a string the id.
func (d *Decoder[T]) Reference(rid string) (T, error) {
	var ref any = res.Ref(rid)
	if d.as.shape.is() == takesText {
		ref = rid
	}
	text, err := json.Marshal(ref)
	return d.value(rid, text, err)
}

// Decode returns a resource of a view as a T, and the zero T with an error.
func (d *Decoder[T]) Decode(v *View, rid string) (T, error) {
	text, err := d.text(v, rid)
	return d.value(rid, text, err)
}

// DecodeNew is Decode, unless T has nothing to show that is new since the last
// DecodeNew: then it reports false.
func (d *Decoder[T]) DecodeNew(v *View, rid string) (value T, changed bool, err error) {
	text, err := d.text(v, rid)
	shown := text
	if err != nil {
		shown = []byte(err.Error()) // which is no JSON, so it equals no resource
	}
	if d.last != nil && bytes.Equal(shown, d.last) {
		return value, false, nil
	}
	d.last = shown
	value, err = d.value(rid, text, err)
	return value, true, err
}

// text returns what T can show of a resource, as JSON.
func (d *Decoder[T]) text(v *View, rid string) ([]byte, error) {
	r := v.Resource(rid)
	if r == nil {
		return nil, fmt.Errorf("decode %q: %w", rid, ErrNotInView)
	}
	return v.text(r, d.as.shape)
}

func (d *Decoder[T]) value(rid string, text []byte, err error) (T, error) {
	var value, zero T
	if err != nil {
		return zero, err
	}
	if err := unmarshal(rid, text, &value); err != nil {
		return zero, err
	}
	return value, nil
}
