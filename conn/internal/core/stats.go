package core

import (
	"time"

	"github.com/resclient/resclient-go/subs"
)

// Counters count what has happened since the start.
type Counters struct {
	Messages        uint64 // frames decoded
	Events          uint64 // of them, events
	UnknownEvents   uint64 // of them, for resources that are not subscribed
	BadFrames       uint64 // frames, or contents, that could not be read
	Timeouts        uint64 // requests that were not answered in time
	Retries         uint64 // subscriptions refused or ended that are tried again
	Inconsistencies uint64 // messages that did not fit the local copy
	Resyncs         uint64 // planned reconnects because of them, or of a probe
	Probes          uint64 // requests for what is stuck, or whose copy is unsure
}

// Stats describes the core at one moment.
type Stats struct {
	Counters
	subs.Counts
	Generation uint64
	Attempt    int
	Gateway    string
	Protocol   string
	Pending    int // requests that are out
	Offline    int // calls that wait for a connection
	Retrying   int // subscriptions that wait for their next try
}

// Stats returns the figures of this moment.
func (c *Core) Stats() Stats {
	return Stats{
		Counters:   c.counters,
		Counts:     c.reg.Counts(),
		Generation: c.machine.Generation(),
		Attempt:    c.machine.Attempt(),
		Gateway:    c.cfg.Gateways[c.link.gateway],
		Protocol:   c.link.protocol,
		Pending:    c.table.out(),
		Offline:    len(c.offline),
		Retrying:   len(c.retries),
	}
}

// Standing is how a subscription stands.
type Standing struct {
	Live    bool
	Cause   error     // why it is stale
	Tries   int       // that the gateway has refused since it last worked
	Err     error     // of the last of them
	RetryAt time.Time // when it is tried again; zero if that is not known yet
}

// Stale returns how many wanted resources are not live.
func (c *Core) Stale() int { return c.reg.Counts().Stale }

// StaleSome returns the ids of up to n wanted resources that are not live.
func (c *Core) StaleSome(n int) []string { return c.reg.StaleSome(n) }

// Lost returns how many wanted resources were live once and are not.
func (c *Core) Lost() int { return c.reg.Counts().Lost }

// LostSome returns the ids of up to n of them, and why the first is not.
func (c *Core) LostSome(n int) (rids []string, cause error) {
	rids = c.reg.LostSome(n)
	if len(rids) == 0 {
		return nil, nil
	}
	cause = c.reg.Cause(rids[0])
	if l := c.lines[rids[0]]; l != nil && l.retry.err != nil {
		cause = l.retry.err
	}
	return rids, cause
}
