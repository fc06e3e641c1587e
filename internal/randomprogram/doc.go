// Package randomprogram runs programs that nobody has thought of: from a seed, a
// random sequence of what programs do to a client, services to their resources, and
// the world to gateways. When it is over and everything has settled, the client must
// hold what the services have, the gateway must count what the program has open, and
// nothing else may be left.
//
//	go test ./internal/randomprogram -seeds 1000             # so many programs
//	go test ./internal/randomprogram -run Memory -seed 17 -v # one, with its log
//	RESGATE_BIN=/path/to/resgate go test ./internal/randomprogram -run NATS -seeds 50 -v
//
// # Programs
//
// A program is text: one action a line, a verb and its arguments, listed in
// verbs_test.go. Resources are numbers, and refer to each other at random, in cycles
// too. Every action can be carried out in any state of the world, if only by doing
// nothing, so any line can be left out. A program that fails is cut down that way, to
// one of which no line can be left out. It belongs into regressions_test.go then.
//
// Subscriptions are read in loops, by handlers, slowly, in parts, or with conn.Watch. The first
// keep replicas from their events, which must fit; the last must never show the same
// value twice, and all must come to what there is.
//
// # Where they run
//
// In memory, on a fake clock (testing/synctest), against the gateway of package
// resgatetest. And with real sockets and a real clock, on a NATS server, against the
// same gateway or, with RESGATE_BIN naming its binary, a Resgate process.
//
// The fake clock fixes time, not the order of what happens at the same time. A seed
// that fails may so have to be tried a few times.
//
// # What must hold in the end
//
// First, with the connections as they are. A resource may then differ from the
// service's only where the gateway cannot be brought to say better on this
// connection: an error that sticks to a reference, a copy whose resource was deleted.
// Such a one must not pass for a live model or collection. Second, after a planned
// reconnect, nothing may differ, unless a new client gets to see the same: a gateway
// that was not told of a change has it wrong for everybody. Third, if so, after a
// restart of the gateway.
package randomprogram
