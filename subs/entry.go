package subs

import "container/list"

// entry is everything about one rid.
type entry struct {
	rid      string
	standing standing
	localCopy

	handles  []*Handle
	watchers []*Handle     // deep handles on other resources that reach this one
	place    *list.Element // in Registry.wanted, nil without handles
	direct   int           // direct subscriptions at the gateway, on this connection
	dead     bool          // deleted, and still referred to: the gateway sends nothing of it, but holds what it refers to

	streamed bool // streams have been told of it
	doubtful bool // the copy may be an old one: see tombstone.go
	stuck    bool // in Registry.stuck

	// References to this resource, one for every place they stand in.
	cachedIn int // from every copy that is kept
	heldIn   int // from copies that are held

	told   *Resource // what synced handles knew when they were told that it is stale
	cause  error     // why it is stale
	ending Event     // the Unsubscribe or Delete that made it stale, if one did

	parked      *list.Element // in Registry.limbo, nil when not in limbo
	parkedUntil uint64        // the newest request that was out then

	loosened  uint64   // the newest request that was out when an event opened a cycle that it is in
	departing []string // references that the present event has taken out of the copy

	inner int // scratch of the cycle search: references from within it
	mark  mark
}

// standing is what a copy is worth.
type standing uint8

const (
	missing standing = iota // no copy: known by name only
	held                    // a direct subscription reaches it: its events come, it is right
	limbo                   // nothing holds it, but an answer that is still out may; events are applied
	suspect                 // as held, but dead, or a message did not fit: takes no events until the next connection
	stale                   // readable, but no events come
)

// references calls f for every reference in e's copy, once per place.
func (e *entry) references(f func(rid string)) {
	if e.content != nil {
		e.content.references(f)
	}
}

// booked is references with those that the present event takes away: the gateway takes
// one after the other off its books.
func (e *entry) booked(f func(rid string)) {
	e.references(f)
	for _, rid := range e.departing {
		f(rid)
	}
}

// holding reports whether the gateway holds e, and through it what it refers to.
func (e *entry) holding() bool { return e.standing == held || e.standing == suspect }

// follows reports whether e's copy follows its events.
func (e *entry) follows() bool { return e.standing == held || e.standing == limbo }
