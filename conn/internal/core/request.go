package core

import (
	"fmt"
	"time"

	"github.com/resclient/resclient-go/wire"
)

// request is a request that is out. Its entry lives until it is answered or the
// connection ends, also when nobody waits for it any more: what a late answer
// subscribes to has to be known, and given back.
type request struct {
	id     uint64
	rid    string
	line   *line // that has sent it, if any; it may have been dropped since
	call   *Call // of call, auth and new; nil once its caller has its reply
	window *window
	slot   int // of the window, counted from its first
	sent   time.Time
	count  int // of an unsubscribe: direct subscriptions to give back
	typ    wire.RequestType

	alone     bool // was sent without a line
	timedOut  bool
	listed    bool // in the table, be it as dropped
	dropped   bool // from where it was in the table
	settled   bool // timed out, and given back since is what the gateway counted for it, if anything
	uncounted bool // of an unsubscribe: for what the registry does not know of
}

// mayHold reports whether the gateway subscribes to the resource, if only for a moment.
func (q *request) mayHold() bool { return q.typ == wire.TypeSubscribe || q.typ == wire.TypeGet }

// usesLine reports whether q is one of those that a line sends.
func (q *request) usesLine() bool { return q.mayHold() || q.typ == wire.TypeUnsubscribe }

// lineOf returns the line of the resource that q is about, and makes one if there is none.
func (c *Core) lineOf(q *request) *line {
	switch l := q.line; {
	case q.alone:
		return c.adopt(q)
	case l != nil && !l.dropped:
		return l
	}
	return c.line(q.rid)
}

// send writes a request, of which q is what has to be known when it is answered.
func (c *Core) send(q *request, r wire.Request) error {
	r.ID = requestID(c.table.seq+1, c.answered(r.Type))
	frame, err := c.frame(r)
	if err != nil {
		return fmt.Errorf("%v %q: %w", r.Type, r.RID, err)
	}
	q.id, q.typ, q.rid, q.count, q.sent = r.ID, r.Type, r.RID, r.Count, c.now
	c.table.add(q)
	c.reg.Issued(c.table.seq)
	if q.mayHold() {
		c.reg.Requested(q.rid)
	}
	c.out.Frames = append(c.out.Frames, Frame{Generation: c.link.generation, Data: frame})
	return nil
}

// frame returns a request as it is sent. All frames of an Output are in one text.
func (c *Core) frame(r wire.Request) ([]byte, error) {
	at := len(c.text)
	text, err := r.Append(c.text)
	if err != nil {
		return nil, err
	}
	c.text = text
	return text[at:len(text):len(text)], nil
}

// answered returns as what requests of a type are answered on the present connection.
func (c *Core) answered(t wire.RequestType) wire.RequestType {
	if (t == wire.TypeCall || t == wire.TypeAuth) && Legacy(c.link.protocol) {
		return bareCall
	}
	return t
}

func (in Received) apply(c *Core) {
	for _, m := range in.Messages {
		if in.Generation != c.link.generation || c.link.phase < versioning {
			return // a message before has ended the connection
		}
		c.counters.Messages++
		m.handle(c)
	}
}

func (a *answer) handle(c *Core) {
	q := c.table.take(a.id)
	if q == nil {
		c.notice(UnexpectedAnswer, "", fmt.Errorf("answer to request %d, which is not out", a.id))
		return
	}
	if q.window != nil {
		q.window.answered(q, c.now)
	}
	c.reg.Replied(q.rid, requestSeq(q.id))
	switch q.typ {
	case wire.TypeVersion:
		c.versionAnswered(a)
	case wire.TypeSubscribe:
		if q.alone {
			c.answeredAlone(q, a)
		} else {
			c.lineOf(q).subscribed(c, q, a)
		}
	case wire.TypeUnsubscribe:
		c.lineOf(q).unsubscribed(c, q, a.err)
	case wire.TypeGet:
		c.lineOf(q).got(c, q, a)
	default:
		c.called(q, a)
	}
	c.settle()
}

// install takes in what a subscribe or get request is answered with.
func (a *answer) install(c *Core) {
	if m := a.model; m != nil {
		c.reg.InstallModel(m.text, &m.Scanned)
		return
	}
	c.reg.Install(a.set)
}

// whole returns what install takes in.
func (a *answer) whole() wire.Set {
	if m := a.model; m != nil {
		return wire.Set{Resources: []wire.Resource{m.ModelIn(m.text)}}
	}
	return a.set
}

// unanswered goes on without an answer.
func (c *Core) unanswered(q *request) {
	c.counters.Timeouts++
	if q.window != nil {
		q.window.leave(q)
	}
	switch q.typ {
	case wire.TypeVersion: // the link has a deadline of its own
	case wire.TypeSubscribe, wire.TypeGet:
		c.lineOf(q).requestTimedOut(c, q, ErrNoAnswer)
	case wire.TypeUnsubscribe:
		c.lineOf(q).unsubscribeTimedOut(c, q)
	default:
		c.endCall(q, Reply{Err: fmt.Errorf("%w: the outcome of the request is unknown", ErrNoAnswer)})
	}
	c.settle()
}

// lost settles a request whose connection has ended.
func (q *request) lost(c *Core, cause error) {
	if q.call != nil {
		c.endCall(q, Reply{Err: fmt.Errorf("%w: %w", ErrConnectionLost, cause)})
	}
}
