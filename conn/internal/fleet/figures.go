package main

import (
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// period is a moment of a fleet, after something went wrong.
type period struct {
	attempts   int // handshakes that clients asked for
	refused    int // of them, refused: the zone was away, or too many waited
	subscribes int // subscribe requests that gateways received
	waiting    int // requests that waited in the busiest zone, at its end
	connected  int // clients that were Connected, at its end
}

// figures are the periods of a scenario, one after the other.
type figures struct {
	periods []period
	before  period // what came before the fault, together
}

// second returns the present one.
func (w *world) period() *period {
	if w.now.Before(w.fault) {
		return &w.figures.before
	}
	return &w.figures.periods[int(w.now.Sub(w.fault)/w.step)]
}

// sample looks at the fleet at the end of every period.
func (w *world) sample(s *period) {
	for _, c := range w.clients {
		s.connected += connected(c.core)
	}
	for _, z := range w.zones {
		s.waiting = max(s.waiting, z.requests.waiting(w.now))
	}
}

func connected(c *core.Core) int {
	if c.State() == state.Connected {
		return 1
	}
	return 0
}

// recovered returns how long it took until all clients were Connected again; 0 if
// that did not happen.
func (f *figures) recovered(clients int, step time.Duration) time.Duration {
	lost := false
	for i, s := range f.periods {
		lost = lost || s.connected < clients
		if lost && s.connected == clients {
			return time.Duration(i+1) * step
		}
	}
	return 0
}

// most returns the largest figure of its kind.
func (f *figures) most(of func(period) int) int {
	most := 0
	for _, s := range f.periods {
		most = max(most, of(s))
	}
	return most
}
