package natstest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// start starts the gateway that the environment asks for. It waits for services longer than
// tests do, unless it is told otherwise.
func start(t *testing.T, ns *natstest.Server, opts ...natstest.Option) natstest.Gateway {
	t.Helper()
	g, err := natstest.New(ns.URL(), append([]natstest.Option{natstest.WithTimeout(time.Minute)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("gateway: %s", g.Kind())
	t.Cleanup(func() { must(t, g.Close) })
	return g
}

func must(t *testing.T, f func() error) {
	t.Helper()
	if err := f(); err != nil {
		t.Fatal(err)
	}
}

// answer makes a service that gives the same answer to every request on
// subject.
func answer(t *testing.T, nc *nats.Conn, subject, response string) {
	t.Helper()
	subscribe(t, nc, subject, func(m *nats.Msg) { publish(t, nc, m.Reply, response) })
}

// serveModel makes a service for test.model that is {"v":1}, with all access.
func serveModel(t *testing.T, nc *nats.Conn) {
	t.Helper()
	answer(t, nc, "access.test.model", `{"result":{"get":true,"call":"*"}}`)
	answer(t, nc, "get.test.model", `{"result":{"model":{"v":1}}}`)
}

const model = `{"result":{"models":{"test.model":{"v":1}}},"id":2}`

func changed(v int) string {
	return fmt.Sprintf(`{"event":"test.model.change","data":{"values":{"v":%d}}}`, v)
}

func publishChange(t *testing.T, nc *nats.Conn, v int) {
	t.Helper()
	publish(t, nc, "event.test.model.change", fmt.Sprintf(`{"values":{"v":%d}}`, v))
}

func TestGatewaySaysWhatItIs(t *testing.T) {
	want := "stand-in"
	if os.Getenv(natstest.BinaryVariable) != "" {
		want = "resgate 1.8.0 (process)"
	}
	if got := start(t, startNATS(t)).Kind(); got != want {
		t.Errorf("Kind is %q, want %q", got, want)
	}
}

func TestEmptyBinaryStandsForTheStandIn(t *testing.T) {
	t.Setenv(natstest.BinaryVariable, "/no/such/resgate")
	if got := start(t, startNATS(t), natstest.WithBinary("")).Kind(); got != "stand-in" {
		t.Errorf("Kind is %q, want \"stand-in\"", got)
	}
}

func TestGatewayForwardsResourcesAndEvents(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	serveModel(t, nc)
	c := dial(t, start(t, ns))

	c.send("subscribe.test.model", "null")
	c.want(model)
	for v := 2; v < 200; v++ {
		publishChange(t, nc, v)
	}
	for v := 2; v < 200; v++ {
		c.want(changed(v))
	}
}

func TestGatewaySendsEventsBeforeTheAnswerToTheCallThatCausedThem(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	serveModel(t, nc)
	subscribe(t, nc, "call.test.model.run", func(m *nats.Msg) {
		for v := 2; v < 200; v++ {
			publishChange(t, nc, v)
		}
		publish(t, nc, m.Reply, `{"result":"done"}`)
	})
	c := dial(t, start(t, ns))

	c.send("subscribe.test.model", "null")
	c.want(model)
	c.send("call.test.model.run", "null")
	for v := 2; v < 200; v++ {
		c.want(changed(v))
	}
	c.want(`{"result":{"payload":"done"},"id":3}`)
}

func TestGatewaySaysWhatIsWrongWithAService(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	serveModel(t, nc)
	c := dial(t, start(t, ns))

	c.send("subscribe.test.nobody", "null")
	c.wantError("system.notFound")
	c.send("call.test.model.set", `"`+strings.Repeat("x", 1<<20)+`"`)
	c.wantError("system.internalError")
	c.send("subscribe.test.model", "null")
	c.want(`{"result":{"models":{"test.model":{"v":1}}},"id":4}`)
}

func TestGatewayWaitsForAServiceAsLongAsItIsTold(t *testing.T) {
	ns := startNATS(t)
	subscribe(t, connect(t, ns), "access.test.mute", func(*nats.Msg) {})
	c := dial(t, start(t, ns, natstest.WithTimeout(time.Millisecond)))
	c.send("subscribe.test.mute", "null")
	c.wantError("system.timeout")
}

func TestKilledGatewayComesBackOnItsAddressWithNothingCarriedOver(t *testing.T) {
	endings := map[string]func(natstest.Gateway) error{
		"kill": natstest.Gateway.Kill,
		"stop": natstest.Gateway.Stop,
		"kill while frozen": func(g natstest.Gateway) error {
			return errors.Join(g.Freeze(), g.Kill())
		},
	}
	for name, end := range endings {
		t.Run(name, func(t *testing.T) {
			ns := startNATS(t)
			nc := connect(t, ns)
			serveModel(t, nc)
			g := start(t, ns)
			url := g.URL()
			c := dial(t, g)
			c.send("subscribe.test.model", "null")
			c.want(model)

			if err := end(g); err != nil {
				t.Fatal(err)
			}
			c.wantEnd()
			wantRefused(t, g)

			must(t, g.Restart)
			if g.URL() != url {
				t.Errorf("address is %q after the restart, want still %q", g.URL(), url)
			}
			c = dial(t, g)
			publishChange(t, nc, 7) // nobody is subscribed
			c.send("subscribe.test.model", "null")
			c.want(model)
			publishChange(t, nc, 2)
			c.want(changed(2))
		})
	}
}

func TestGatewayRefusesWhatDoesNotFitItsState(t *testing.T) {
	g := start(t, startNATS(t))
	steps := []struct {
		name string
		do   func() error
		want error
	}{
		{"restart while it runs", g.Restart, resgatetest.ErrRunning},
		{"thaw while it runs", g.Thaw, nil},
		{"freeze", g.Freeze, nil},
		{"freeze again", g.Freeze, nil},
		{"stop while frozen", g.Stop, resgatetest.ErrFrozen},
		{"restart while frozen", g.Restart, resgatetest.ErrRunning},
		{"thaw", g.Thaw, nil},
		{"stop", g.Stop, nil},
		{"stop again", g.Stop, resgatetest.ErrNotRunning},
		{"kill after stop", g.Kill, resgatetest.ErrNotRunning},
		{"freeze after stop", g.Freeze, resgatetest.ErrNotRunning},
		{"thaw after stop", g.Thaw, resgatetest.ErrNotRunning},
		{"restart", g.Restart, nil},
		{"freeze after restart", g.Freeze, nil},
		{"close", g.Close, nil},
		{"close again", g.Close, nil},
		{"kill after close", g.Kill, resgatetest.ErrClosed},
		{"stop after close", g.Stop, resgatetest.ErrClosed},
		{"freeze after close", g.Freeze, resgatetest.ErrClosed},
		{"thaw after close", g.Thaw, resgatetest.ErrClosed},
		{"restart after close", g.Restart, resgatetest.ErrClosed},
	}
	for _, step := range steps {
		if err := step.do(); !errors.Is(err, step.want) {
			t.Errorf("%s: error is %v, want %v", step.name, err, step.want)
		}
	}
}

func TestFrozenGatewayIsSilentAndMissesNothing(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	serveModel(t, nc)
	answer(t, nc, "call.test.model.set", `{"result":null}`)
	g := start(t, ns)
	c := dial(t, g)
	c.send("subscribe.test.model", "null")
	c.want(model)

	must(t, g.Freeze)
	publishChange(t, nc, 2)
	c.send("call.test.model.set", "null")
	// The kernel accepts the connection, and then nothing comes.
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, _, err := websocket.DefaultDialer.DialContext(ctx, g.URL(), nil)
	if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("handshake with a frozen gateway gives %v, want a time out", err)
	}
	if len(c.frames) > 0 {
		t.Errorf("frozen gateway said %s, want silence", <-c.frames)
	}

	must(t, g.Thaw)
	got := map[string]bool{c.next(): true, c.next(): true}
	if !got[changed(2)] || !got[`{"result":{"payload":null},"id":3}`] {
		t.Errorf("thawed gateway said %v, want the event and the answer", got)
	}
	dial(t, g)
}

func TestGatewayEndsWithItsNATSServer(t *testing.T) {
	ns := startNATS(t)
	serveModel(t, connect(t, ns))
	g := start(t, ns)
	c := dial(t, g)

	ns.Shutdown()
	c.wantEnd()
	receive(t, g.Done(), "the end of the gateway")
	wantRefused(t, g)
	if err := g.Kill(); !errors.Is(err, resgatetest.ErrNotRunning) {
		t.Errorf("killing a gateway that ended gives %v, want %v", err, resgatetest.ErrNotRunning)
	}
	if err := g.Restart(); err == nil || errors.Is(err, resgatetest.ErrRunning) {
		t.Errorf("restarting without a NATS server gives %v, want what is wrong", err)
	}

	if err := ns.Restart(); err != nil {
		t.Fatal(err)
	}
	must(t, g.Restart)
	c = dial(t, g)
	c.send("version", "null")
	c.want(`{"result":{"protocol":"1.2.3"},"id":2}`)
}

func TestCloseEndsAFrozenGateway(t *testing.T) {
	ns := startNATS(t)
	g, err := natstest.New(ns.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, g)
	must(t, g.Freeze)
	must(t, g.Close)
	c.wantEnd()
	wantRefused(t, g)
}

func TestNewFailsWhenNothingCanBeStarted(t *testing.T) {
	ns := startNATS(t)
	gone := startNATS(t)
	gone.Shutdown()
	for name, start := range map[string]func() (natstest.Gateway, error){
		"no NATS server": func() (natstest.Gateway, error) { return natstest.New(gone.URL()) },
		"no timeout":     func() (natstest.Gateway, error) { return natstest.New(ns.URL(), natstest.WithTimeout(0)) },
		"no such binary": func() (natstest.Gateway, error) {
			return natstest.New(ns.URL(), natstest.WithBinary(t.TempDir()+"/resgate"))
		},
		"not a gateway": func() (natstest.Gateway, error) {
			return natstest.New(ns.URL(), natstest.WithBinary(os.Args[0]))
		},
	} {
		if g, err := start(); err == nil {
			t.Errorf("%s: %s started, want an error", name, g.Kind())
			must(t, g.Close)
		}
	}
}

func TestProcessWritesToTheOutput(t *testing.T) {
	var out bytes.Buffer
	g := start(t, startNATS(t), natstest.WithOutput(&out))
	must(t, g.Close)
	if isProcess := g.Kind() != "stand-in"; isProcess != (out.Len() > 0) {
		t.Errorf("%s wrote %q, want something of a process and nothing of the stand-in", g.Kind(), out.String())
	}
}
