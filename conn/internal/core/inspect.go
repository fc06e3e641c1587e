package core

import (
	"time"

	"github.com/resclient/resclient-go/subs"
)

// Inspection is what the core believes of a resource, for a simulator that compares
// it with what the gateway has.
type Inspection struct {
	subs.Inspection
	Known     bool // to the registry
	Line      bool // there is a line
	Busy      bool // a request is out that has not timed out
	Uncertain bool // the gateway may count what the registry does not know of
	Retrying  bool // it waits for its next try
	Tries     int
}

// Inspect returns what the core believes of rid.
func (c *Core) Inspect(rid string) Inspection {
	var i Inspection
	i.Inspection, i.Known = c.reg.Inspect(rid)
	if l := c.lines[rid]; l != nil {
		i.Line, i.Busy, i.Uncertain, i.Retrying, i.Tries = true, l.busy != nil, l.owed > 0, l.retry.waiting, l.retry.tries
	} else if c.sentAlone(rid) != nil {
		i.Line, i.Busy = true, true
	}
	return i
}

// ResyncAt returns when a planned reconnect is due, and the zero time when none is.
func (c *Core) ResyncAt() time.Time { return c.resync.deadline }

// Sizes are the sizes of what must not grow without bound.
type Sizes struct {
	Lines, Requests, Slots, Queued, Retries, Lingering, Deaths, Asked, Offline int
	Replay, Fresh                                                              WindowSize
}

// WindowSize is how many requests a window lets out at present, and how many are.
type WindowSize struct{ Limit, Used, Out int }

func (w *window) size() WindowSize { return WindowSize{Limit: w.limit, Used: w.used, Out: w.out} }

// Sizes returns how much there is of everything.
func (c *Core) Sizes() Sizes {
	return Sizes{
		Lines:     len(c.lines) + c.alone,
		Requests:  c.table.out(),
		Slots:     c.replay.slots.Len() + c.fresh.slots.Len(),
		Queued:    len(c.replay.queue) + len(c.fresh.queue),
		Retries:   len(c.retries),
		Lingering: len(c.lingering),
		Deaths:    len(c.deaths),
		Asked:     len(c.asked),
		Offline:   len(c.offline),
		Replay:    c.replay.size(),
		Fresh:     c.fresh.size(),
	}
}
