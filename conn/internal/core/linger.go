package core

import (
	"slices"
	"time"

	"github.com/resclient/resclient-go/subs"
)

// With a linger time, the last handle on a resource that is closed leaves a silent
// one behind, which keeps the subscription at the gateway for a while: a program
// that comes back to the resource soon costs nobody a request. Lingering ends with
// the connection, and with the gateway's grant.
//
// A resource also lingers for a moment when a call was just sent on what only references
// hold, which it may be that refers to it. The gateway asks for access first, and if it lets
// go of the resource before that is answered, the call is neither carried out nor answered.

// lingering is a line's silent handle. The queue is in the order of time.
type lingering struct {
	line   *line
	handle *subs.Handle
	until  time.Time
}

// linger keeps the resource of h, which is about to be closed, if h is the last
// handle on it.
func (l *line) linger(c *Core, h *subs.Handle) {
	until := c.now.Add(c.cfg.Linger)
	if c.calls > 0 {
		until = maxTime(until, c.onMember.Add(accessTime))
	}
	if !until.After(c.now) || c.link.phase != open || !c.reg.Live(l.rid) || c.reg.Direct(l.rid) == 0 {
		return
	}
	if handles := c.reg.Handles(l.rid); len(handles) != 1 || handles[0] != h {
		return
	}
	l.silent = &subs.Handle{Silent: true}
	c.reg.Open(l.silent, l.rid)
	i := len(c.lingering)
	for i > 0 && c.lingering[i-1].until.After(until) {
		i--
	}
	c.lingering = slices.Insert(c.lingering, i, lingering{line: l, handle: l.silent, until: until})
}

// accessTime is how long a gateway waits for an answer about access, if that does not ask
// for more, and a little longer.
const accessTime = 4 * time.Second

// endLinger closes the silent handle, if there is one.
func (l *line) endLinger(c *Core) {
	if l.silent != nil {
		c.reg.Close(l.silent)
		l.silent = nil
	}
}

func (c *Core) lingerDeadline() time.Time {
	if len(c.lingering) == 0 {
		return time.Time{}
	}
	return c.lingering[0].until
}

func (c *Core) expireLinger() {
	for len(c.lingering) > 0 && !c.now.Before(c.lingering[0].until) {
		first := c.lingering[0]
		c.lingering = c.lingering[1:]
		if l := first.line; l.silent == first.handle {
			l.endLinger(c)
			l.unwanted(c)
			l.advance(c)
		}
	}
}
