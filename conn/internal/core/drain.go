package core

import (
	"fmt"

	"github.com/resclient/resclient-go/state"
)

// A core that drains takes no new requests and closes as soon as no call waits for
// its answer, be it for the connection to come. Subscriptions go on until then.

func (Drain) apply(c *Core) { c.draining = true }

// turnAway refuses a request that comes while the core drains, and reports whether
// it is one. What a hook needs for the connection is none: a call may wait for that.
func (c *Core) turnAway(in Input) bool {
	if !c.draining {
		return false
	}
	var to any
	switch in := in.(type) {
	case Subscribe:
		to = in.To
	case Get:
		to = in.To
	case Stream:
		to = in.To
	case *Call:
		if in.Session != 0 {
			return false
		}
		to = in.To
	default:
		return false
	}
	c.reply(Reply{To: to, Err: fmt.Errorf("%w: it is %w", ErrClosed, ErrShuttingDown)})
	return true
}

// finishDrain closes when nothing is left to wait for.
func (c *Core) finishDrain() {
	if c.draining && c.machine.State() != state.Closed && c.callsWaiting() == 0 {
		Close{}.apply(c)
	}
}

// callsWaiting returns how many calls wait for an answer.
func (c *Core) callsWaiting() int { return c.calls + len(c.offline) }

// Draining reports whether new requests are refused.
func (c *Core) Draining() bool { return c.draining }

// CutOff returns how many calls had no answer when the core was closed.
func (c *Core) CutOff() int { return c.cutOff }
