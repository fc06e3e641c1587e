package subs

import "github.com/resclient/resclient-go/res"

// A stream is a handle on a pattern in place of a resource: it hears, in the order
// in which the gateway has sent it, of every resource in the local copy whose name
// matches. Its first event is a Sync with a View of all that are live. Then each
// resource that becomes live has a Sync of its own, its events follow, and a Drop
// says that it is followed no more. A loss of the connection is one Stale, without
// a resource id.

type stream struct {
	*Handle
	pattern res.Pattern
}

// OpenStream makes h, which must not be open, a stream. It is not a subscription:
// nothing is held because of it.
func (r *Registry) OpenStream(h *Handle, pattern res.Pattern) {
	h.stream, h.synced = true, true
	s := stream{h, pattern}
	r.streams = append(r.streams, s)
	r.syncStream(s, SyncFirst)
}

// syncStream tells a stream what everything is. What is stale is part of it if streams
// were told of it: they will be told of its end.
func (r *Registry) syncStream(s stream, reason SyncReason) {
	var rids []string
	for rid, e := range r.entries {
		if (e.standing == held || e.streamed) && s.follows(rid) {
			rids = append(rids, rid)
		}
	}
	for _, rid := range rids {
		r.find(rid).streamed = true
	}
	view := r.viewOnly(rids)
	r.deliver(s.Handle, &Sync{Reason: reason, View: view})
}

// follows reports whether a stream hears of rid.
func (s stream) follows(rid string) bool {
	name, _ := res.SplitRID(rid)
	return s.pattern.Matches(name)
}

// tellStreams delivers an event to the streams that hear of e.
func (r *Registry) tellStreams(e *entry, ev Event) {
	for _, s := range r.streams {
		if s.follows(e.rid) {
			r.deliver(s.Handle, ev)
		}
	}
}

// streamLive tells the streams that e is live from now on.
func (r *Registry) streamLive(e *entry) {
	if len(r.streams) == 0 {
		return
	}
	e.streamed = true
	reason := SyncReached
	if e.synced() { // it was stale
		reason = reasonOf(e.told(), &e.content)
	}
	r.tellStreams(e, r.syncOf(e.snapshot(), reason))
}

// streamGone tells the streams that e is followed no more, if they were told of it.
func (r *Registry) streamGone(e *entry) {
	if e.streamed {
		e.streamed = false
		r.tellStreams(e, &Drop{subject{e.rid}})
	}
}
