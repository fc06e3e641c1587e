package resgatetest

import (
	"maps"
	"slices"
)

// entryState is how far an entry has come. The order matters: from ready on
// nobody waits for it.
type entryState uint8

const (
	dropped entryState = iota // of no use any more; whoever still waits is never answered
	loading                   // the resource is asked for
	loaded                    // the resource is here; what it refers to may not be
	ready                     // in error, or taken back as unsent
	sending                   // part of the message which is being made
	sent                      // the client has it
	deleted                   // the resource is gone; what remains is its last content as first loaded
)

// entry is a resource as one connection sees it, by the resource id as the
// client or a reference spells it. It belongs to the worker of the connection.
type entry struct {
	conn        *conn
	rid         string
	name, query string // what services are asked, with {cid} filled in
	state       entryState
	asked       bool // the cache is asked for the resource
	err         *rpcError

	// The resource, and its content as first loaded for this connection. Only
	// version moves on with the events that pass through. When the client
	// must have the resource once more, it gets this copy.
	resource *resource
	content
	refs map[string]*ref

	waiting []*readiness
	holds   hold
	events  []*event // held back

	access      *access
	askers      []func(*access) // wait for the access answer which is out
	asking      bool
	reaccessDue bool

	direct   int // direct subscriptions
	indirect int // references, from entries which are sent or loading
	sentRefs int // references in what the client has
}

// ref is a reference to another entry, counted once per value which holds it.
type ref struct {
	entry *entry
	count int
}

// hold says why the events of an entry wait.
type hold uint8

const (
	holdLoading  hold = 1 << iota // the entry, or what an event of it refers to, is not sent yet
	holdReaccess                  // access is asked again
)

func newEntry(c *conn, rid string) *entry {
	e := &entry{conn: c, rid: rid, state: loading, holds: holdLoading}
	e.name, e.query = splitRID(c.expand(rid))
	return e
}

func (e *entry) post(f func()) bool { return e.conn.box.post(f) }

func (e *entry) isReady() bool { return e.state >= ready }

// failure gives the error that stands in place of the resource, or nil.
func (e *entry) failure() *rpcError {
	if e.state == dropped {
		return errDisposed
	}
	return e.err
}

// load asks the cache for the resource, once.
func (e *entry) load() {
	if e.asked {
		return
	}
	e.asked = true
	cache := e.conn.gw.cache
	cache.box.post(func() { cache.subscribe(e) })
}

// loaded takes the resource from the cache, or why there is none.
func (e *entry) loaded(r *resource, now content, err error) {
	switch {
	case err != nil:
		e.err = asRPC(err)
		e.doneLoading()
		return
	case e.state == dropped:
		e.leave(r)
		return
	case e.resource != nil:
		return
	}
	e.resource, e.content = r, now
	e.state = loaded
	for _, v := range now.values() {
		if v.kind == reference {
			e.addRef(v.rid)
		}
	}
	waiting := e.waiting
	e.waiting = nil
	for _, w := range waiting {
		e.awaitRefs(w)
	}
}

func (e *entry) doneLoading() {
	e.state = ready
	waiting := e.waiting
	e.waiting = nil
	for _, w := range waiting {
		w.done()
	}
}

func (e *entry) leave(r *resource) {
	e.conn.gw.cache.box.post(func() { r.leave(e) })
}

// readiness waits until an entry, and all that it reaches, is loaded or has
// failed.
type readiness struct {
	seen    map[string]bool
	loading int
	then    func()
}

func (w *readiness) done() {
	w.loading--
	if w.loading == 0 {
		w.then()
	}
}

// whenReady calls then as soon as e can be sent with all that it refers to,
// maybe at once. It is never called when e is dropped before.
func (e *entry) whenReady(then func()) {
	if e.isReady() {
		then()
		return
	}
	e.await(&readiness{seen: make(map[string]bool), then: then})
}

func (e *entry) await(w *readiness) {
	w.seen[e.rid] = true
	w.loading++
	if e.state >= loaded {
		e.awaitRefs(w)
	} else {
		e.waiting = append(e.waiting, w)
	}
}

func (e *entry) awaitRefs(w *readiness) {
	for rid, ref := range e.refs {
		if !ref.entry.isReady() && !w.seen[rid] {
			ref.entry.await(w)
		}
	}
	w.done()
}

// addRef adds one reference to what e refers to.
func (e *entry) addRef(rid string) *entry {
	r := e.refs[rid]
	if r == nil {
		target := e.conn.entry(rid)
		target.load()
		target.indirect++
		r = &ref{entry: target}
		if e.refs == nil {
			e.refs = make(map[string]*ref)
		}
		e.refs[rid] = r
	}
	r.count++
	return r.entry
}

// removeRef takes one reference away, because of an event.
func (e *entry) removeRef(rid string) {
	r := e.refs[rid]
	if r == nil {
		return
	}
	r.count--
	if r.count > 0 {
		return
	}
	r.entry.dereferenced(e.state == sent)
	r.entry.sweep()
	delete(e.refs, rid)
}

func (e *entry) dereferenced(wasSent bool) {
	if e.direct+e.indirect+e.sentRefs == 0 {
		return
	}
	e.indirect--
	if wasSent {
		e.sentRefs--
	}
}

// collect adds to the set what the client must be sent to have e: e itself
// and what it reaches, unless sent already, and every error on the way.
func (e *entry) collect(set *resourceSet, referred bool) {
	if referred {
		e.sentRefs++
	}
	if e.state == sent || e.state == sending {
		return
	}
	if err := e.failure(); err != nil {
		set.addError(e.rid, err)
		return
	}
	set.add(e.rid, e.content, e.conn.protocol < protocolDataValues)
	e.state = sending
	for _, r := range e.refs {
		r.entry.collect(set, true)
	}
}

// markSent says that the message which has e in it is written. The events
// that waited for it follow.
func (e *entry) markSent() {
	if e.state == dropped || e.state == sent || e.err != nil {
		return
	}
	e.state = sent
	for _, rid := range slices.Sorted(maps.Keys(e.refs)) {
		if r := e.refs[rid]; r != nil { // or an event that has waited for another one took it away
			r.entry.markSent()
		}
	}
	e.unhold(holdLoading)
}

// drop ends e. It is not in the connection's table any more.
func (e *entry) drop() {
	if e.state == dropped {
		return
	}
	was := e.state
	e.state = dropped
	e.waiting = nil
	e.events = nil
	if e.resource == nil {
		return // still loading: it leaves when the resource comes
	}
	for _, r := range e.refs {
		r.entry.dereferenced(false)
	}
	e.refs = nil
	if was != deleted {
		e.leave(e.resource)
	}
	e.resource = nil
}

// unsend takes e back as not sent: the client has no reference to it any
// more, while something which is still loading has. The gateway goes on to
// send its events, and will send the first copy again.
func (e *entry) unsend() {
	e.state = ready
	e.sentRefs = 0
	for _, r := range e.refs {
		if r.entry.state == sent && r.entry.sentRefs > 0 {
			r.entry.sentRefs--
		}
	}
}
