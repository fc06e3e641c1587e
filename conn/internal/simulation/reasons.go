package simulation

import "github.com/resclient/resclient-go/res"

// reasons are why a client may reconnect by itself. Each is something that the gateway
// does although it should not, or that a fault has caused.
type reasons uint16

const (
	oldCopy       reasons = 1 << iota // the gateway has sent a copy that is out of date
	likeAnOldCopy                     // or one that cannot be told from such a one
	sentAgain                         // or what the client holds, so that events may be lost
	somethingDied                     // a request may have crossed a delete event
	slip                              // the gateway has let go of what is held
	likeASlip                         // or may have, for all that the client knows
	muddled                           // the gateway has lost its way: events in the wrong order, an error for what it had sent
	heldByMistake                     // the gateway holds what nothing does
	returned                          // a subscription was given back that the client did not know of
	miscounted                        // a subscription was taken away twice, or before it was granted
	foundAgain                        // what was stuck could be had after all
	unanswered                        // a request was not answered in time
	garbled                           // a frame was
	lied                              // an event was not true
)

func (r *reasons) add(x reasons) { *r |= x }

// wonderAtLoss notes why the client may take an event for one with which the gateway makes
// its slip. If more than one reference goes, if requests are out, or the gateway has begun
// with other events, then the client cannot know what the gateway looks at when, and so
// what it lets go. Nor can it if something else that leads to the resource may have a direct
// subscription, where the gateway's search ends, and the client has not given that back
// yet: in a session it does so only when that is over.
func (c *conn) wonderAtLoss(e *effect, before, after *content) {
	n, mayCount := losses(before, after), c.unsure
	mayCount[e.name] = false
	if n > 1 || n > 0 && (e.ahead || c.gateway.outstanding() || c.reached(mayCount)[e.name]) {
		c.reasons.add(likeASlip)
	}
}

// losses counts what an event that makes one content another no longer refers to.
func losses(from, to *content) (n int) {
	var had, has [names]bool
	from.references(func(n name) { had[n] = true })
	to.references(func(n name) { has[n] = true })
	for i := range had {
		if had[i] && !has[i] {
			n++
		}
	}
	return n
}

// miscounts notes why the client may doubt a count: an unsubscribe event came between
// the request and the answer.
func (c *conn) miscounts(n name) {
	if c.reading <= c.endedAt[n] {
		c.reasons.add(miscounted)
	}
}

// wonder notes why the client may take what a set says for an old copy.
func (c *conn) wonder(e *effect) {
	b, n := &c.belief, e.name
	if e.sent == nil { // an error
		if e.content.code == res.CodeDisposedSubscription {
			c.reasons.add(slip) // what refers to it does not know
		}
		return
	}
	if !e.sent.equal(e.content) {
		c.reasons.add(oldCopy)
	}
	for _, f := range b.former[n] {
		if b.stirred[n] && f.equal(e.sent) {
			c.reasons.add(likeAnOldCopy)
		}
	}
	b.former[n] = append(b.former[n], e.sent)
}

// wonderAtNothing notes why the client may wonder at an answer without content: the
// gateway holds the resource although nothing does.
func (c *conn) wonderAtNothing(n name) {
	if !c.reachedNow()[n] {
		c.reasons.add(heldByMistake)
	}
}

// confuse notes that the gateway has loaded anew what the client holds, and that it is
// by chance what it was once: the client cannot tell that from an old copy, and
// its own copy misses something.
func (c *conn) confuse(e *effect) {
	for _, f := range c.former[e.name] {
		if e.sent != nil && f.equal(e.sent) {
			c.reasons.add(muddled)
		}
	}
}
