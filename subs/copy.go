package subs

import (
	"errors"
	"fmt"
	"slices"

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
// stays as it was: the next event works on a clone.
type localCopy struct {
	content *Resource
	shared  bool
	sent    bool   // on this connection
	missed  bool   // an event that changes it came when it followed none
	changed bool   // since this connection was sent it
	first   uint64 // hash of what it was sent, once changed
}

func (c *localCopy) snapshot() *Resource {
	c.shared = true
	return c.content
}

func (c *localCopy) writable() *Resource {
	if !c.changed {
		c.changed, c.first = true, c.content.hash()
	}
	if c.shared {
		c.content, c.shared = c.content.clone(), false
	}
	return c.content
}

// change sets and deletes properties and returns the ones that became another.
func (c *localCopy) change(values []wire.Property) ([]PropertyChange, error) {
	if c.content.kind != wire.KindModel {
		return nil, inconsistent(c.content.rid, "change event for a resource of kind %v", c.content.kind)
	}
	var changes []PropertyChange
	for _, p := range values {
		if change, changed := c.set(p); changed {
			changes = append(changes, change)
		}
	}
	return changes, nil
}

func (c *localCopy) set(p wire.Property) (PropertyChange, bool) {
	i, found := c.content.find(p.Name)
	change := PropertyChange{Name: p.Name, New: p.Value}
	if p.Value.Kind() == res.Delete {
		change.New = res.Value{}
	}
	if found {
		change.Name, change.Old = c.content.props[i].Name, c.content.props[i].Value
	}
	if change.Old.Equal(change.New) {
		return PropertyChange{}, false
	}
	m := c.writable()
	switch {
	case change.New.IsAbsent():
		m.props = slices.Delete(m.props, i, i+1)
	case found:
		m.props[i].Value = change.New
	default:
		m.props = slices.Insert(m.props, i, p)
	}
	return change, true
}

func (c *localCopy) add(index int, v res.Value) error {
	switch {
	case c.content.kind != wire.KindCollection:
		return inconsistent(c.content.rid, "add event for a resource of kind %v", c.content.kind)
	case index < 0 || index > len(c.content.items):
		return inconsistent(c.content.rid, "add at index %d of %d", index, len(c.content.items))
	}
	list := c.writable()
	list.items = slices.Insert(list.items, index, v)
	return nil
}

func (c *localCopy) remove(index int) (res.Value, error) {
	switch {
	case c.content.kind != wire.KindCollection:
		return res.Value{}, inconsistent(c.content.rid, "remove event for a resource of kind %v", c.content.kind)
	case index < 0 || index >= len(c.content.items):
		return res.Value{}, inconsistent(c.content.rid, "remove at index %d of %d", index, len(c.content.items))
	}
	list := c.writable()
	v := list.items[index]
	list.items = slices.Delete(list.items, index, index+1)
	return v, nil
}
