// Package resgatetest is a stand-in for Resgate, the RES gateway, for tests
// and demonstrations. It really listens and speaks WebSocket, answers as
// Resgate 1.8.0 does, and can be killed, stopped, frozen, thawed and started
// again on the same address: what a client must survive can be tried in a unit
// test.
//
//	srv := resgatetest.New()
//	defer srv.Close()
//	svc := srv.Service()
//	svc.SetModel("news.today", map[string]any{"headline": "Rain"})
//
//	// let a client connect to srv.URL() and subscribe to news.today, then
//	svc.Change("news.today", map[string]any{"headline": "Sun"})
//	srv.Kill()
//	srv.Restart()
//
// # Services
//
// Behind the gateway is a [Service] in memory, with the models and collections
// that a test gives it. Change, Add, Remove, Event and Delete send the events
// that services send; SetModel and SetCollection send what makes the
// difference. Calls, auth requests and access are answered by handlers. Mute,
// Leave, Delay, Hold and Fail make it misbehave, for some resources and kinds
// of requests or for all. Several gateways may share one service, see
// [WithService].
//
// With [WithBus] or [WithBusDialer] the gateway talks to other services, over
// any [Bus]. Package natstest, below this one, has a bus over a NATS server.
//
// # Faults
//
//	Kill     SIGKILL: connections end without a close frame, the address refuses
//	Stop     SIGTERM: the same, in an orderly way
//	Freeze   SIGSTOP: silence; the system goes on to accept connections
//	Thaw     SIGCONT: everything that came meanwhile is answered
//	Restart  a new process on the same address, which knows nothing
//	Drop     the network ends all connections
//
// # Time
//
// On a [Network] in memory no real input or output is done, and all waiting is
// on channels. Inside a testing/synctest bubble the clock then jumps from one
// event to the next: hours of reconnecting take milliseconds. The network and
// the server must be made inside the bubble, and closed before it ends.
//
//	n := resgatetest.NewNetwork()
//	srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"))
//	dialer := websocket.Dialer{NetDialContext: n.Dial}
//
// The network itself can fail, too: see [Network.Cut].
//
// # Faithfulness
//
// Conversations recorded from Resgate 1.8.0 are in testdata/transcripts, and
// the tests replay them. That includes what surprises: stale copies of
// resources, requests that are never answered, errors that stick to a
// connection, the limit of 256 subscriptions, resource ids that end the
// gateway, and messages over 1 MiB that no service gets or gives.
//
// Not like the real one:
//   - There is no HTTP API. Its paths are answered with 404.
//   - Resgate works on several resources at a time, so that events of
//     different resources may overtake each other. The stand-in keeps the
//     order of its bus: one of the orders in which the real one might do it.
//   - A connection that a client has ended with a close frame, or half closed,
//     is kept open for 10 seconds, not until a garbage collection.
//   - Reasons of close frames for protocol violations (code 1002), and the
//     texts of some internal errors, are worded by other versions of the
//     libraries used.
//   - It takes in events without limit. Resgate loses its bus, and ends, when
//     services flood it.
//   - There are rare overlaps of events with what is still loading in which
//     Resgate 1.8.0 crashes. The stand-in goes on.
//   - There are no throttles, metrics or logs.
//
// # Concurrency
//
// All methods of [Server], [Service] and [Network] may be called from several
// goroutines at once. Handlers run in goroutines of their own and may call any
// method of the service; functions given to [WithFrames] and
// [Service.NormalizeQuery] must not block and not call back.
package resgatetest
