package resgatetest

import (
	"maps"
	"slices"
)

// event takes an event of the resource. Before the resource is loaded here
// the event means nothing: the content to come holds it.
func (e *entry) event(ev *event) {
	switch {
	case e.resource == nil:
	case e.holds != 0:
		e.events = append(e.events, ev)
	default:
		e.process(ev)
	}
}

// unhold ends one reason to wait. With the last, what waited is done: first
// the question for access, then the events, until one of them makes the rest
// wait again.
func (e *entry) unhold(reason hold) {
	e.holds &^= reason
	if e.holds != 0 {
		return
	}
	if e.reaccessDue {
		e.askAgain()
		if e.holds != 0 {
			return
		}
	}
	waiting := e.events
	e.events = nil
	for i, ev := range waiting {
		if e.resource == nil {
			return
		}
		e.process(ev)
		if e.holds != 0 {
			e.events = append(waiting[i+1:], e.events...)
			return
		}
	}
}

func (e *entry) process(ev *event) {
	if ev.version != e.version {
		return // it is part of the content already
	}
	if ev.update {
		e.version++
	}
	switch {
	case ev.name == "delete":
		e.state = deleted
		e.conn.sendEvent(e.rid, ev.name, ev.payload)
		e.endDirect(errDeleted)
	case ev.update && ev.changed != nil:
		e.processChange(ev)
	case ev.update && ev.name == "add":
		e.processAdd(ev)
	case ev.update && ev.name == "remove":
		if ev.value.kind == reference {
			e.removeRef(ev.value.rid)
		}
		e.conn.sendEvent(e.rid, ev.name, ev.payload)
	default:
		e.conn.sendEvent(e.rid, ev.name, ev.payload)
	}
}

func (e *entry) processAdd(ev *event) {
	data := &addData{Idx: ev.idx, Value: ev.value}
	if ev.value.kind != reference {
		e.sendChange(ev, data)
		return
	}
	target := e.addRef(ev.value.rid)
	e.sendWith(ev, data, []*entry{target}, target.state != sent)
}

// processChange adds the new references before it drops the old ones, so that
// what only moves between properties stays. What the client has is judged in
// between: a target may become unsent when the old references go, and yet the
// event is sent without it.
func (e *entry) processChange(ev *event) {
	var targets []*entry
	unsent := false
	for _, name := range slices.Sorted(maps.Keys(ev.changed)) {
		if v := ev.changed[name]; v.kind == reference {
			target := e.addRef(v.rid)
			targets = append(targets, target)
			unsent = unsent || target.state != sent
		}
	}
	for k := range ev.changed {
		if old, ok := ev.old[k]; ok && old.kind == reference {
			e.removeRef(old.rid)
		}
	}
	e.sendWith(ev, &changeData{Values: ev.changed}, targets, unsent)
}

// sendWith sends an event that refers to targets: at once, or if the client
// does not have all of them as soon as they are ready. Until then the events
// behind it wait.
func (e *entry) sendWith(ev *event, data eventData, targets []*entry, unsent bool) {
	if !unsent {
		for _, target := range targets {
			target.sentRefs++
		}
		e.sendChange(ev, data)
		return
	}
	e.holds |= holdLoading
	pending := len(targets)
	for _, target := range targets {
		target.whenReady(func() {
			pending--
			if e.state == dropped || pending > 0 {
				return
			}
			set := data.resources()
			for _, target := range targets {
				target.collect(set, true)
			}
			e.sendChange(ev, data)
			for _, target := range targets {
				target.markSent()
			}
			e.unhold(holdLoading)
		})
	}
}

func (e *entry) sendChange(ev *event, data eventData) {
	if e.conn.protocol < protocolDataValues {
		data.toLegacy()
	}
	e.conn.sendEvent(e.rid, ev.name, data)
}

// endDirect ends all direct subscriptions on e, and tells why if there were
// any. There may be less than none: see sweeper.mark.
func (e *entry) endDirect(reason *rpcError) {
	if e.direct <= 0 {
		return
	}
	e.conn.unsubscribe(e, e.direct)
	e.conn.sendEvent(e.rid, "unsubscribe", unsubscribeData{Reason: reason})
}
