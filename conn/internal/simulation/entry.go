package simulation

import (
	"slices"

	"github.com/resclient/resclient-go/res"
)

// entryState is how far an entry has come. The order matters: from ready on nobody
// waits for it.
type entryState uint8

const (
	dropped entryState = iota // of no use any more; whoever still waits is never answered
	loading                   // the resource is asked for
	loaded                    // the resource is here; what it refers to may not be
	ready                     // in error, or taken back as unsent
	sending                   // part of the message which is being made
	sent                      // the client has it
	gone                      // deleted; what remains is its content as first loaded
)

// entry is a resource as one connection sees it (RESGATE-BEHAVIOUR, part C).
type entry struct {
	conn  *conn
	name  name
	state entryState
	asked bool // the cache is asked for the resource
	code  string
	dead  bool // it was deleted, whatever became of the state

	resource *cached
	first    *content // as first loaded: when the client must have it once more, it gets this
	now      *content // with the events that have passed
	version  int
	newest   int // version of the newest event that was sent
	refs     []*ref

	waiting []*readiness
	holds   hold
	events  []*event // held back
	begun   []int    // versions of the events that wait for what they refer to

	access      *access
	askers      []func(access)
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

func newEntry(c *conn, n name) *entry {
	return &entry{conn: c, name: n, state: loading, holds: holdLoading}
}

func (e *entry) isReady() bool { return e.state >= ready }

// failure gives the code of the error that stands in place of the resource, or "".
func (e *entry) failure() string {
	if e.state == dropped {
		return res.CodeDisposedSubscription
	}
	return e.code
}

func (e *entry) load() {
	if !e.asked {
		e.asked = true
		e.conn.gateway.load(e)
	}
}

// loaded takes the resource from the cache, or why there is none.
func (e *entry) loaded(r *cached, now *content, version int, code string) {
	switch {
	case code != "":
		if e.resource != nil { // which it had under another spelling of the query
			e.conn.reasons.add(muddled)
		}
		e.code = code
		e.doneLoading()
		return
	case e.state == dropped:
		r.leave(e)
		return
	case e.resource != nil:
		return
	}
	e.resource, e.first, e.now, e.version = r, now, now, version
	e.holds |= holdLoading // even if it was taken for sent before
	e.state = loaded
	now.references(func(n name) { e.addRef(n) })
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

// readiness waits until an entry, and all that it reaches, is loaded or has failed.
type readiness struct {
	seen    [names]bool
	loading int
	then    func()
}

func (w *readiness) done() {
	if w.loading--; w.loading == 0 {
		w.then()
	}
}

// whenReady calls then as soon as e can be sent with all that it refers to. It is
// never called when e is dropped before.
func (e *entry) whenReady(then func()) {
	if e.isReady() {
		then()
		return
	}
	e.await(&readiness{then: then})
}

func (e *entry) await(w *readiness) {
	w.seen[e.name] = true
	w.loading++
	e.conn.hung = e.conn.hung || e.state == dropped // nobody will end the wait
	if e.state >= loaded {
		e.awaitRefs(w)
	} else {
		e.waiting = append(e.waiting, w)
	}
}

func (e *entry) awaitRefs(w *readiness) {
	for _, ref := range slices.Clone(e.refs) {
		if !ref.entry.isReady() && !w.seen[ref.entry.name] {
			ref.entry.await(w)
		}
	}
	w.done()
}

func (e *entry) ref(n name) int {
	return slices.IndexFunc(e.refs, func(r *ref) bool { return r.entry.name == n })
}

// addRef adds one reference to what e refers to.
func (e *entry) addRef(n name) *entry {
	i := e.ref(n)
	if i < 0 {
		target := e.conn.entry(n)
		target.load()
		target.indirect++
		i = len(e.refs)
		e.refs = append(e.refs, &ref{entry: target})
	}
	e.refs[i].count++
	return e.refs[i].entry
}

// removeRef takes one reference away, because of an event. The entry is swept while
// the reference is off its count and still in the books: the gateway's slip. It ends the
// gateway if it drops e, and the event takes another one away.
func (e *entry) removeRef(n name) {
	i := e.ref(n)
	if i < 0 {
		e.conn.gateway.crash()
		return
	}
	r := e.refs[i]
	if r.count--; r.count > 0 {
		return
	}
	r.entry.dereferenced(e.state == sent)
	r.entry.sweep()
	e.refs = slices.DeleteFunc(e.refs, func(x *ref) bool { return x == r })
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

// collect adds to the set what the client must be sent to have e: e itself and what
// it reaches, unless sent already, and every error on the way.
func (e *entry) collect(s *set, referred bool) {
	if referred {
		e.sentRefs++
	}
	if e.state == sent || e.state == sending {
		return
	}
	if code := e.failure(); code != "" {
		s.addError(e.name, code)
		return
	}
	s.add(e)
	e.state = sending
	for _, r := range e.refs {
		r.entry.collect(s, true)
	}
}

// markSent says that the message which has e in it is written. The events that
// waited for it follow.
func (e *entry) markSent() {
	if e.state == dropped || e.state == sent || e.code != "" {
		return
	}
	if e.state != sending { // an event that has passed meanwhile refers to it: it may be in no message
		e.conn.effect(effect{kind: slippedAway, name: e.name, entry: e})
	}
	e.state = sent
	for n := range name(names) {
		if i := e.ref(n); i >= 0 {
			e.refs[i].entry.markSent()
		}
	}
	e.unhold(holdLoading)
}

// drop ends e. It is not in the connection's table any more.
func (e *entry) drop() {
	if e.state == dropped {
		return
	}
	e.state = dropped
	e.conn.hung = e.conn.hung || len(e.waiting) > 0 // what waits for it is never sent
	e.waiting, e.events = nil, nil
	e.conn.letPass(len(e.begun)) // none will be sent
	if e.resource == nil {
		return // still loading: it leaves when the resource comes
	}
	for _, r := range e.refs {
		r.entry.dereferenced(false)
	}
	e.refs = nil
	e.resource.leave(e)
	e.resource = nil
}

// unsend takes e back as not sent: the client has no reference to it any more, while
// something which is still loading has. The gateway goes on to send its events, and
// will send the first copy again.
func (e *entry) unsend() {
	e.state = ready
	e.sentRefs = 0
	for _, r := range e.refs {
		if r.entry.state == sent && r.entry.sentRefs > 0 {
			r.entry.sentRefs--
		}
	}
}
