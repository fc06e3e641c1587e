package core_test

import (
	"maps"
	"slices"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// mirror keeps a copy of a resource from the events of its subscription alone, and
// checks that it is what the next Sync says.
func (w *walk) mirror(l *listener) {
	for _, ev := range l.heard {
		c := w.mirrors[l]
		switch ev := ev.(type) {
		case *subs.Sync:
			if c != nil && ev.Reason == subs.SyncReconnect && c.String() != ev.Resource.String() {
				w.Fatalf("%v has %v from its events, and then %v", l, c, ev)
			}
			w.mirrors[l] = contentOf(ev.Resource)
		case *subs.Change:
			for _, change := range ev.Changes {
				if old := c.props[change.Name]; old != change.Old.Raw() {
					w.Fatalf("%v has %q where %v has an old value", l, old, ev)
				}
				if change.New.IsAbsent() {
					delete(c.props, change.Name)
				} else {
					c.props[change.Name] = change.New.Raw()
				}
			}
		case *subs.Add:
			c.items = slices.Insert(c.items, ev.Index, ev.Value.Raw())
		case *subs.Remove:
			if c.items[ev.Index] != ev.Value.Raw() {
				w.Fatalf("%v has %v, and then %v", l, c, ev)
			}
			c.items = slices.Delete(c.items, ev.Index, ev.Index+1)
		}
	}
	l.heard = nil
}

func contentOf(r *subs.Resource) *content {
	c := &content{}
	if r.Kind() == wire.KindError {
		c.failure = r.String()
	}
	if r.Kind() == wire.KindModel {
		c.props = maps.Collect(func(yield func(string, string) bool) {
			for k, v := range r.Properties() {
				if !yield(k, v.Raw()) {
					return
				}
			}
		})
	}
	for _, v := range r.Items() {
		c.items = append(c.items, v.Raw())
	}
	return c
}
