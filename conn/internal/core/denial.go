package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/res"
)

// Access may be denied because a token has expired. If the program has a hook for
// that, a subscription that is denied waits for it, before it is left to the retry
// policy. One run is for all that are denied until it returns. It is not repeated
// for a subscription that is denied in spite of it, or whoever may not read a
// resource would log in again and again.

// denials is the state of the hook.
type denials struct {
	due  bool      // a line waits for a run that has not begun
	next time.Time // before it may begin

	running    bool
	rid        string    // that it runs for
	generation uint64    // of the connection that it runs on
	deadline   time.Time // until when lines wait for it; zero once that is over
	failed     bool      // the last run has
}

// awaitHook has a line that was refused wait for the hook, and reports whether it does.
func (c *Core) awaitHook(l *line) bool {
	d := &c.denials
	if !c.cfg.AccessDenied || c.draining || !errors.Is(l.retry.err, res.ErrAccessDenied) {
		return false
	}
	here := d.running && d.generation == c.link.generation
	switch {
	case d.running && d.deadline.IsZero():
		return false // there is no telling whether it will ever return
	case here, d.failed, l.retry.judged != c.link.generation:
		l.retry.forHook = true
		d.due = d.due || !here
		return true
	}
	return false
}

func (d *denials) wakeUp() time.Time {
	switch {
	case d.running:
		return d.deadline
	case d.due:
		return d.next
	}
	return time.Time{}
}

func (c *Core) expireDenials() {
	d := &c.denials
	switch {
	case d.running && !d.deadline.IsZero() && !c.now.Before(d.deadline):
		d.deadline = time.Time{}
		c.hookFailed(fmt.Errorf("the hook did not return in time: %w", ErrNoAnswer))
	case !d.running && d.due && !c.now.Before(d.next):
		c.runHook()
	}
}

// runHook has the hook run for the first line that waits for it.
func (c *Core) runHook() {
	d := &c.denials
	d.due = false
	for _, l := range c.inOrder() {
		if l.retry.forHook {
			d.running, d.rid, d.generation = true, l.rid, c.link.generation
			d.deadline, d.next = c.now.Add(c.cfg.AuthTimeout), c.now.Add(c.cfg.RetryFloor)
			c.out.Denials = append(c.out.Denials, Denial{Generation: d.generation, RID: d.rid})
			return
		}
	}
}

func (in AccessJudged) apply(c *Core) {
	d := &c.denials
	late := d.deadline.IsZero()
	d.running, d.deadline = false, time.Time{}
	switch {
	case in.Generation != c.link.generation || c.link.phase != open:
		// What was denied since waits for a run on its own connection.
	case in.Err == nil:
		d.failed = false
		c.accessRegained()
	default:
		if in.Permanent {
			c.endDenied(d.rid, in.Err)
		}
		if !late {
			c.hookFailed(in.Err)
		}
	}
}

// accessRegained tries again at once what was denied. Requests that are out may
// have been judged before.
func (c *Core) accessRegained() {
	for _, l := range c.lines {
		if l.retry.waiting {
			l.retry.judged = c.link.generation
		}
	}
	c.loggedIn = c.table.seq
	c.retryDenied()
}

// hookFailed leaves what waits for the hook to the retry policy.
func (c *Core) hookFailed(err error) {
	d := &c.denials
	d.failed = true
	c.notice(AccessHookFailed, d.rid, err)
	for _, l := range c.inOrder() {
		if l.retry.forHook {
			l.retry.forHook = false
			c.askPolicy(l)
		}
	}
}

// endDenied ends a subscription that the hook says will never be granted, unless it
// was meanwhile.
func (c *Core) endDenied(rid string, err error) {
	if l := c.lines[rid]; l != nil && l.retry.tries > 0 {
		c.endRetry(l, fmt.Errorf("subscribe %q: %w", rid, err))
	}
}
