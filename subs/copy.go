package subs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// ErrInconsistent says that a message of the gateway does not fit the local copy,
// so one of the two is wrong. The client gets everything anew over a planned
// reconnect.
var ErrInconsistent = errors.New("the local copy does not fit what the gateway sends")

// ErrUnknownResource says that an event was about a resource that is not subscribed,
// or whose copy follows no events until the next connection.
var ErrUnknownResource = errors.New("the resource is not subscribed")

func inconsistent(rid, format string, args ...any) error {
	return fmt.Errorf("%q: %s: %w", rid, fmt.Sprintf(format, args...), ErrInconsistent)
}

// localCopy is a resource that follows its events. What snapshot has handed out
// stays as it was: the next event works on another body.
type localCopy struct {
	content        // has no body while there is no copy
	first   uint64 // hash of what the connection was sent, once that has changed; else 0
}

// content is what a copy has. Events change it: only a snapshot may be handed out.
type content = Resource

// has reports whether there is a copy.
func (c *localCopy) has() bool { return c.body != nil }

// changed reports whether the copy has changed since this connection was sent it.
func (c *localCopy) changed() bool { return c.first != 0 }

func (c *localCopy) snapshot() *Resource {
	snapshot := c.frozen()
	return &snapshot
}

// frozen returns the content as it is now, to be handed out.
func (c *localCopy) frozen() Resource {
	if !c.packs() {
		c.body.shared = true
	}
	return c.content
}

func (c *localCopy) writable() *Resource {
	if !c.changed() {
		c.first = c.content.hash()
	}
	if !c.packs() && c.body.shared {
		c.body = c.body.clone()
	}
	return &c.content
}

// change sets and deletes properties, placed in text, and returns an event of the ones
// that became another, nil if none did.
func (p *packer) change(c *localCopy, text []byte, values []wire.PlacedProperty) (*Change, error) {
	switch {
	case c.content.body.kind != wire.KindModel:
		return nil, inconsistent(c.content.rid, "change event for a resource of kind %v", c.content.body.kind)
	case !c.packs():
		return explicitly(c.changeLarge(made(text, values))), nil
	}
	w, links, ok := p.rewrite(&c.content, text, values)
	switch {
	case !ok:
		return explicitly(p.reshape(c, made(text, values))), nil
	case w.changed == 0:
		return nil, nil
	}
	c.writable().packed = w.new
	return &Change{rewrite: w, links: links}, nil
}

// rewrite finds what becomes of a model that is packed. It returns false if that
// has other names, or is too large.
func (p *packer) rewrite(r *Resource, text []byte, values []wire.PlacedProperty) (w rewrite, links, ok bool) {
	list, was := r.body.names, r.packed
	is, i := p.repack(was, len(list)), 0
	for _, q := range values {
		name := q.Name.In(text)
		for i < len(list) && list[i] != string(name) {
			i++
		}
		if i == len(list) || q.Value.Kind == res.Delete {
			return w, false, false
		}
		value := q.Value.Text.In(text)
		if old := was.at(i, len(list)); !old.EqualTo(q.Value.Kind, value) {
			is.keep(i)
			is.put(q.Value.Kind, value)
			w.changed |= 1 << i
			links = links || old.IsReference() || q.Value.Kind == res.Reference
		}
		i++
	}
	if w.changed == 0 {
		return w, links, true
	}
	is.keep(len(list))
	p.block = is.block
	if len(is.block) > headSize*len(list)+maxPackedText {
		return w, false, false
	}
	w.of, w.old, w.new = r.body, was, packed(is.block)
	return w, links, true
}

// made makes properties of what is placed in text.
func made(text []byte, values []wire.PlacedProperty) []wire.Property {
	copied := string(text)
	at := func(p wire.Place) string { return copied[p.Begin:p.End] }
	properties := make([]wire.Property, len(values))
	for i, v := range values {
		properties[i] = wire.Property{Name: at(v.Name), Value: res.NewValue(v.Value.Kind, at(v.Value.Text))}
	}
	return properties
}

// place is the reverse: it places properties in a text.
func (p *packer) place(properties []wire.Property) (text []byte, values []wire.PlacedProperty) {
	p.text, p.placed = p.text[:0], p.placed[:0]
	put := func(s string) wire.Place {
		begin := len(p.text)
		p.text = append(p.text, s...)
		return wire.Place{Begin: uint32(begin), End: uint32(len(p.text))}
	}
	for _, q := range properties {
		v := wire.PlacedValue{Kind: q.Value.Kind(), Text: put(q.Value.Text())}
		p.placed = append(p.placed, wire.PlacedProperty{Name: put(q.Name), Value: v})
	}
	return p.text, p.placed
}

// explicitly returns an event of changes, nil for none.
func explicitly(changes []PropertyChange) *Change {
	if len(changes) == 0 {
		return nil
	}
	ev := &Change{explicit: changes}
	for _, c := range changes {
		ev.links = ev.links || c.Old.IsReference() || c.New.IsReference()
	}
	return ev
}

// reshape changes a model that is packed and may have other names then.
func (p *packer) reshape(c *localCopy, values []wire.Property) []PropertyChange {
	p.merge(&c.content, values)
	if len(p.changes) == 0 {
		return nil
	}
	m := c.writable()
	p.setModel(m, p.merged)
	changes := slices.Clone(p.changes)
	for i, at := range p.places {
		if at >= 0 {
			is := m.property(at)
			changes[i].Name, changes[i].New = is.Name, is.Value
		}
	}
	return changes
}

// merge finds what values change in a model that is packed, and where that is in
// what the model becomes.
func (p *packer) merge(r *Resource, values []wire.Property) {
	p.merged, p.changes, p.places = p.merged[:0], p.changes[:0], p.places[:0]
	i, list := 0, r.body.names
	for _, q := range values {
		for ; i < len(list) && list[i] < q.Name; i++ {
			p.merged = append(p.merged, r.property(i))
		}
		was, found := wire.Property{Name: q.Name}, i < len(list) && list[i] == q.Name
		if found {
			was = r.property(i)
			i++
		}
		is := q.Value
		if is.Kind() == res.Delete {
			is = res.Value{}
		}
		if was.Value.Equal(is) {
			if found {
				p.merged = append(p.merged, was)
			}
			continue
		}
		at := -1
		if !is.IsAbsent() {
			at = len(p.merged)
			p.merged = append(p.merged, wire.Property{Name: was.Name, Value: is})
		}
		p.changes = append(p.changes, PropertyChange{Name: was.Name, Old: was.Value, New: is})
		p.places = append(p.places, at)
	}
	for ; i < len(list); i++ {
		p.merged = append(p.merged, r.property(i))
	}
}

// changeLarge is change for a model that is not packed.
func (c *localCopy) changeLarge(values []wire.Property) []PropertyChange {
	var changes []PropertyChange
	for _, p := range values {
		if change, changed := c.set(p); changed {
			changes = append(changes, change)
		}
	}
	return changes
}

func (c *localCopy) set(p wire.Property) (PropertyChange, bool) {
	i, found := c.content.find(p.Name)
	change := PropertyChange{Name: p.Name, New: p.Value}
	if p.Value.Kind() == res.Delete {
		change.New = res.Value{}
	}
	if found {
		change.Name, change.Old = c.content.body.props[i].Name, c.content.body.props[i].Value
	}
	if change.Old.Equal(change.New) {
		return PropertyChange{}, false
	}
	m := c.writable().body
	change.New = kept(change.New)
	switch {
	case change.New.IsAbsent():
		m.props = slices.Delete(m.props, i, i+1)
	case found:
		m.props[i].Value = change.New
	default:
		change.Name = strings.Clone(p.Name)
		m.props = slices.Insert(m.props, i, wire.Property{Name: change.Name, Value: change.New})
	}
	return change, true
}

// add inserts a value, which is kept.
func (c *localCopy) add(index int, v res.Value) error {
	switch {
	case c.content.body.kind != wire.KindCollection:
		return inconsistent(c.content.rid, "add event for a resource of kind %v", c.content.body.kind)
	case index < 0 || index > len(c.content.body.items):
		return inconsistent(c.content.rid, "add at index %d of %d", index, len(c.content.body.items))
	}
	c.writable().body.insert(index, v)
	return nil
}

func (p *packer) remove(c *localCopy, index int) (res.Value, error) {
	switch {
	case c.content.body.kind != wire.KindCollection:
		return res.Value{}, inconsistent(c.content.rid, "remove event for a resource of kind %v", c.content.body.kind)
	case index < 0 || index >= len(c.content.body.items):
		return res.Value{}, inconsistent(c.content.rid, "remove at index %d of %d", index, len(c.content.body.items))
	}
	b := c.writable().body
	v := b.items[index]
	b.remove(index)
	if b.removed++; b.removed > len(b.items) {
		// What is left keeps blocks alive that hold as much again of what is gone.
		b.list, b.removed = list{items: p.items(b.items)}, 0
	}
	return v, nil
}
