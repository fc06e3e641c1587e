package core

import "github.com/resclient/resclient-go/wire"

// Most resources of a replay have nothing to do but to be subscribed, and there may be very
// many. Their requests are sent alone, without a line: it is made when something else comes
// up, or the answer is not what is hoped for.

// replayAlone subscribes a resource that has no line, if it still has to be.
func (c *Core) replayAlone(rid string) {
	if !c.reg.Wanted(rid) || c.reg.Direct(rid) > 0 {
		return
	}
	if c.reg.Dead(rid) || !c.sendAlone(rid) { // which a line deals with
		l := c.line(rid)
		l.ahead = false
		l.sendNext(c, &c.replay)
	}
}

func (c *Core) sendAlone(rid string) bool {
	q := c.spareRequest()
	if c.send(q, wire.Subscribe(0, rid)) != nil {
		return false
	}
	q.alone = true
	c.alone++
	c.replayLeft++
	c.replay.enter(q)
	return true
}

// sentAlone returns the request for a resource that was sent alone, nil for none.
func (c *Core) sentAlone(rid string) *request {
	left := c.alone
	for q := range c.table.recent.all() {
		switch {
		case left == 0:
			return nil // most of what is out may have been sent after the replay
		case q.alone && q.rid == rid:
			return q
		case q.alone:
			left--
		}
	}
	return nil
}

// adopt makes the line of a request that was sent alone.
func (c *Core) adopt(q *request) *line {
	q.alone = false
	c.alone--
	l := c.newLine(q.rid)
	l.busy, q.line = q, l
	l.replaying = true
	return l
}

// answeredAlone takes in the answer to a request that was sent alone.
func (c *Core) answeredAlone(q *request, a *answer) {
	if a.err != nil || c.crossed(q, q.rid) {
		c.adopt(q).subscribed(c, q, a)
		return
	}
	c.alone--
	c.replayLeft--
	if m := a.model; m == nil || !c.reg.Regranted(q.rid, m.text, &m.Scanned) {
		a.install(c)
		c.reg.Subscribed(q.rid)
	}
	if c.replay.turn != "" && !q.listed { // so nobody knows of it
		c.spareRequests = append(c.spareRequests, q)
	}
}

// spareRequest returns a new request, made of one that was answered if there is one.
func (c *Core) spareRequest() *request {
	last := len(c.spareRequests) - 1
	if last < 0 {
		return new(request)
	}
	q := c.spareRequests[last]
	c.spareRequests = c.spareRequests[:last]
	*q = request{}
	return q
}
