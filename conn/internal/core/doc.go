// Package core decides everything that the client does and does nothing itself.
//
// Its [Core] is stepped with one [Input] at a time, in the goroutine that owns it,
// and answers with an [Output]: what is to be dialled, written, delivered and
// reported. It knows the state machine, the requests that are out, the
// subscriptions and the local copy. It has no goroutine, lock, clock or socket, so
// that a simulator can drive it through years of trouble in a second:
//
//	c := core.New(config)
//	c.Step(now, core.Start{})
//	out := c.Output()         // out.Dials: the gateway to dial
//	...
//	c.Step(now, core.Dialled{Generation: 1})
//	out = c.Output()          // out.Frames: the version request
//
// # Generations
//
// Every attempt to connect has a generation, and every input that belongs to a
// socket carries it. What an old socket still has to say changes nothing.
//
// # Lines
//
// The gateway mixes up requests about one resource that overlap, so all subscribe,
// get and unsubscribe requests about one rid go through its line, one at a time.
// A line compares what the program wants with what the gateway has, and sends
// what makes them equal.
package core
