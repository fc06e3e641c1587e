package core

import (
	"container/list"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/wire"
)

// request is a request that is out. Its entry lives until it is answered or the
// connection ends, also when nobody waits for it any more: what a late answer
// subscribes to has to be known, and given back.
type request struct {
	wire.Request
	call     *Call // of call, auth and new; nil once its caller has its reply
	window   *window
	sent     time.Time
	place    *list.Element // in table.out
	timedOut bool
	settled  bool // timed out, and given back since is what the gateway counted for it, if anything

	uncounted bool // of an unsubscribe: for what the registry does not know of
}

// usesLine reports whether q is one of those that a line sends.
func (q *request) usesLine() bool {
	return q.Type == wire.TypeSubscribe || q.Type == wire.TypeGet || q.Type == wire.TypeUnsubscribe
}

// table holds the requests that are out, in the order in which they were sent.
type table struct {
	byID map[uint64]*request
	out  *list.List    // of *request
	next *list.Element // the oldest one that has not timed out
	seq  uint64        // of the newest, over all connections
}

// reset empties the table and returns what was in it, oldest first.
func (t *table) reset() []*request {
	var lost []*request
	if t.out != nil {
		for el := t.out.Front(); el != nil; el = el.Next() {
			lost = append(lost, el.Value.(*request))
		}
	}
	t.byID, t.out, t.next = make(map[uint64]*request), list.New(), nil
	return lost
}

func (t *table) add(q *request, answered wire.RequestType) {
	t.seq++
	q.ID = requestID(t.seq, answered)
	t.byID[q.ID] = q
	q.place = t.out.PushBack(q)
	if t.next == nil {
		t.next = q.place
	}
}

// take removes and returns the request that an answer is for, nil if there is none.
func (t *table) take(id uint64) *request {
	q := t.byID[id]
	if q == nil {
		return nil
	}
	delete(t.byID, id)
	if t.next == q.place {
		t.next = q.place.Next()
	}
	t.out.Remove(q.place)
	return q
}

// oldest returns the number of the oldest request that is out and has not timed
// out, or the next number to be given when there is none. Some requests are never
// answered; the registry must not wait for them.
func (t *table) oldest() uint64 {
	if t.next != nil {
		return requestSeq(t.next.Value.(*request).ID)
	}
	return t.seq + 1
}

// oldestOut is oldest with those that have timed out.
func (t *table) oldestOut() uint64 {
	if el := t.out.Front(); el != nil {
		return requestSeq(el.Value.(*request).ID)
	}
	return t.seq + 1
}

// giveBack notes that the gateway does not count any direct subscription for requests
// about rid that have timed out, even if it still answers them: it counts a request
// when it gets it, and an unsubscribe that came after has given that back.
func (c *Core) giveBack(rid string) {
	for el := c.table.out.Front(); el != c.table.next; el = el.Next() {
		if q := el.Value.(*request); q.RID == rid && q.usesLine() {
			q.settled = true
			c.reg.Replied(rid, requestSeq(q.ID))
		}
	}
}

func (t *table) deadline(timeout time.Duration) time.Time {
	if t.next == nil {
		return time.Time{}
	}
	return t.next.Value.(*request).sent.Add(timeout)
}

// expired returns a request that has just timed out, nil if there is none.
func (t *table) expired(now time.Time, timeout time.Duration) *request {
	if t.next == nil || now.Before(t.deadline(timeout)) {
		return nil
	}
	q := t.next.Value.(*request)
	q.timedOut = true
	t.next = t.next.Next()
	return q
}

// frameRoom is enough for what a frame has besides its resource id, method and params.
const frameRoom = 64

// send writes a request.
func (c *Core) send(q *request) error {
	q.sent = c.now
	c.table.add(q, c.answered(q.Type))
	frame, err := q.Append(make([]byte, 0, len(q.RID)+len(q.Method)+len(q.Params)+frameRoom))
	if err != nil {
		c.table.take(q.ID)
		return fmt.Errorf("%v %q: %w", q.Type, q.RID, err)
	}
	c.reg.Issued(c.table.seq)
	if q.Type == wire.TypeSubscribe || q.Type == wire.TypeGet {
		c.reg.Requested(q.RID)
	}
	c.out.Frames = append(c.out.Frames, Frame{Generation: c.link.generation, Data: frame})
	return nil
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
		q.window.leave(q)
	}
	c.reg.Replied(q.RID, requestSeq(q.ID))
	switch q.Type {
	case wire.TypeVersion:
		c.versionAnswered(a)
	case wire.TypeSubscribe:
		c.line(q.RID).subscribed(c, q, a)
	case wire.TypeUnsubscribe:
		c.line(q.RID).unsubscribed(c, q, a.err)
	case wire.TypeGet:
		c.line(q.RID).got(c, q, a)
	default:
		c.called(q, a)
	}
	c.settle()
}

// unanswered goes on without an answer.
func (c *Core) unanswered(q *request) {
	err := fmt.Errorf("%v %q: %w", q.Type, q.RID, ErrNoAnswer)
	c.counters.Timeouts++
	if q.window != nil {
		q.window.leave(q)
	}
	switch q.Type {
	case wire.TypeVersion: // the link has a deadline of its own
	case wire.TypeSubscribe, wire.TypeGet:
		c.line(q.RID).requestTimedOut(c, q, err)
	case wire.TypeUnsubscribe:
		c.line(q.RID).unsubscribeTimedOut(c, q)
	default:
		c.endCall(q, Reply{Err: err})
	}
	c.settle()
}

// lost settles a request whose connection has ended.
func (q *request) lost(c *Core, cause error) {
	if q.call != nil {
		c.endCall(q, Reply{Err: fmt.Errorf("%w: %w", ErrConnectionLost, cause)})
	}
}
