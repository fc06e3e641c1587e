package simulation

import (
	"slices"
	"strconv"

	"github.com/resclient/resclient-go/res"
)

// event takes an event of the resource. Before the resource is loaded here the event
// means nothing: the content to come holds it.
func (e *entry) event(ev *event) {
	switch {
	case e.resource == nil:
		// Deleted while it is asked for, when another spelling of the query has brought it
		// before: who still waits for the answer is forgotten, and so is what waits for that.
		e.conn.hung = e.conn.hung || ev.kind == deletedIt && e.state == loading
	case e.holds != 0:
		e.events = append(e.events, ev)
	default:
		e.process(ev)
	}
}

// unhold ends one reason to wait. With the last, what waited is done: first the
// question for access, then the events, until one of them makes the rest wait again.
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
	switch ev.kind {
	case deletedIt:
		e.state, e.dead, e.newest = gone, true, max(e.newest, ev.version)
		e.conn.effect(effect{kind: died, name: e.name})
		e.conn.push(0, append(eventOf(e.name, "delete"), "null}"...))
		e.conn.endDirect(e, res.CodeDeleted)
	case changed:
		e.processChange(ev)
	case added:
		e.processAdd(ev)
	case removed:
		if ev.value.refers() {
			e.removeRef(name(ev.value.n))
		}
		b := append(eventOf(e.name, "remove"), `{"idx":`...)
		b = strconv.AppendInt(b, int64(ev.index), 10)
		e.sendChange(ev, nil, b)
	default:
		b := append(eventOf(e.name, "ping"), ev.value.String()...)
		e.conn.push(0, append(b, '}'))
	}
}

func (e *entry) processAdd(ev *event) {
	b := append(eventOf(e.name, "add"), `{"idx":`...)
	b = append(strconv.AppendInt(b, int64(ev.index), 10), `,"value":`...)
	b = append(b, ev.value.String()...)
	if !ev.value.refers() {
		e.sendChange(ev, nil, b)
		return
	}
	target := e.addRef(name(ev.value.n))
	unsent := target.state != sent
	if unsent {
		e.conn.holdBack(e, ev, func() {})
	}
	e.sendWith(ev, b, []*entry{target}, unsent)
}

// processChange adds the new references before it drops the old ones, so that what
// only moves between properties stays. What the client has is judged in between: a
// target may become unsent when the old references go, and yet the event is sent
// without it.
func (e *entry) processChange(ev *event) {
	var targets []*entry
	unsent := false
	for i, v := range ev.props {
		if ev.mask[i] && v.refers() {
			target := e.addRef(name(v.n))
			targets = append(targets, target)
			unsent = unsent || target.state != sent
		}
	}
	remove := func() {
		for i := range ev.mask {
			if (int(e.name)+ev.version)%2 == 1 { // there is no order, but it is the same for every play of a run
				i = len(ev.mask) - 1 - i
			}
			if old := ev.before.props[i]; ev.mask[i] && old.refers() {
				e.removeRef(name(old.n))
			}
		}
	}
	if unsent {
		e.conn.holdBack(e, ev, remove)
	} else {
		remove()
	}
	b := append(eventOf(e.name, "change"), `{"values":{`...)
	comma := false
	for i, v := range ev.props {
		if !ev.mask[i] {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = append(b, '"', props[i], '"', ':')
		if v.kind == absent {
			b = append(b, `{"action":"delete"}`...)
		} else {
			b = append(b, v.String()...)
		}
	}
	e.sendWith(ev, append(b, '}'), targets, unsent)
}

// sendWith sends an event that refers to targets: at once, or if the client does not
// have all of them as soon as they are ready. Until then the events behind it wait.
func (e *entry) sendWith(ev *event, b []byte, targets []*entry, unsent bool) {
	if !unsent {
		for _, target := range targets {
			target.sentRefs++
		}
		e.sendChange(ev, nil, b)
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
			s := &set{conn: e.conn}
			for _, target := range targets {
				target.collect(s, true)
			}
			e.begun = slices.DeleteFunc(e.begun, func(version int) bool { return version == ev.version })
			e.conn.letPass(1)
			e.sendChange(ev, s, b)
			for _, target := range targets {
				target.markSent()
			}
			e.unhold(holdLoading)
		})
	}
}

func (e *entry) sendChange(ev *event, s *set, b []byte) {
	if s != nil {
		b = s.append(b)
	}
	// While an event of what was taken back as unsent waits for a reference, the message
	// that brings the resource again lets those behind it pass.
	if ev.version < e.newest {
		e.conn.effect(effect{kind: mixedUp, name: e.name})
	}
	late := slices.ContainsFunc(e.begun, func(version int) bool { return version < ev.version })
	e.newest = max(e.newest, ev.version)
	if after := ev.applied(e.now); after != nil {
		e.now = after
	}
	e.conn.effect(effect{kind: updated, name: e.name, news: ev.news, ahead: s != nil || e.conn.heldBack > 0, late: late})
	e.conn.push(0, append(b, '}', '}'))
}

// withAccess calls then with the access answer for e: the one that is kept, or the
// one to come. It is never called when e is dropped before.
func (e *entry) withAccess(then func(access)) {
	if e.access != nil {
		then(*e.access)
		return
	}
	e.askers = append(e.askers, then)
	if e.asking {
		return
	}
	e.asking = true
	e.conn.gateway.request(e.conn, question{kind: askAccess, name: e.name}, func(a answer) {
		e.accessed(access{granted: a.granted, code: a.code})
	})
}

// accessed takes the access answer. A failure other than a refusal is not kept, so
// the next one asks again.
func (e *entry) accessed(a access) {
	if e.state == dropped {
		return
	}
	e.asking = false
	if a.code == "" {
		e.access = &a
	}
	askers := e.askers
	e.askers = nil
	for _, then := range askers {
		then(a)
	}
}

// reaccess makes the gateway ask for access again, once events do not wait for
// anything else.
func (e *entry) reaccess() {
	switch {
	case e.state == dropped:
	case e.holds != 0:
		e.reaccessDue = true
	default:
		e.askAgain()
	}
}

// askAgain holds the events of e until the service has said that they still may pass.
// Indirect subscriptions need no access.
func (e *entry) askAgain() {
	e.access = nil
	e.reaccessDue = false
	if e.direct == 0 {
		return
	}
	e.holds |= holdReaccess
	e.withAccess(func(a access) {
		if code := a.refusal(); code != "" {
			e.conn.endDirect(e, code)
		}
		e.unhold(holdReaccess)
	})
}

// request asks a service and has the answer handled by the worker of a connection,
// in its turn among the events of the topic.
func (g *gateway) request(c *conn, q question, then func(answer)) {
	t := g.topic(spellings[q.name].topic)
	q.conn = c
	q.then = func(a answer) {
		t.do(func() {
			c.post(func() { then(a) })
			t.release(1)
		})
	}
	g.ask(q)
}
