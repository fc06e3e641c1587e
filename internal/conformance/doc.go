// Package conformance holds the behaviours that a client must show, as tests: what
// users of RES clients were hurt by, and what other clients get wrong.
//
// It has no code of its own. The list of behaviours is in suite_test.go, numbered
// and named; a test is run as
//
//	go test ./internal/conformance -run 'TestBehaviour/28'
//
// # Two kinds of gateway
//
// Each behaviour is written once, against a world: a gateway that can be killed and
// restarted, a service behind it, and clients whose frames are recorded. There are
// two kinds. In "memory" everything is in the process, on a fake clock, so that an
// outage of a day takes milliseconds. In "nats" the service is on a real NATS
// server and sockets are real; the gateway is the stand-in of package resgatetest
// or, with RESGATE_BIN naming its binary, a Resgate process. What needs the fake
// clock, or a gateway that misbehaves, runs in memory only.
//
// # Recorded conversations
//
// Package resgatetest has transcripts of what the real gateway and a simple client
// have said to each other. TestClientHoldsConversationsOfTheRealGateway puts our client
// in the place of that one: the program does what the recorded requests are for, and the
// gateway's end says what was recorded. The conversations that cannot be held so are listed
// with the reason in transcripts_test.go, and a list that is out of date fails.
//
// # What is observed
//
// Frames are recorded where the client reads and writes them, so that their number
// and order can be asserted whatever the gateway is. From them follows how many
// direct subscriptions the gateway must be counting. In memory that is compared
// with what the gateway believes, at the end of every case.
//
// Every feed keeps a replica of its resource from events alone. An event that does
// not fit it, or a snapshot after a reconnect that differs from it, fails the case.
package conformance
