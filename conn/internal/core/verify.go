package core

import (
	"fmt"
	"time"

	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// A copy that is unsure, see [subs.Registry.Unsure], is compared with what the gateway
// has for another id of the resource, as for a probe. That costs one request where a
// planned reconnect would get everything anew. If they differ, or nothing can be
// compared, a reconnect is what is left.
//
// An event that was overtaken may come after that, as soon as what it refers to is
// loaded. So the copy is compared once more, much later.

const (
	maxComparisons  = 3                      // of a resource, before its copy is given up
	comparisonPause = 250 * time.Millisecond // before it is compared again when it differed
)

// verifier compares one copy at a time.
type verifier struct {
	out   *comparison
	tries map[string]int // by rid, since there was last nothing to compare
	pause time.Time      // until then; zero for none
	later []comparison   // once more, soonest first
}

// comparison is who asks for a resource, in place of a caller of Get.
type comparison struct {
	rid      string
	loggedIn uint64    // as [Core.loggedIn] was then
	at       time.Time // when it is due; zero for at once
}

func newVerifier() verifier { return verifier{tries: make(map[string]int)} }

// mayVerify reports whether copies can be compared now.
func (c *Core) mayVerify() bool {
	return c.machine.State() == state.Connected && !c.draining && c.verifier.out == nil
}

// verifyAt returns when there is something to compare, zero for never.
func (c *Core) verifyAt() time.Time {
	v := &c.verifier
	switch {
	case !c.mayVerify():
		return time.Time{}
	case !v.pause.IsZero():
		return v.pause
	case c.reg.Unsure() != "": // since the client was not connected yet
		return c.now
	case len(v.later) > 0:
		return v.later[0].at
	}
	return time.Time{}
}

// verify compares what is next.
func (c *Core) verify() {
	v := &c.verifier
	if !c.mayVerify() || c.now.Before(v.pause) {
		return
	}
	v.pause = time.Time{}
	for c.mayVerify() && v.pause.IsZero() {
		next, found := c.nextComparison()
		switch {
		case !found:
			clear(v.tries)
			return
		case v.tries[next.rid] == maxComparisons || c.cfg.ProbeInterval == 0 || !c.canProbe(next.rid):
			c.mistrust(next.rid)
		default:
			c.compare(next)
		}
	}
}

func (c *Core) nextComparison() (next comparison, found bool) {
	v := &c.verifier
	if rid := c.reg.Unsure(); rid != "" {
		return comparison{rid: rid}, true
	}
	for len(v.later) > 0 && !c.now.Before(v.later[0].at) {
		next, v.later = v.later[0], v.later[1:]
		if c.reg.Live(next.rid) {
			return next, true
		}
	}
	return comparison{}, false
}

// compare asks for what the gateway has.
func (c *Core) compare(next comparison) {
	v := &c.verifier
	v.tries[next.rid]++
	next.loggedIn = c.loggedIn
	v.out = &next
	c.counters.Probes++
	c.reg.Observe(next.rid)
	Get{RID: alias(next.rid), To: v.out}.apply(c)
}

// compared takes in what the gateway has.
func (c *Core) compared(out *comparison, r Reply) {
	v := &c.verifier
	if v.out != out {
		return // the connection has ended
	}
	v.out = nil
	if r.Err != nil {
		c.heed(out.rid, out.loggedIn, r.Err)
	}
	switch {
	case !c.reg.Verify(r.Resource):
		v.pause = c.now.Add(comparisonPause)
	case out.at.IsZero():
		v.later = append(v.later, comparison{rid: out.rid, at: c.now.Add(c.cfg.ProbeInterval)})
	}
}

// mistrust gives an unsure copy up.
func (c *Core) mistrust(rid string) {
	c.reg.Distrust(rid, fmt.Errorf("%q was sent again, and may lack events: %w", rid, subs.ErrInconsistent))
}

// endVerification forgets what belonged to the connection.
func (c *Core) endVerification() {
	out := c.verifier.out
	c.verifier = newVerifier()
	if out != nil {
		CancelGet{RID: alias(out.rid), To: out}.apply(c)
	}
}
