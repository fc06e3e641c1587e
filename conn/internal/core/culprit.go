package core

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/resclient/resclient-go/wire"
)

// Culprit names what a message over the read limit is about, by its first and its
// last bytes. The gateway writes the name of an event first and the id of a
// response last.
func Culprit(head, tail []byte) *TooLargeError {
	if rid, ok := eventOf(head); ok {
		return &TooLargeError{RID: rid}
	}
	return &TooLargeError{ID: responseOf(tail)}
}

// endTooLarge ends what a message over the read limit was about: it would come again on
// every connection, and take all others with it. An event is sent because of every
// subscription that reaches its resource.
func (c *Core) endTooLarge(err *TooLargeError) {
	q := c.table.find(err.ID)
	if q == nil {
		c.notice(TooLarge, err.RID, err)
		for _, root := range c.reg.Roots(err.RID) {
			c.endSubscription(root, eventTooLarge(root, err))
		}
		return
	}
	c.notice(TooLarge, q.rid, err)
	switch {
	case q.call != nil:
		c.endCall(q, Reply{Err: err})
	case q.typ == wire.TypeSubscribe:
		c.endSubscription(q.rid, fmt.Errorf("subscription to %q: %w", q.rid, err))
	case q.typ == wire.TypeGet:
		c.line(q.rid).endGets(c, err)
	}
}

func eventTooLarge(root string, err *TooLargeError) error {
	if root == err.RID {
		return fmt.Errorf("subscription to %q: %w", root, err)
	}
	return fmt.Errorf("subscription to %q: event of %q, which it leads to: %w", root, err.RID, err)
}

// endSubscription ends everything that waits for rid or is subscribed to it.
func (c *Core) endSubscription(rid string, err error) {
	l := c.line(rid)
	l.answerAll(c, err)
	c.endHandles(rid, err)
	l.unwanted(c)
}

// eventOf reads the resource id from the head of an event, which it makes whole by
// leaving out the data.
func eventOf(head []byte) (rid string, ok bool) {
	name, _, found := bytes.Cut(head, []byte(`"data"`))
	if !found {
		return "", false
	}
	m, err := wire.Parse(append(bytes.Clone(bytes.TrimRight(name, ","+space)), '}'))
	if err != nil {
		return "", false
	}
	event, ok := m.(*wire.Event)
	if !ok {
		return "", false
	}
	return event.RID, true
}

// responseOf reads the id from the tail of a response, 0 if there is none. Any other
// "id", in the contents of a response that was cut off, would blame the innocent.
func responseOf(tail []byte) uint64 {
	at := bytes.LastIndex(tail, []byte(`"id"`))
	if at < 0 {
		return 0
	}
	last, closed := bytes.CutSuffix(bytes.TrimRight(tail[at+len(`"id"`):], space), []byte("}"))
	digits := bytes.TrimLeft(bytes.TrimRight(last, space), ":"+space)
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || !closed {
		return 0
	}
	return id
}

// space is the white space of JSON.
const space = " \t\r\n"
