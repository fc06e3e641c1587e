// Command fleet simulates a million clients whose gateways go away, and draws what the
// gateways see of it, for docs/scaling.md:
//
//	go run ./conn/internal/fleet
//
// The clients are the real thing, as far as they decide anything: each has a core
// (package core) with its state machine, delays, jitter and replay. What is made up is
// time, the network, and gateways, which shake so many hands and answer so many requests
// a second, one after the other, and refuse handshakes when too many wait. One client
// in so many is simulated (-scale), with as much less to connect to.
//
// The pictures are the same every time: everything random comes from one seed.
package main
