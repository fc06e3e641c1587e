// Command chaos shows that nothing breaks the client. It starts a NATS cluster of three
// nodes, gateways behind fault proxies, services that write all the time, and clients that
// hold deep trees of resources: all in this process, or with real Resgate processes where
// RESGATE_BIN names the binary. Then a monkey kills, freezes, stops, cuts, stalls and
// garbles all of it but the clients, at random from a seed.
//
//	go run ./examples/chaos                        # a minute
//	go run ./examples/chaos -for 10m -seed 17      # longer, and which faults
//	go run ./examples/chaos -faults kill,freeze -every 500ms -clients 20
//	RESGATE_BIN=/path/to/resgate go run ./examples/chaos
//
// A line a second tells how it goes; who has seen enough interrupts it. In the end there is a verdict, with exit status 0 if it
// is clean, 1 if not and 2 if the program could not run, and a report for the browser,
// chaos.html. docs/chaos.md shows the figures of long runs.
//
// # The verdict
//
// Every copy must equal the service's truth; no event may be lost, come twice or out of order; no
// call may be carried out twice; and nothing may be left, neither goroutines nor memory.
// How events are judged is told at [ledger] and [site].
//
// # Files
//
//	site.go      a service's resources, and how they change
//	service.go   a service over plain NATS, which can end, be mute, and start again
//	nats.go      the NATS cluster
//	gateway.go   a gateway, its proxy and its supervisor
//	client.go    a client, its subscriptions, and how it stands
//	ledger.go    what the events of a subscription come to, and whether they follow from each other
//	wiretap.go   what the gateway has sent, by the raw frames
//	history.go   the latest raw frames, as evidence
//	tally.go     what the ledgers find
//	faults.go    the kinds of faults
//	monkey.go    who does them, and when
//	recorder.go  what happens when, and what an outage is put down to
//	recovery.go  how long outages took
//	verdict.go   whether all is well
//	report.go    the report; report.html is its page
package main
