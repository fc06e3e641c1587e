package core

import (
	"fmt"

	"github.com/resclient/resclient-go/subs"
)

// A line is uncertain while the gateway may count direct subscriptions that the registry does
// not know of: a request was not answered, or with an error that leaves one behind. The line
// gives back as many as there may be, one at a time, until there are none.
//
// A call that is out may be answered with the same resource, which the gateway counts before
// it answers, and if that is taken away, the call is never answered. But what is left behind
// can not wait for the calls: it may have the next one answered with an old error. So what is
// owed is given back at once, and no more than that as long as a call is out.

// owe notes that the gateway may count a subscription, because of q, that is to be given
// back.
func (l *line) owe(c *Core, q *request) {
	l.owed++
	c.reg.Owed(l.rid, requestSeq(q.id))
}

// givenBack notes that the gateway counts one less, because of q.
func (l *line) givenBack(c *Core, q *request) {
	if c.reg.Direct(l.rid) > 0 {
		c.reg.Unsubscribed(l.rid, 1) // a call has brought it meanwhile, and it may have been that
	} else {
		l.owed = max(0, l.owed-1)
	}
	l.giveBack(c)
	c.returns.add(c, l.rid, requestSeq(q.id))
	l.returned++
	switch {
	case l.returned > maxDirect: // Resgate 1.8.0 can come to a count that nothing is taken off any more
		l.owed, l.returned = 0, 0
		c.distrust(fmt.Errorf("unsubscribe %q has no end: %w", l.rid, subs.ErrInconsistent))
	case l.owed > 0:
	case c.calls == 0:
		l.owed = 1 // to be sure
	default:
		l.returned = 0
	}
}

// maxDirect is how many direct subscriptions the gateway counts on a resource at the
// most.
const maxDirect = 256

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
