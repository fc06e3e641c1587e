package simulation

import (
	"strconv"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// conn is a connection, as the gateway has it and what is on its way on it. Its worker
// does one thing after the other.
type conn struct {
	gateway    *gateway
	generation uint64

	requests []wire.Request // written by the client, and not yet read by the gateway
	inbox    []func()       // what the worker has to do
	outbox   []frame        // written by the gateway, and not yet read by the client
	gone     bool           // the gateway has ended it; the client has not noticed
	closed   bool           // the client has

	toReplay [names]bool // what was subscribed when the connection was opened, and has not been sent
	hung     bool        // something will never be answered, or never be sent: the gateway has lost its way
	entries  [names]*entry
	loggedIn bool
	tokens   int // token events so far

	belief             // what the client has to believe, having read what it has read
	heldBack  int      // events that wait for what they refer to
	postponed []effect // that the client cannot know before it has read those
	pending   []effect // of what the worker has done since the last frame
	reasons   reasons  // the client may have to distrust the connection
}

// directLimit is how many direct subscriptions a connection may have on a resource.
const directLimit = 256

func (c *conn) post(f func()) {
	if !c.closed && !c.gone {
		c.inbox = append(c.inbox, f)
	}
}

// work does the next thing there is to do. The gateway may have crashed with the one before.
func (c *conn) work() {
	if len(c.inbox) == 0 {
		return
	}
	f := c.inbox[0]
	c.inbox = c.inbox[1:]
	f()
}

// dispose ends all that the connection holds.
func (c *conn) dispose() {
	c.closed = true
	c.inbox, c.requests, c.outbox = nil, nil, nil
	for _, e := range c.entries {
		if e != nil {
			e.drop()
		}
	}
	c.entries = [names]*entry{}
}

func (c *conn) entry(n name) *entry {
	if c.entries[n] == nil {
		c.entries[n] = newEntry(c, n)
	}
	return c.entries[n]
}

// forget drops e, and forgets what has its name. If that is another entry, because e was
// dropped before by the gateway's slip, then its events go on, and nobody can end them.
func (c *conn) forget(e *entry, ahead bool) {
	e.drop()
	switch is := c.entries[e.name]; is {
	case nil:
	case e:
		c.letGo(e, ahead)
	default:
		c.reasons.add(muddled)
		c.hung = true
	}
	c.entries[e.name] = nil
}

// letGo has the client know that e is not followed any more. What an event takes away
// that is held back is gone at once, though the client has not been told why; so it may be if
// the gateway is ahead otherwise.
func (c *conn) letGo(e *entry, ahead bool) {
	gone := effect{kind: letGo, name: e.name, entry: e, ahead: ahead}
	if c.heldBack > 0 {
		c.postponed = append(c.postponed, gone)
		c.reasons.add(slip) // if it is one
	} else {
		c.effect(gone)
	}
}

// holdBack notes that ev, an event of e, waits for what it refers to. Removing what it
// takes away may drop e itself, by the gateway's slip: then it is never sent, and the
// client cannot know of it.
func (c *conn) holdBack(e *entry, ev *event, remove func()) {
	c.heldBack++
	remove()
	if e.state == dropped {
		c.effect(effect{kind: slippedAway, name: e.name})
		c.letPass(1)
		return
	}
	e.begun = append(e.begun, ev.version)
}

// letPass notes that n events are sent that were held back, or never will be.
func (c *conn) letPass(n int) {
	if c.heldBack -= n; n > 0 && c.heldBack == 0 {
		for _, gone := range c.postponed {
			gone.ahead = true
			c.pending = append(c.pending, gone)
		}
		c.postponed = nil
	}
}

// login sets the token. The first one changes nothing for the subscriptions there are.
func (c *conn) login() {
	c.loggedIn = true
	if c.tokens++; c.tokens == 1 {
		return
	}
	for _, e := range c.entries {
		if e != nil {
			e.reaccess()
		}
	}
}

// subscribe adds a direct subscription and has then called with the access answer. Of
// a new entry access is asked for first, and then the resource.
func (c *conn) subscribe(n name, then func(*entry, access)) bool {
	e := c.entry(n)
	if e.direct >= directLimit {
		return false
	}
	e.direct++
	e.withAccess(func(a access) { then(e, a) })
	e.load()
	return true
}

// unsubscribe takes n direct subscriptions away.
func (c *conn) unsubscribe(e *entry, n int) {
	if e.direct+e.indirect+e.sentRefs == 0 { // which may be, for one of them may be below 0
		c.hung = c.hung || e.direct != 0
		return
	}
	e.direct -= n
	c.hung = c.hung || e.direct < 0 // a mistake of the gateway's
	e.sweep()
}

// frame is a message to the client, with what it does to what the client has to
// believe.
type frame struct {
	id      uint64 // of a response
	text    []byte
	effects []effect
}

// push writes a frame.
func (c *conn) push(id uint64, text []byte) {
	if c.gone {
		return
	}
	c.outbox = append(c.outbox, frame{id: id, text: text, effects: c.pending})
	c.pending = nil
}

func (c *conn) fail(id uint64, code string) {
	b := append(make([]byte, 0, 96), `{"error":`...)
	b = append(appendError(b, code), `,"id":`...)
	c.push(id, append(strconv.AppendUint(b, id, 10), '}'))
}

// set is what a message makes the client subscribe to. Of what has the same name, the last
// stays.
type set struct {
	conn    *conn
	members [wire.KindError + 1][names]*content
}

// add adds a resource. One that is not loaded yet adds nothing, and the gateway takes
// it for sent all the same.
func (s *set) add(e *entry) {
	switch {
	case e.first == nil:
		s.conn.effect(effect{kind: slippedAway, name: e.name})
		return
	case e.resource == nil: // it was dropped by the slip, and taken back as unsent since: nothing of it will come
		s.conn.effect(effect{kind: mixedUp, name: e.name})
	}
	s.members[e.first.kind][e.name] = e.first
	s.conn.shows(e)
}

func (s *set) has(n name) bool {
	return s.members[wire.KindModel][n] != nil || s.members[wire.KindCollection][n] != nil
}

func (s *set) addError(n name, code string) {
	failed := &s.members[wire.KindError][n]
	if *failed != nil {
		return
	}
	*failed = &content{kind: wire.KindError, code: code}
	if e := s.conn.entries[n]; s.has(n) || e != nil && e.code == "" {
		// The gateway came across a subscription that has ended, and has another one.
		if !s.has(n) {
			s.conn.effect(effect{kind: mixedUp, name: n})
		}
		s.conn.reasons.add(slip) // what refers to the one does not hold the other
		return
	}
	s.conn.effect(effect{kind: shown, name: n, entry: s.conn.entries[n], content: *failed})
}

// append appends the set as members of an object, each after a comma.
func (s *set) append(b []byte) []byte {
	for kind, label := range [...]string{wire.KindModel: "models", wire.KindCollection: "collections", wire.KindError: "errors"} {
		if label != "" {
			b = appendMembers(b, label, &s.members[kind])
		}
	}
	return b
}

func appendMembers(b []byte, label string, members *[names]*content) []byte {
	before := len(b)
	for n, c := range members {
		if c == nil {
			continue
		}
		if len(b) == before {
			b = append(append(append(b, ',', '"'), label...), '"', ':', '{')
		} else {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), rids[n]...), '"', ':')
		b = c.append(b)
	}
	if len(b) > before {
		b = append(b, '}')
	}
	return b
}

// result begins a response.
func result() []byte { return append(make([]byte, 0, 256), `{"result":{`...) }

// finish ends the response that result began.
func (c *conn) finish(id uint64, b []byte) {
	b = append(b, `},"id":`...)
	c.push(id, append(strconv.AppendUint(b, id, 10), '}'))
}

// event begins an event.
func eventOf(n name, what string) []byte {
	b := append(make([]byte, 0, 256), `{"event":"`...)
	return append(append(append(append(append(b, rids[n]...), '.'), what...), '"'), `,"data":`...)
}

func (c *conn) endDirect(e *entry, code string) {
	if e.direct <= 0 {
		return
	}
	c.unsubscribe(e, e.direct)
	c.effect(effect{kind: revoked, name: e.name})
	b := append(eventOf(e.name, "unsubscribe"), `{"reason":`...)
	c.push(0, append(appendError(b, code), '}', '}'))
}

// access is what a service has said about who may read a resource, or the code of
// the error in its place.
type access struct {
	granted bool
	code    string
}

// refusal returns why a resource cannot be read, "" if it can.
func (a access) refusal() string {
	if a.code == "" && !a.granted {
		return res.CodeAccessDenied
	}
	return a.code
}
