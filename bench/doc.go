// Command bench measures the client from outside: through its public API alone, with
// a handler for every subscription that reads what has changed. It speaks to a
// gateway made for measuring, which answers and sends much faster than any client
// can take, and which checks what the client has come to.
//
//	bench -url ws://127.0.0.1:port/ -models 1000 -kind model -size small -events 1000000
//	bench -url ws://127.0.0.1:port/ -models 10000 -bench resubscribe
//
// Its last line is a JSON object with the figures. In each bench the time is that of
// what is measured alone; see blast.go, resubscribe.go, memory.go and latency.go.
//
// The gateway has resources bench.<class>.<number> and the model bench.control, whose
// methods control it: prepare and start a blast of events, drop the connection, and
// ping, to which it answers with the value that the client's copy should check to.
// Package main's control.go has the details.
package main
