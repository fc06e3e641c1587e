package core

import (
	"fmt"

	"github.com/resclient/resclient-go/res"
)

// A resource that is deleted while something still refers to it is dead: the gateway
// answers requests for it with the content it had, as a success, and sends no
// events. So it is not asked for until nothing refers to it any more.

// death is that of a resource, as the client came to know of it.
type death struct {
	rid    string
	newest uint64 // number of the newest request then: it may have been answered with the dead content
}

// maxDeaths bounds the deaths that are kept; the oldest go. There is rarely more than one.
const maxDeaths = 1024

func (m *deleteEvent) handle(c *Core) {
	err := c.reg.Deleted(m.rid)
	c.applied(m.rid, err)
	if err != nil || !c.reg.Dead(m.rid) || c.table.out.Len() == 0 {
		return // there is no request that it may have crossed
	}
	c.deaths = append(c.deaths, death{rid: m.rid, newest: c.table.seq})
	if len(c.deaths) > maxDeaths {
		c.deaths = c.deaths[1:]
	}
}

// crossed reports whether the delete event of rid came while q was out. What q is
// answered with may be dead then, even if nothing refers to rid by now, unless the
// client has been sent the resource anew since.
func (c *Core) crossed(q *request, rid string) bool {
	if c.reg.Live(rid) {
		return false
	}
	for _, d := range c.deaths {
		if d.rid == rid && requestSeq(q.ID) <= d.newest {
			return true
		}
	}
	return false
}

// settle lets go of what only matters to requests that are older than the oldest.
func (c *Core) settle() {
	oldest := c.table.oldest()
	c.reg.Answered(oldest)
	for len(c.deaths) > 0 && c.deaths[0].newest < oldest {
		c.deaths = c.deaths[1:]
	}
}

// avoid refuses callers who wait for a dead resource, and makes the others try later.
func (l *line) avoid(c *Core) {
	if !c.reg.Dead(l.rid) {
		return
	}
	err := fmt.Errorf("%q, which is still referred to: %w", l.rid, res.ErrDeleted)
	l.refuse(c, err)
	l.endGets(c, Reply{Err: err})
	if l.needs(c) == needSubscribe {
		c.retryLater(l, err)
	}
}
