package subs

import "github.com/resclient/resclient-go/wire"

// resync stands in a queue for everything that a resource missed while it was
// stale. It is expanded only when it is read, on the reader's time: to the
// difference between old and new, and a Sync.
type resync struct {
	subject
	old, new *Resource
	typed               // to what the resource is after them all
	prepared *expansion // nil before it is read
}

func (e *resync) String() string { return e.rid + " resync" }

// The old content is kept alive by the queue alone. Its size is not known
// without a walk, so each item is counted as a small value.
func (e *resync) size() int { return eventSize*(1+e.old.Len()) + e.typed.size() }

// expansion hands out the events of a resync one by one.
type expansion struct {
	*resync
	edit   edit
	change *Change
}

func expand(r *resync) *expansion {
	if r.prepared != nil {
		return r.prepared
	}
	x := &expansion{resync: r}
	switch {
	case r.old.Kind() != r.new.Kind(): // the Sync says it all
	case r.new.Kind() == wire.KindModel:
		if x.change = explicitly(diffModel(r.old, r.new)); x.change != nil {
			x.change.subject, x.change.typed, x.change.Resync = r.subject, r.typed, true
		}
	case r.new.Kind() == wire.KindCollection:
		x.edit = diffCollection(r.old.items(), r.new.items())
	}
	return x
}

// next returns the next event, and whether it is the last, which is the Sync.
func (x *expansion) next() (ev Event, last bool) {
	switch {
	case x.change != nil:
		ev := x.change
		x.change = nil
		return ev, false
	case len(x.edit.removes) > 0:
		i := x.edit.removes[0]
		x.edit.removes = x.edit.removes[1:]
		return &Remove{subject: x.subject, typed: x.typed, Index: i, Value: x.old.At(i), Resync: true}, false
	case len(x.edit.adds) > 0:
		i := x.edit.adds[0]
		x.edit.adds = x.edit.adds[1:]
		return &Add{subject: x.subject, typed: x.typed, Index: i, Value: x.new.At(i), Resync: true}, false
	}
	return &Sync{typed: x.typed, Resource: x.new, Reason: reasonOf(x.old, x.new)}, true
}

// reasonOf returns why there is a Sync of what is live again.
func reasonOf(old, new *Resource) SyncReason {
	if old.Kind() != new.Kind() || new.Err() != nil && !old.Equal(new) {
		return SyncKindChanged
	}
	return SyncReconnect
}
