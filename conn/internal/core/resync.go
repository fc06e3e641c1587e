package core

import (
	"fmt"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// resync is the planned reconnect that mends whatever does not fit.
type resync struct {
	deadline time.Time // of the next one, zero for none planned
	interval time.Duration
	last     time.Time
}

// distrust plans a reconnect because something did not fit. Rare ones come at
// once; when one does not help, the next waits longer and longer.
func (c *Core) distrust(fault error) {
	c.notice(Inconsistent, "", fault)
	c.counters.Inconsistencies++
	if c.link.phase < authenticating || !c.resync.deadline.IsZero() {
		return
	}
	r := &c.resync
	switch {
	case r.last.IsZero() || c.now.Sub(r.last) > 4*max(r.interval, c.cfg.ResyncInterval):
		r.interval = 0
	case r.interval == 0:
		r.interval = c.cfg.ResyncInterval
	default:
		r.interval = min(2*r.interval, maxResyncIntervals*c.cfg.ResyncInterval)
	}
	r.deadline = c.now
	if !r.last.IsZero() {
		r.deadline = maxTime(c.now, r.last.Add(r.interval))
	}
}

// maxResyncIntervals bounds how rare planned reconnects become.
const maxResyncIntervals = 32

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (c *Core) expireResync() {
	if d := c.resync.deadline; d.IsZero() || c.now.Before(d) {
		return
	}
	c.resync.deadline, c.resync.last = time.Time{}, c.now
	c.counters.Resyncs++
	c.notice(Resyncing, "", subs.ErrInconsistent)
	c.fail(subs.ErrInconsistent, false)
}

func brokenEvent(rid string, err error) error {
	return fmt.Errorf("event of %q: %w: %w", rid, subs.ErrInconsistent, err)
}

func unreadable(err error) *res.Error {
	return &res.Error{Code: res.CodeInternalError, Message: "unreadable answer: " + err.Error()}
}
