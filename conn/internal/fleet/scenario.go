package main

import "time"

// scenario is a fleet and what happens to it.
type scenario struct {
	clients       int
	subscriptions int // of each client
	zones         int
	step          time.Duration // of the figures
	length        time.Duration // from the fault on
	seed          uint64

	// What a zone can do.
	handshakesPerSecond float64
	requestsPerSecond   float64

	clientOptions
	strike func(w *world)
}

// clientOptions are what the clients do.
type clientOptions struct {
	jitter       bool          // on the delay before every dial
	window       int           // subscribe requests that may be out in a replay
	replayJitter time.Duration // a replay begins at random up to so much later
}

// defaults are the options of package conn.
var defaults = clientOptions{jitter: true, window: 256}

func (o clientOptions) withoutJitter() clientOptions {
	o.jitter = false
	return o
}

func (o clientOptions) withWindow(n int) clientOptions {
	o.window = n
	return o
}

func (o clientOptions) withReplayJitter(d time.Duration) clientOptions {
	o.replayJitter = d
	return o
}

// zoneDies takes one zone of several away for good.
func zoneDies(w *world) { w.zones[0].leave() }

// allAway takes all zones away for a time.
func allAway(d time.Duration) func(w *world) {
	return func(w *world) {
		for _, z := range w.zones {
			z.leave()
		}
		w.after(d, func() {
			for _, z := range w.zones {
				z.comeBack()
			}
		})
	}
}
