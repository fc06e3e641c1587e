// Package simulation plays the core of the client against a model of gateways and
// services, on simulated time, in one goroutine. Everything that happens follows from a
// seed, and everything that must hold is checked after every step.
//
//	go test ./conn/internal/simulation                             # a few seconds' worth of seeds
//	go test ./conn/internal/simulation -sim.seed 17 -v             # one, with a log of what happened
//	go test ./conn/internal/simulation -run Soak -sim.for 10m -v   # new ones, for so long
//	go test ./conn/internal/simulation -run Soak -sim.for 10m -sim.size 10000 -v   # longer ones
//	go test ./conn/internal/simulation -run Finds -sim.mutate -v   # the client, broken on purpose
//
// # What happens
//
// A [Run] is a [Setup] and a list of decisions. A decision is one thing that may happen, and a
// number that decides about the rest: a program subscribes, closes, calls or reads; a
// service changes, deletes, refuses, restarts with something older; a gateway takes in a
// request or a message, does a piece of work, is killed, freezes; the network hands over
// some frames, or the cable is cut. Each can be taken in any state of the world, if only by
// doing nothing, so any of them can be left out: that is how a run that fails shrinks
// ([Run.Shrink]), and how it can be kept as text.
//
// The gateway is Resgate 1.8.0 with its mistakes: copies as first loaded that are sent
// again, subscriptions that it forgets or lets go, counts below zero, errors that stick,
// requests that it never answers, events that it crashes with. It is the stand-in of
// package resgatetest once more, without goroutines, and with every message between its
// parts a decision of its own. In some runs it speaks an older protocol, in some it talks
// nonsense in between (acts_hostile.go).
//
// # What is checked
//
// Every frame carries what it adds to what a client has to believe (belief.go): what it is
// kept up to date with, and how many subscriptions it has. After every step (check.go), what
// the core believes must be that, what is live must be what is held, what programs make of
// their events must be what the gateway has sent, and nothing may be kept that nobody can
// reach. Requests may only go out that the rules allow, states change only by the
// table, no reconnect is planned unless the gateway or a fault gave reason.
//
// In the end (settle.go) the faults stop. Then everybody who waits has a reply, and the
// client has what the services have: on the connection that there is, as far as the
// gateway can be brought to say it, and after another connection without exception.
// In one run of eight the client drains or is closed on the way. Then everybody has a
// reply, no call is cut off by the drain, and it ends with the last.
//
// # Where to begin
//
// world.go is everything together, acts.go what can happen, check.go what must hold.
package simulation
