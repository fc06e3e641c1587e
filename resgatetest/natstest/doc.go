// Package natstest runs a gateway on a real NATS server, for tests that need
// more than the in-memory gateway of package resgatetest: services that speak
// NATS, or a real Resgate.
//
//	ns, err := natstest.StartNATS()   // a NATS server in this process
//	defer ns.Shutdown()
//	gw, err := natstest.New(ns.URL()) // a gateway on it
//	defer gw.Close()
//	// start services on ns.URL(), connect a client to gw.URL(), and then
//	gw.Kill()
//	gw.Restart()
//
// It is apart from package resgatetest so that tests which do not need NATS
// link neither its client nor its server.
//
// # Two kinds of gateway
//
// [New] starts the stand-in of package resgatetest, unless the environment
// variable RESGATE_BIN holds the path of a Resgate binary. Then it starts
// that as a process, and Kill, Stop, Freeze and Thaw become signals. One suite
// thus runs against both:
//
//	go test ./...
//	RESGATE_BIN=$(command -v resgate) go test ./...
//
// Kind says which of the two it is; a test does well to log it.
//
// # Services
//
// Any service that speaks the RES-Service protocol over NATS will do. [Serve]
// puts services on NATS that were made for another [resgatetest.Bus], such as the
// in-memory ones:
//
//	svc := resgatetest.NewService()
//	svc.SetModel("news.today", map[string]any{"message": "hello"})
//	stop, err := natstest.Serve(nc, svc.Bus()) // nc is a *nats.Conn
//
// # Ordering
//
// What a service sends on its NATS connection reaches the gateway in the
// order in which it was sent: events published before the answer to a call are
// handled before it.
//
// # Failures
//
// Resgate does not outlive its NATS server and neither does the stand-in: it
// drops its clients and ends, and Restart starts it again when the server is
// back. It also ends when messages come from NATS faster than it takes them
// in.
package natstest
