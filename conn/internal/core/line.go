package core

import (
	"errors"
	"fmt"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// line carries the subscribe, get and unsubscribe requests about one resource, one
// at a time. It knows who waits for what; what the gateway has subscribed is in
// the registry.
type line struct {
	rid       string
	busy      *request     // the one that is out and has not timed out
	first     request      // of its requests
	queued    bool         // waits for a place in a window
	callers   []subscriber // waiting for the first Sync
	later     []Subscribe  // came while the line was releasing
	gets      []Get
	replaying bool // the replay is not over without it
	ahead     bool // its turn in the replay is to come
	dropped   bool // by dropLine

	owed     int // direct subscriptions that the gateway may count and the registry does not, see owe
	returned int // how many of them were given back, since it was last sure that there are none

	silent *subs.Handle // while the resource lingers
	retry  retry
}

// subscriber is a Subscribe that has not been answered, or a Call that was answered
// with a resource which nobody could make anything of.
type subscriber struct {
	handle *subs.Handle
	to     any
	result wire.CallResult // of a Call
}

// need is the request that a line would send now.
type need uint8

const (
	needNothing need = iota
	needUnsubscribe
	needSubscribe
	needGet
)

// needs compares what is wanted with what the gateway has.
func (l *line) needs(c *Core) need {
	if c.link.phase != open || l.busy != nil {
		return needNothing
	}
	wanted, direct := c.reg.Wanted(l.rid), c.reg.Direct(l.rid)
	switch {
	case direct > 1 || direct == 1 && !wanted, direct == 0 && l.owed > 0:
		return needUnsubscribe
	case wanted && direct == 0 && !l.retry.waiting:
		return needSubscribe
	case len(l.gets) > 0 && (direct == 0 || c.reg.Live(l.rid)):
		return needGet // what is subscribed and stale waits for a resync
	}
	return needNothing
}

// advance sends the next request, or queues for it, or forgets an idle line.
func (l *line) advance(c *Core) {
	l.avoid(c)
	switch l.needs(c) {
	case needUnsubscribe:
		l.sendUnsubscribe(c)
	case needSubscribe, needGet:
		if l.answerGets(c) && l.needs(c) == needNothing {
			break
		}
		if !l.queued && !l.ahead {
			l.queued = true
			w := &c.fresh
			if l.replaying || l.retry.tries > 0 || l.probing() {
				w = &c.replay
			}
			w.queue = append(w.queue, l)
		}
	}
	if l.busy == nil && !l.queued && !l.ahead {
		l.replayed(c) // there is nothing to wait for
	}
	l.forget(c)
}

// sendNext sends the request for which the line had queued, if it is still needed.
func (l *line) sendNext(c *Core, w *window) {
	l.avoid(c)
	var r wire.Request
	switch l.needs(c) {
	case needSubscribe:
		r = wire.Subscribe(0, l.rid)
	case needGet:
		if l.answerGets(c) {
			break
		}
		l.replayed(c)
		r = wire.Get(0, l.rid)
	}
	if r.Type == 0 {
		l.advance(c)
		return
	}
	if q := l.request(); l.sendOut(c, q, r) {
		w.enter(q)
	}
}

// request returns a new request of the line. Most lines send one in their life.
func (l *line) request() *request {
	if l.first.id == 0 {
		return &l.first
	}
	return new(request)
}

func (l *line) sendUnsubscribe(c *Core) {
	n := c.reg.Direct(l.rid)
	if c.reg.Wanted(l.rid) {
		n--
	}
	if n < 1 || !atLeast(c.link.protocol, 1, 2, 1) {
		n = 1 // older gateways do not know the count
	}
	l.sendOut(c, &request{uncounted: c.reg.Direct(l.rid) == 0}, wire.Unsubscribe(0, l.rid, n))
}

// sendOut sends a request of the line's and reports whether it could. It can:
// resource ids were checked when they came in.
func (l *line) sendOut(c *Core, q *request, r wire.Request) bool {
	if err := c.send(q, r); err != nil {
		l.failed(c, err)
		return false
	}
	l.busy, q.line = q, l
	return true
}

// subscribed takes in the answer to a subscribe request, be it late or not.
func (l *line) subscribed(c *Core, q *request, a *answer) {
	l.free(q)
	defer c.miscounts(q, l.rid, a.err == nil)
	switch {
	case a.err == nil && c.crossed(q, l.rid):
		c.installWithout(a.whole(), l.rid)
		l.owe(c, q)
		if !q.timedOut {
			l.failed(c, res.ErrDeleted)
		}
	case a.err == nil && q.settled:
		a.install(c)
	case a.err == nil:
		a.install(c)
		c.reg.Subscribed(l.rid)
		l.recovered(c)
	case !q.timedOut && c.overtaken(q, a.err):
		l.refuse(c, a.err) // what is wanted all the same is asked for again at once
	case !q.timedOut:
		l.failed(c, a.err)
	}
	l.replayed(c)
	l.advance(c)
}

// recovered tells everybody who waited that the resource is there.
func (l *line) recovered(c *Core) {
	if !c.reg.Live(l.rid) {
		return // it is dead, or the answer did not hold it: a fault that the registry has noted
	}
	if l.retry.tries > 0 {
		c.notice(SubscribeRecovered, l.rid, nil)
	}
	c.dropRetry(l)
	for _, s := range l.callers {
		c.reply(Reply{To: s.to, Result: s.result})
	}
	l.callers = nil
	l.answerGets(c)
}

// failed tells the callers that wait for a first Sync, and retries for the handles
// that have had theirs.
func (l *line) failed(c *Core, err error) {
	l.refuse(c, err)
	if c.reg.Wanted(l.rid) && c.reg.Direct(l.rid) == 0 {
		c.retryLater(l, err)
	}
}

// refuse gives the callers that wait for a first Sync an error instead.
func (l *line) refuse(c *Core, err error) {
	callers := l.callers
	l.callers = nil
	for _, s := range callers {
		c.reg.Close(s.handle)
		c.reply(Reply{To: s.to, Err: err})
	}
}

func (l *line) unsubscribed(c *Core, q *request, err *res.Error) {
	l.free(q)
	switch {
	case err == nil && q.uncounted:
		l.givenBack(c, q)
	case err == nil && q.timedOut: // done already
	case err == nil:
		c.reg.Unsubscribed(l.rid, q.count)
	case errors.Is(err, res.ErrNoSubscription):
		c.reg.Unsubscribed(l.rid, c.reg.Direct(l.rid))
		l.returned, l.owed = 0, q.count-1 // there may be fewer: it is all or nothing
		if l.owed == 0 {
			l.giveBack(c)
		}
	default:
		c.notice(UnexpectedAnswer, l.rid, err)
		c.reg.Unsubscribed(l.rid, c.reg.Direct(l.rid))
		l.owed = 0 // asking again would be answered so again
	}
	l.reopen(c)
	l.advance(c)
}

// unsubscribeTimedOut goes on as if the gateway had taken the request in, and asks again.
func (l *line) unsubscribeTimedOut(c *Core, q *request) {
	l.free(q)
	if !q.uncounted {
		c.reg.Overdue(l.rid, q.count, requestSeq(q.id))
		l.owed += q.count
	}
	l.replayed(c)
	l.reopen(c)
	l.advance(c)
}

// releasing reports whether the gateway is being told that nobody wants the resource.
func (l *line) releasing(c *Core) bool {
	return l.busy != nil && l.busy.typ == wire.TypeUnsubscribe && !c.reg.Wanted(l.rid)
}

// reopen goes on with who came while the line was releasing.
func (l *line) reopen(c *Core) {
	later := l.later
	l.later = nil
	for _, in := range later {
		in.apply(c)
	}
}

// requestTimedOut goes on without the answer to a subscribe or get request.
func (l *line) requestTimedOut(c *Core, q *request, err error) {
	l.free(q)
	l.owed++
	if q.typ == wire.TypeGet {
		l.endGets(c, err)
	} else {
		l.failed(c, err)
	}
	l.replayed(c)
	l.advance(c)
}

// got takes in the answer to a get request.
func (l *line) got(c *Core, q *request, a *answer) {
	l.free(q)
	defer c.miscounts(q, l.rid, false)
	if a.err != nil {
		// Unless access was denied, the gateway now counts a direct subscription
		// that answers every later request with this same error.
		if !denied(a.err) {
			l.owed++
		}
		if !q.timedOut {
			l.endGets(c, a.err)
		}
		l.advance(c)
		return
	}
	a.install(c)
	switch {
	case q.timedOut:
	case c.crossed(q, l.rid):
		l.endGets(c, res.ErrDeleted)
	case !c.reg.Follows(l.rid), c.reg.Doubtful(l.rid):
		// The gateway holds it by mistake, or this may be an old copy.
		c.distrust(fmt.Errorf("get %q: %w", l.rid, subs.ErrInconsistent))
		return // the next connection answers
	default:
		l.endGets(c, nil)
	}
	l.advance(c)
}

// answerGets answers the waiting Gets from a live copy, and reports whether it could.
func (l *line) answerGets(c *Core) bool {
	if !c.reg.Live(l.rid) {
		return false
	}
	l.endGets(c, nil)
	return true
}

// endGets answers the waiting Gets with an error, or from the copy.
func (l *line) endGets(c *Core, err error) {
	for _, in := range l.gets {
		if err != nil {
			c.reply(Reply{To: in.To, Err: err})
			continue
		}
		in.answer(c)
	}
	l.gets = nil
}

// free lets the next request go, unless q had given up its place before.
func (l *line) free(q *request) {
	if l.busy == q {
		l.busy = nil
	}
}

// forget drops a line that has nothing to do.
func (l *line) forget(c *Core) {
	if !l.dropped && l.idle(c) {
		c.dropRetry(l)
		c.dropLine(l)
	}
}

// idle reports whether the line has nothing to do. That of a resource which is wanted and
// subscribed has nothing to do until the connection is lost, or the subscription is.
func (l *line) idle(c *Core) bool {
	if l.busy != nil || l.queued || l.owed > 0 || l.replaying || l.silent != nil ||
		len(l.callers) > 0 || len(l.later) > 0 || len(l.gets) > 0 {
		return false
	}
	if !c.reg.Wanted(l.rid) {
		return c.reg.Direct(l.rid) == 0
	}
	return c.reg.Direct(l.rid) == 1 && l.retry.tries == 0 && !l.retry.waiting
}

// disconnected starts the line afresh for the next connection.
func (l *line) disconnected(c *Core) {
	l.busy, l.queued, l.replaying, l.ahead = nil, false, false, false
	l.owed, l.returned = 0, 0
	l.retry.waiting, l.retry.forHook, l.retry.index = false, false, -1
	l.reopen(c)
	l.forget(c)
}

// answerAll ends everything that waits on the line.
func (l *line) answerAll(c *Core, err error) {
	for _, s := range l.callers {
		c.reply(Reply{To: s.to, Err: err})
	}
	for _, in := range l.later {
		c.reply(Reply{To: in.To, Err: err})
	}
	l.callers, l.later = nil, nil
	l.endGets(c, err)
}
