package core

import (
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func (call *Call) apply(c *Core) {
	switch {
	case call.Session != 0:
		if !c.inSession(call.Session) {
			c.reply(Reply{To: call.To, Err: fmt.Errorf("%w: the session is over", ErrNotConnected)})
			return
		}
		c.sendCall(call)
	case c.link.phase == open:
		c.sendCall(call)
	case c.cfg.FailFast:
		c.reply(Reply{To: call.To, Err: ErrNotConnected})
	case len(c.offline) >= c.cfg.OfflineQueue:
		c.reply(Reply{To: call.To, Err: ErrQueueFull})
	default:
		c.offline = append(c.offline, call)
	}
}

// inSession reports whether a hook runs that may make calls on a connection.
func (c *Core) inSession(generation uint64) bool {
	switch {
	case generation != c.link.generation:
		return false
	case c.link.phase == open:
		return c.denials.running && c.denials.generation == generation
	}
	return c.link.phase == authenticating
}

func (c *Core) sendCall(call *Call) {
	q := &request{call: call}
	if err := c.send(q, call.Request); err != nil {
		c.reply(Reply{To: call.To, Err: err})
		return
	}
	call.out = q
	c.calls++
	if c.reg.Follows(q.rid) && c.reg.Direct(q.rid) == 0 {
		c.onMember = c.now
	}
}

// sendOffline sends the calls that waited for the connection, in order.
func (c *Core) sendOffline() {
	waiting := c.offline
	c.offline = nil
	for _, call := range waiting {
		c.sendCall(call)
	}
}

func (in CancelCall) apply(c *Core) {
	if rid := in.Call.rid; rid != "" {
		CancelSubscribe{RID: rid, Handle: in.Call.Handle}.apply(c)
		return
	}
	if q := in.Call.out; q != nil {
		c.endCall(q, Reply{Err: ErrCanceled})
		return
	}
	if i := slices.Index(c.offline, in.Call); i >= 0 {
		c.offline = slices.Delete(c.offline, i, i+1)
		c.reply(Reply{To: in.Call.To, Err: ErrNotConnected})
	}
}

// endCall replies to the caller; the entry stays until the answer comes.
func (c *Core) endCall(q *request, r Reply) {
	if q.call == nil {
		return
	}
	r.To = q.call.To
	c.reply(r)
	q.call = nil
	c.calls--
}

// called takes in the answer to a call, auth or new request. When it is a
// resource, the gateway counts a direct subscription for it (RES-Client protocol,
// "Call request"), whether the caller still waits or not.
func (c *Core) called(q *request, a *answer) {
	r := Reply{Result: a.result}
	if a.err != nil {
		r.Err = a.err
	} else if q.typ == wire.TypeAuth && c.link.phase == open {
		c.loggedIn = c.table.seq
		c.retryDenied()
		c.probeDenied()
	}
	if a.result.RID != "" {
		c.takeResource(q, a.result, &r)
	}
	c.endCall(q, r)
}

// takeResource takes in the direct subscription that came with an answer, for the
// caller's handle or to give it back.
func (c *Core) takeResource(q *request, result wire.CallResult, r *Reply) {
	rid := result.RID
	defer c.miscounts(q, rid, false)
	if c.reg.Loosened(rid, requestSeq(q.id)) { // even with an error: it was counted until that was found
		c.distrust(fmt.Errorf("%v %q may have come before an event: %w", q.typ, rid, subs.ErrInconsistent))
	}
	l := c.line(rid)
	var handle *subs.Handle
	if q.call != nil {
		handle = q.call.Handle
	}
	err := errorOf(rid, result.Set)
	if err == nil && (c.crossed(q, rid) || c.reg.Dead(rid)) {
		err = res.ErrDeleted
	}
	if err != nil {
		// It may be about the access of this call alone, so it is no content. Unless access
		// was denied, the gateway may count a subscription.
		if handle != nil {
			r.Err = err
		}
		if !denied(err) {
			l.owe(c, q)
		}
		c.installWithout(result.Set, rid)
		l.advance(c)
		return
	}
	c.reg.Install(result.Set)
	synced := handle == nil || c.reg.Open(handle, rid)
	c.reg.Subscribed(rid)
	if !synced && !c.reg.Live(rid) {
		// What came does not fit. The next connection has the resource, or why not.
		l.callers = append(l.callers, subscriber{handle: handle, to: q.call.To, result: result})
		q.call.rid, q.call = rid, nil
		c.calls-- // it is answered, and waits for the subscription
	}
	l.recovered(c)
	l.advance(c)
}

// errorOf returns the error that a set has in place of rid, nil if it has none.
func errorOf(rid string, set wire.Set) *res.Error {
	for _, resource := range set.Resources {
		if resource.RID == rid {
			return resource.Error
		}
	}
	return nil
}

// installWithout installs what a set holds but for rid.
func (c *Core) installWithout(set wire.Set, rid string) {
	var rest wire.Set
	for _, resource := range set.Resources {
		switch {
		case resource.RID != rid:
			rest.Resources = append(rest.Resources, resource)
		case resource.Error == nil:
			c.reg.PassOver(resource)
		}
	}
	c.reg.Install(rest)
}
