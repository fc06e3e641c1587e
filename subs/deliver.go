package subs

// Delivery is an event on its way to a handle.
type Delivery struct {
	Handle *Handle // whose event it is
	Event  Event   // for its queue
}

// TakeDeliveries returns the events decided since the last call, in order. The slice
// is good until the next call.
func (r *Registry) TakeDeliveries() []Delivery {
	d := r.deliveries
	clear(r.taken) // so that it keeps no event alive
	if r.deliveries = r.taken[:0]; cap(r.deliveries) > max(maxTaken, 4*len(d)) {
		r.deliveries = nil
	}
	r.taken = d
	return d
}

// maxTaken is for how many deliveries room is kept when there are few.
const maxTaken = 1024

func (r *Registry) deliver(h *Handle, ev Event) {
	if h.Silent {
		return
	}
	if h.latest() != nil {
		if ev = h.fold(ev); ev == nil {
			return
		}
	}
	if h.entry != nil {
		h.live = h.entry.standing == held
	} else {
		_, stale := ev.(*Stale)
		h.live = !stale || ev.RID() != "" // a stream is live until the connection is lost
	}
	r.deliveries = append(r.deliveries, Delivery{Handle: h, Event: ev})
}

// tell delivers an event to everybody who hears of e.
func (r *Registry) tell(e *entry, ev Event) { r.tellWatchers(e, e.watchers(), ev) }

// tellWatchers is tell with the deep handles that heard of e before the event: what
// it refers to may have made others live, and those know of it from their Sync.
func (r *Registry) tellWatchers(e *entry, before []*Handle, ev Event) {
	r.tellSubscribers(e, before, ev)
	r.tellStreams(e, ev)
}

// tellSubscribers delivers an event to the handles on e and to the deep handles
// that reach it.
func (r *Registry) tellSubscribers(e *entry, watchers []*Handle, ev Event) {
	r.tellHandles(e, ev)
	for _, h := range watchers {
		r.deliver(h, ev)
	}
}

// tellHandles delivers an event to every handle on e that has been given a Sync.
func (r *Registry) tellHandles(e *entry, ev Event) {
	for h := range e.handles.all() {
		if h.synced {
			r.deliver(h, ev)
		}
	}
}
