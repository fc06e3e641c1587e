package core

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func (in Subscribe) apply(c *Core) {
	c.hurryProbe(in.RID)
	l := c.line(in.RID)
	switch {
	case l.releasing(c):
		l.later = append(l.later, in) // the gateway may not grant it again
		return
	case c.reg.Open(in.Handle, in.RID):
		c.reply(Reply{To: in.To})
	default:
		l.callers = append(l.callers, subscriber{handle: in.Handle, to: in.To})
	}
	l.endLinger(c)
	l.advance(c)
}

func (in CancelSubscribe) apply(c *Core) {
	l := c.line(in.RID)
	waiting := slices.IndexFunc(l.callers, func(s subscriber) bool { return s.handle == in.Handle })
	if waiting >= 0 {
		c.reply(Reply{To: l.callers[waiting].to, Err: ErrCanceled})
		l.callers = slices.Delete(l.callers, waiting, waiting+1)
		c.reg.Close(in.Handle)
		l.unwanted(c)
	}
	l.later = slices.DeleteFunc(l.later, func(s Subscribe) bool {
		if s.Handle == in.Handle {
			c.reply(Reply{To: s.To, Err: ErrCanceled})
		}
		return s.Handle == in.Handle
	})
	l.advance(c)
}

func (in Unsubscribe) apply(c *Core) {
	l := c.line(in.RID)
	l.linger(c, in.Handle)
	c.reg.Close(in.Handle)
	l.unwanted(c)
	l.advance(c)
}

// unwanted calls off what nobody waits for any more.
func (l *line) unwanted(c *Core) {
	if c.reg.Wanted(l.rid) {
		return
	}
	c.dropRetry(l)
	l.ahead = false // its turn does not come any more
	if l.busy == nil {
		l.replayed(c)
	}
}

func (in Get) apply(c *Core) {
	c.hurryProbe(in.RID)
	if c.reg.Live(in.RID) {
		in.answer(c)
		return
	}
	l := c.line(in.RID)
	l.gets = append(l.gets, in)
	l.advance(c)
}

// answer answers from the copy.
func (in Get) answer(c *Core) {
	r := Reply{To: in.To}
	r.Resource, _ = c.reg.Snapshot(in.RID)
	if in.As != nil {
		r.View = c.reg.ViewAs(in.RID, in.As)
	}
	c.reply(r)
}

func (in CancelGet) apply(c *Core) {
	l := c.lines[in.RID]
	if l == nil {
		return
	}
	l.gets = slices.DeleteFunc(l.gets, func(get Get) bool {
		if get.To == in.To {
			c.reply(Reply{To: get.To, Err: ErrCanceled})
		}
		return get.To == in.To
	})
	l.advance(c)
}

func (m *scanned) handle(c *Core) {
	if m.Kind == wire.ScannedModel {
		c.scanned = answer{id: m.ID, model: m}
		c.scanned.handle(c)
		c.scanned = answer{} // so that it keeps no batch alive
		return
	}
	if err := c.reg.Scanned(m.text, &m.Scanned); err != nil {
		c.applied(string(m.RID.In(m.text)), err)
		return
	}
	c.counters.Events++
}

func (m *changeEvent) handle(c *Core) { c.applied(m.rid, c.reg.Changed(m.rid, m.Change)) }
func (m *addEvent) handle(c *Core)    { c.applied(m.rid, c.reg.Added(m.rid, m.Add)) }
func (m *removeEvent) handle(c *Core) { c.applied(m.rid, c.reg.Removed(m.rid, m.Remove)) }
func (m *customEvent) handle(c *Core) { c.applied(m.rid, c.reg.Custom(m.rid, m.name, m.payload)) }

func (m *unsubscribeEvent) handle(c *Core) {
	l := c.line(m.rid) // as long as it is subscribed: it has had its turn in the replay
	ended := c.reg.Direct(m.rid) > 0
	c.applied(m.rid, c.reg.Revoked(m.rid, m.reason))
	c.revocations.add(c, m.rid, c.table.seq)
	l.endLinger(c)
	if ended && c.reg.Wanted(m.rid) {
		c.retryLater(l, m.reason)
	}
	l.advance(c)
}

// applied counts events, and the ones that were for nobody. What did not fit is a
// fault of the registry's, which reports it itself.
func (c *Core) applied(rid string, err error) {
	c.counters.Events++
	if err != nil && errors.Is(err, subs.ErrUnknownResource) {
		c.counters.UnknownEvents++
		c.notice(UnknownResource, rid, err)
	}
}

func (m *broken) handle(c *Core) {
	c.counters.BadFrames++
	c.notice(BadFrame, m.rid, m.err)
	switch {
	case m.garbled && c.link.phase == versioning:
		c.fail(fmt.Errorf("version request: unreadable answer: %w", m.err), false) // nothing is there to be got anew
		return
	case m.garbled:
		// It may have been an event of anything, so nothing is in sync any more, and what
		// follows is of no use. It comes back as the back-off says, as after any loss.
		garbled := fmt.Errorf("%w: %w", subs.ErrInconsistent, m.err)
		c.resyncing("", garbled)
		c.fail(garbled, false)
		return
	case m.rid != "":
		c.reg.Distrust(m.rid, brokenEvent(m.rid, m.err))
		return
	}
	q := c.table.find(m.id)
	if q == nil {
		return
	}
	// The answer may have subscribed to things that cannot be known now.
	if q.typ == wire.TypeSubscribe {
		c.line(q.rid).owed++
	}
	(&answer{id: m.id, err: unreadable(m.err)}).handle(c)
	switch q.typ {
	case wire.TypeSubscribe, wire.TypeGet, wire.TypeCall, wire.TypeAuth, wire.TypeNew:
		c.distrust(subs.ErrInconsistent)
	}
}
