package simulation

import (
	"slices"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// topic is a resource name with all its queries, in a gateway's cache. What happens
// to them happens in one order.
type topic struct {
	gateway   *gateway
	number    int
	uses      int
	idleUntil time.Time // when it is forgotten; zero while in use

	resources []*cached
	locks     int // answers to a query event that are out; work waits for them
	work      []func()
}

// cached is a resource in the cache, kept up to date by events.
type cached struct {
	topic     *topic
	queries   []string // the normal form first, then the other spellings that lead here
	requested bool
	content   *content // nil until it is loaded
	version   int      // counts the events which led here
	entries   []*entry
	resetting bool // a get request is out, whose answer speaks for the events meanwhile
}

// event is a change of a resource on its way to an entry.
type event struct {
	*news
	version       int // of the content it applies to
	update        bool
	before, after *content
}

func (g *gateway) topic(number int) *topic {
	t := g.topics[number]
	if t == nil {
		t = &topic{gateway: g, number: number}
		g.topics[number] = t
	}
	t.uses++
	t.idleUntil = time.Time{}
	return t
}

func (t *topic) release(n int) {
	if t.uses -= n; t.uses == 0 && n > 0 {
		t.idleUntil = t.gateway.now.Add(cacheDelay)
	}
}

// do does f in its turn.
func (t *topic) do(f func()) {
	t.work = append(t.work, f)
	t.proceed()
}

func (t *topic) proceed() {
	for t.locks == 0 && len(t.work) > 0 {
		f := t.work[0]
		t.work = t.work[1:]
		f()
	}
}

// load gets e its resource.
func (g *gateway) load(e *entry) {
	t := g.topic(spellings[e.name].topic)
	t.do(func() { t.subscribe(e) })
}

func (t *topic) subscribe(e *entry) {
	r := t.resource(spellings[e.name].query)
	r.entries = append(r.entries, e)
	switch {
	case r.content != nil:
		r.deliver(e)
	case !r.requested:
		r.requested = true
		t.gateway.ask(question{kind: askGet, name: e.name, then: func(a answer) {
			t.do(func() { r.received(a) })
		}})
	}
}

func (t *topic) find(query string) *cached {
	for _, r := range t.resources {
		if slices.Contains(r.queries, query) {
			return r
		}
	}
	return nil
}

func (t *topic) resource(query string) *cached {
	r := t.find(query)
	if r == nil {
		r = &cached{topic: t, queries: []string{query}}
		t.resources = append(t.resources, r)
	}
	return r
}

func (r *cached) deliver(e *entry) {
	now, version := r.content, r.version
	e.conn.post(func() { e.loaded(r, now, version, "") })
}

// leave ends the use that e made of r. What a query named is not kept.
func (r *cached) leave(e *entry) {
	i := slices.Index(r.entries, e)
	if i < 0 {
		return
	}
	r.entries = slices.Delete(r.entries, i, i+1)
	if r.queries[0] != "" && len(r.entries) == 0 {
		r.unregister()
	}
	r.topic.release(1)
}

func (r *cached) unregister() {
	r.topic.resources = slices.DeleteFunc(r.topic.resources, func(x *cached) bool { return x == r })
}

// forsake takes all entries from r, and their uses.
func (r *cached) forsake() []*entry {
	entries := r.entries
	r.entries = nil
	r.unregister()
	r.topic.release(len(entries))
	return entries
}

// received takes the answer to the get request. Errors are not kept.
func (r *cached) received(a answer) {
	if a.code != "" {
		for _, e := range r.forsake() {
			e.conn.post(func() { e.loaded(nil, nil, 0, a.code) })
		}
		return
	}
	waiting, normal := slices.Clone(r.entries), r
	if a.query != r.queries[0] {
		normal = r.linkTo(a.query)
	}
	if normal.content == nil {
		normal.content = a.content
	}
	for _, e := range waiting {
		normal.deliver(e)
	}
}

// linkTo makes r another name of the resource with the given query.
func (r *cached) linkTo(query string) *cached {
	r.unregister()
	normal := r.topic.resource(query)
	normal.queries = append(normal.queries, r.queries...)
	normal.entries = append(normal.entries, r.entries...)
	return normal
}

// reset asks for all resources of the topic again.
func (t *topic) reset() {
	for _, r := range slices.Clone(t.resources) {
		if r.resetting {
			continue
		}
		r.resetting = true
		t.gateway.ask(question{kind: askGet, name: t.named(r.queries[0]), then: func(a answer) {
			t.do(func() {
				r.resetting = false
				r.speaksFor(a)
			})
		}})
	}
}

// named returns a spelling of the topic with a query.
func (t *topic) named(query string) name {
	for n, s := range spellings {
		if s.topic == t.number && s.query == query {
			return name(n)
		}
	}
	return nameless
}

func (t *topic) reaccess() {
	for _, r := range t.resources {
		for _, e := range r.entries {
			e.conn.post(e.reaccess)
		}
	}
}

// queryEvent asks the service what has become of each query. Everything else about
// the name waits for the answers.
func (t *topic) queryEvent() {
	for _, r := range t.resources {
		if r.content == nil {
			continue
		}
		t.locks++
		t.gateway.ask(question{kind: askGet, name: t.named(r.queries[0]), then: func(a answer) {
			r.speaksFor(a)
			t.locks--
			t.proceed()
		}})
	}
}

// speaksFor makes the events that lead from what r is to what the service says. Not
// found is a delete event, any other failure is no reason to change anything.
func (r *cached) speaksFor(a answer) {
	switch {
	case r.content == nil:
	case a.code == res.CodeNotFound:
		r.delete()
	case a.code != "":
	case r.content.kind == wire.KindModel:
		n := &news{kind: changed}
		for i := range n.mask {
			n.mask[i], n.props[i] = true, a.content.props[i]
		}
		r.change(n)
	default:
		for _, step := range difference(r.content.items, a.content.items) {
			r.move(&step)
		}
	}
}

// event handles an event on the name: it concerns the resource without query only.
func (t *topic) event(n *news) {
	r := t.find("")
	if r == nil || r.content == nil {
		return
	}
	switch n.kind {
	case changed:
		r.change(n)
	case added, removed:
		r.move(n)
	case deletedIt:
		r.delete()
	default:
		r.tell(&event{news: n, version: r.version})
	}
}

// change applies values and tells what really changed.
func (r *cached) change(n *news) {
	if r.content.kind != wire.KindModel || r.resetting {
		return
	}
	real := news{kind: changed}
	for i, set := range n.mask {
		if set && r.content.props[i] != n.props[i] {
			real.props[i], real.mask[i] = n.props[i], true
		}
	}
	if real.mask != [len(props)]bool{} {
		r.advance(&real, real.applied(r.content))
	}
}

// move adds or removes an item.
func (r *cached) move(n *news) {
	if r.resetting {
		return
	}
	if after := n.applied(r.content); after != nil {
		if n.kind == removed {
			n = &news{kind: removed, index: n.index, value: r.content.items[n.index]}
		}
		r.advance(n, after)
	}
}

func (r *cached) advance(n *news, after *content) {
	ev := &event{news: n, version: r.version, update: true, before: r.content, after: after}
	r.content = after
	r.version++
	r.tell(ev)
}

func (r *cached) delete() {
	if r.resetting {
		return
	}
	ev := &event{news: &news{kind: deletedIt}, version: r.version}
	for _, e := range r.forsake() {
		e.conn.post(func() { e.event(ev) })
	}
}

func (r *cached) tell(ev *event) {
	for _, e := range r.entries {
		e.conn.post(func() { e.event(ev) })
	}
}
