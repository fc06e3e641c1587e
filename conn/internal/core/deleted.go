package core

import (
	"fmt"

	"github.com/resclient/resclient-go/res"
)

// A resource that is deleted while something still refers to it is dead: the gateway
// answers requests for it with the content it had, as a success, and sends no
// events. So it is not asked for until nothing refers to it any more.

// crossing is something that has happened to a resource while requests were out.
type crossing struct {
	rid    string
	newest uint64 // number of the newest request that it may have come before: that may have been answered
}

// crossings are the ones that may still matter, oldest first.
type crossings []crossing

// maxCrossings bounds those that are kept; the oldest go. There is rarely more than one.
const maxCrossings = 1024

// add notes what has just happened to rid, unless no request is out that it may cross. Those
// after the newest were sent when it was over.
func (x *crossings) add(c *Core, rid string, newest uint64) {
	if c.table.out() == 0 {
		return
	}
	*x = append(*x, crossing{rid: rid, newest: newest})
	if len(*x) > maxCrossings {
		*x = (*x)[1:]
	}
}

// of reports whether q was out when it happened to rid.
func (x crossings) of(q *request, rid string) bool {
	for _, crossing := range x {
		if crossing.rid == rid && requestSeq(q.id) <= crossing.newest {
			return true
		}
	}
	return false
}

// expire lets go of what only matters to requests that are older than the oldest.
func (x *crossings) expire(oldest uint64) {
	for len(*x) > 0 && (*x)[0].newest < oldest {
		*x = (*x)[1:]
	}
}

func (m *deleteEvent) handle(c *Core) {
	err := c.reg.Deleted(m.rid)
	c.applied(m.rid, err)
	if err == nil && c.reg.Dead(m.rid) {
		c.deaths.add(c, m.rid, c.table.seq)
	}
}

// crossed reports whether the delete event of rid came while q was out. What q is
// answered with may be dead then, even if nothing refers to rid by now, unless the
// client has been sent the resource anew since.
func (c *Core) crossed(q *request, rid string) bool {
	return !c.reg.Live(rid) && c.deaths.of(q, rid)
}

// settle lets go of what no request that is out can turn out to need. For some that
// time out, an answer comes nevertheless.
func (c *Core) settle() {
	c.reg.Answered(c.table.oldest())
	oldest := c.table.oldestOut()
	c.deaths.expire(oldest)
	c.returns.expire(oldest)
	c.revocations.expire(oldest)
}

// avoid refuses callers who wait for a dead resource, and makes the others try later.
func (l *line) avoid(c *Core) {
	if !c.reg.Dead(l.rid) {
		return
	}
	err := fmt.Errorf("%q, which is still referred to: %w", l.rid, res.ErrDeleted)
	l.refuse(c, err)
	l.endGets(c, err)
	if l.needs(c) == needSubscribe {
		c.retryLater(l, err)
	}
}
