package core

import (
	"fmt"

	"github.com/resclient/resclient-go/subs"
)

// A line is uncertain while the gateway may count direct subscriptions that the registry does
// not know of. It unsubscribes until there is nothing left.

// owe notes that the gateway may count a subscription, because of q, that is to be given
// back.
func (l *line) owe(c *Core, q *request) {
	l.uncertain = true
	l.owed++
	c.reg.Owed(l.rid, requestSeq(q.id))
}

// hasTime reports whether an uncertain line can wait until no call is out. What a call is
// answered with may be its resource, and the gateway counts that before it answers: an
// unsubscribe that takes it away then has the call never answered. It can not wait for ever:
// a program may call all the time, and the gateway counts maxDirect at the most.
func (l *line) hasTime(c *Core) bool {
	return c.calls > 0 && l.owed < maxDirect/4 && !c.reg.Wanted(l.rid) && len(l.gets) == 0
}

// makeCertain goes on with the lines that have waited for calls.
func (c *Core) makeCertain() {
	if c.calls > 0 {
		return
	}
	waited := c.uncertain
	c.uncertain = nil
	for _, l := range waited {
		l.waits = false
		if !l.dropped {
			l.advance(c)
		}
	}
}

// giveBack notes that the gateway does not count any direct subscription for requests
// of the line that have timed out, even if it still answers them: it counts a request
// when it gets it, and an unsubscribe that came after has given that back.
func (l *line) giveBack(c *Core) {
	for q := range c.table.late.all() {
		if q.rid == l.rid && q.usesLine() {
			q.settled = true
			c.reg.Replied(l.rid, requestSeq(q.id))
		}
	}
	if l.busy == nil {
		c.reg.GivenBack(l.rid)
	}
}

// maxDirect is how many direct subscriptions the gateway counts on a resource at the
// most.
const maxDirect = 256

// givenBack counts what an uncertain line gives back. Resgate 1.8.0 can come to a count
// that nothing is taken off any more, and says success for ever.
func (l *line) givenBack(c *Core) {
	if l.returned++; l.returned > maxDirect {
		l.uncertain, l.returned = false, 0
		c.distrust(fmt.Errorf("unsubscribe %q has no end: %w", l.rid, subs.ErrInconsistent))
	}
}
