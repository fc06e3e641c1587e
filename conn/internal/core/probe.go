package core

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// What is stuck, see [subs.Registry.Stuck], is not sent anew on this connection, and
// nobody tells when it could be. But a rid with an empty query added is an entry of its
// own at the gateway, and the same resource for the service. So now and then that is
// asked for, of one resource that is stuck. When it is there, a planned reconnect gets
// it, and everything else: nothing orders the answer against the events of the rid,
// so it cannot be used itself.

// maxDoublings bounds how rare the probes of one resource become.
const maxDoublings = 4

// probes is what looks for resources that are stuck.
type probes struct {
	at   time.Time // of the next; zero for none planned
	out  *probe    // asked for, and not answered
	seen uint64    // as [subs.Registry.EverStuck] was when the next was planned

	tries  map[string]int      // on this connection, by rid
	denied map[string]struct{} // on this connection, since the last login
	large  map[string]struct{} // whose answer was over the read limit: never again

	found  string    // is there, and waits for a planned reconnect
	reconn time.Time // when that is; zero for none planned
	spaced spacing
}

func newProbes() probes {
	return probes{tries: make(map[string]int), denied: make(map[string]struct{}), large: make(map[string]struct{})}
}

// probe is who asks, in place of a caller of Get.
type probe struct {
	rid      string
	loggedIn uint64 // as [Core.loggedIn] was then
}

// alias is another id of the same resource.
func alias(rid string) string { return rid + "?" }

// planProbe plans the first probe of what has come to be stuck.
func (c *Core) planProbe() {
	p := &c.probes
	if n := c.reg.EverStuck(); n != p.seen && c.mayProbe() {
		p.seen = n
		if at := c.now.Add(c.probeGap(0)); p.at.IsZero() || at.Before(p.at) {
			p.at = at
		}
	}
}

func (c *Core) mayProbe() bool {
	p := &c.probes
	return c.cfg.ProbeInterval > 0 && c.machine.State() == state.Connected && !c.draining && p.out == nil && p.reconn.IsZero()
}

// probeGap is how long to wait before a resource that was looked for so often is
// looked for again. At random it is half as long or half as long again, so that
// clients which have failed together do not ask together.
func (c *Core) probeGap(tries int) time.Duration {
	d := c.cfg.ProbeInterval << min(tries, maxDoublings)
	return d/2 + jitter(c.cfg, d)
}

// hurryProbe has rid looked for as if it were new, because the program asks for it: the
// gateway gives an old error for an answer.
func (c *Core) hurryProbe(rid string) {
	p := &c.probes
	if p.tries[rid] == 0 || !c.mayProbe() || !c.reg.IsStuck(rid) || !c.canProbe(rid) {
		return
	}
	delete(p.tries, rid)
	if at := c.now.Add(c.probeGap(0)); at.Before(p.at) {
		p.at = at
	}
}

// planNextProbe plans the next one, if there is something to look for.
func (c *Core) planNextProbe() {
	p := &c.probes
	p.at = time.Time{}
	if !c.mayProbe() {
		return
	}
	p.seen = c.reg.EverStuck()
	if rid := c.nextStuck(); rid != "" {
		p.at = c.now.Add(c.probeGap(p.tries[rid]))
	}
}

// nextStuck returns what to look for next: what was looked for the least, and of that
// what is the least likely to be missing for good. It is "" for nothing.
func (c *Core) nextStuck() string {
	best, bestRank := "", 0
	for rid, trouble := range c.reg.Stuck() {
		if !c.canProbe(rid) {
			continue
		}
		rank := 2 * c.probes.tries[rid]
		if unlikely(trouble) {
			rank++
		}
		if best == "" || rank < bestRank || rank == bestRank && rid < best {
			best, bestRank = rid, rank
		}
	}
	return best
}

// canProbe reports whether an answer could tell anything of rid. With a query there is
// no alias that every service takes for the same.
func (c *Core) canProbe(rid string) bool {
	_, denied := c.probes.denied[rid]
	_, large := c.probes.large[rid]
	return !denied && !large && !strings.Contains(rid, "?")
}

func (c *Core) expireProbe() {
	p := &c.probes
	if !p.reconn.IsZero() && !c.now.Before(p.reconn) {
		c.fetchFound()
	}
	if !p.at.IsZero() && !c.now.Before(p.at) {
		p.at = time.Time{}
		if rid := c.nextStuck(); rid != "" && !c.draining {
			c.probe(rid)
		}
	}
}

// probe asks whether rid is there.
func (c *Core) probe(rid string) {
	p := &c.probes
	p.tries[rid]++
	p.out = &probe{rid: rid, loggedIn: c.loggedIn}
	c.counters.Probes++
	Get{RID: alias(rid), To: p.out}.apply(c)
}

// probed takes in what came of a probe.
func (c *Core) probed(q *probe, r Reply) {
	p := &c.probes
	if q != p.out {
		return // the connection has ended
	}
	p.out = nil
	switch {
	case r.Err == nil && r.Resource.Err() == nil:
		p.found, p.reconn = q.rid, p.spaced.next(c.now, c.cfg.ProbeInterval)
		return
	}
	c.heed(q.rid, q.loggedIn, r.Err)
	c.planNextProbe()
}

// heed notes that rid cannot be looked for, if that is what the error says.
func (c *Core) heed(rid string, loggedIn uint64, err error) {
	switch {
	case errors.Is(err, ErrTooLarge):
		c.probes.large[rid] = struct{}{}
	case errors.Is(err, res.ErrAccessDenied) && loggedIn == c.loggedIn:
		c.probes.denied[rid] = struct{}{}
	}
}

// fetchFound gets everything anew, if what was found is stuck still.
func (c *Core) fetchFound() {
	p := &c.probes
	p.reconn = time.Time{}
	if rid := p.found; c.reg.IsStuck(rid) && !c.draining {
		p.spaced.last = c.now
		c.reconnect(rid, fmt.Errorf("%q could not be had before, and can now: %w", rid, subs.ErrInconsistent))
		return
	}
	c.planNextProbe()
}

// probeDenied looks again for what was denied: the client may have more rights now.
func (c *Core) probeDenied() {
	if p := &c.probes; len(p.denied) > 0 {
		clear(p.denied)
		if p.at.IsZero() {
			c.planNextProbe()
		}
	}
}

// endProbes forgets what belonged to the connection.
func (c *Core) endProbes() {
	p := &c.probes
	if q := p.out; q != nil {
		p.out = nil
		CancelGet{RID: alias(q.rid), To: q}.apply(c)
	}
	p.at, p.reconn, p.found = time.Time{}, time.Time{}, ""
	clear(p.tries)
	clear(p.denied)
}

// probing reports whether a line has nothing to do but to look whether a resource is there.
func (l *line) probing() bool {
	if len(l.gets) != 1 || len(l.callers) > 0 {
		return false
	}
	switch l.gets[0].To.(type) {
	case *probe, *comparison:
		return true
	}
	return false
}
