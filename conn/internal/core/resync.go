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
	spaced   spacing
}

// distrust plans a reconnect because something did not fit.
func (c *Core) distrust(fault error) {
	c.notice(Inconsistent, "", fault)
	c.counters.Inconsistencies++
	if r := &c.resync; c.link.phase >= authenticating && r.deadline.IsZero() {
		r.deadline = r.spaced.next(c.now, c.cfg.ResyncInterval)
	}
}

func (c *Core) expireResync() {
	if d := c.resync.deadline; d.IsZero() || c.now.Before(d) {
		return
	}
	c.resync.deadline, c.resync.spaced.last = time.Time{}, c.now
	c.reconnect("", subs.ErrInconsistent)
}

// reconnect gives up the connection to get everything anew.
func (c *Core) reconnect(rid string, why error) {
	c.resyncing(rid, why)
	c.renew(why)
}

// resyncing counts and reports that everything will be got anew.
func (c *Core) resyncing(rid string, why error) {
	c.counters.Resyncs++
	c.notice(Resyncing, rid, why)
}

// spacing keeps planned reconnects apart. Rare ones come at once; when one does not
// help, the next waits longer and longer.
type spacing struct {
	interval time.Duration
	last     time.Time
}

// maxResyncIntervals bounds how rare planned reconnects become.
const maxResyncIntervals = 32

// next returns when the next one may be, which is at least so long after the one
// before if that was lately.
func (s *spacing) next(now time.Time, least time.Duration) time.Time {
	switch {
	case s.last.IsZero() || now.Sub(s.last) > 4*max(s.interval, least):
		s.interval = 0
	case s.interval == 0:
		s.interval = least
	default:
		s.interval = min(2*s.interval, maxResyncIntervals*least)
	}
	if s.last.IsZero() {
		return now
	}
	return maxTime(now, s.last.Add(s.interval))
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func brokenEvent(rid string, err error) error {
	return fmt.Errorf("event of %q: %w: %w", rid, subs.ErrInconsistent, err)
}

func unreadable(err error) *res.Error {
	return &res.Error{Code: res.CodeInternalError, Message: "unreadable answer: " + err.Error()}
}
