package natstest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

var _ resgatetest.Bus = (*natstest.Bus)(nil)

// dialBus returns a bus and what it delivers, as "subject payload".
func dialBus(t *testing.T, ns *natstest.Server) (bus *natstest.Bus, heard chan string) {
	t.Helper()
	bus, err := natstest.DialBus(ns.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, bus.Close) })
	heard = make(chan string, 1000)
	stop, err := bus.Listen(func(subject string, payload []byte) {
		heard <- subject + " " + string(payload)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return bus, heard
}

func TestBusKeepsTheOrderOfEventsAndReplies(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	subscribe(t, nc, "call.test.model.run", func(m *nats.Msg) {
		for i := range 100 {
			publish(t, nc, "event.test.model.change", fmt.Sprint(i))
			publish(t, nc, "system.reset", fmt.Sprint(i))
			publish(t, nc, "conn.abc.token", fmt.Sprint(i))
		}
		publish(t, nc, m.Reply, `timeout:"1000"`)
		publish(t, nc, "event.other.list.add", "last")
		publish(t, nc, m.Reply, "answer")
	})
	bus, heard := dialBus(t, ns)

	cancel, err := bus.Request("call.test.model.run", []byte("{}"), func(data []byte, err error) {
		heard <- fmt.Sprintf("reply %s %v", data, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	want := make([]string, 0, 303)
	for i := range 100 {
		want = append(want, fmt.Sprint("event.test.model.change ", i), fmt.Sprint("system.reset ", i), fmt.Sprint("conn.abc.token ", i))
	}
	want = append(want, `reply timeout:"1000" <nil>`, "event.other.list.add last", "reply answer <nil>")
	for _, w := range want {
		if got := receive(t, heard, w); got != w {
			t.Fatalf("bus delivered %q, want %q", got, w)
		}
	}
}

func TestBusSaysThatNobodyListens(t *testing.T) {
	bus, _ := dialBus(t, startNATS(t))
	errs := make(chan error, 1)
	cancel, err := bus.Request("get.test.model", nil, func(data []byte, err error) {
		if data != nil {
			t.Errorf("respond got data %q, want none", data)
		}
		errs <- err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if err := receive(t, errs, "the error"); !errors.Is(err, resgatetest.ErrNoResponders) {
		t.Errorf("respond got error %v, want %v", err, resgatetest.ErrNoResponders)
	}
}

func TestBusRefusesMessagesNATSDoesNotTake(t *testing.T) {
	bus, _ := dialBus(t, startNATS(t))
	_, err := bus.Request("call.test.model.set", make([]byte, 1<<20+1), func([]byte, error) {
		t.Error("respond was called for a request that was not sent")
	})
	if !errors.Is(err, resgatetest.ErrPayloadTooLarge) {
		t.Errorf("error of a request over 1 MiB is %v, want %v", err, resgatetest.ErrPayloadTooLarge)
	}
}

func TestBusForgetsACancelledRequest(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	subscribe(t, nc, "get.test.model", func(m *nats.Msg) {
		for range 3 {
			publish(t, nc, m.Reply, "answer")
		}
		publish(t, nc, "event.test.model.done", "")
	})
	bus, heard := dialBus(t, ns)
	cancels := make(chan func(), 1)
	cancel, err := bus.Request("get.test.model", nil, func(data []byte, _ error) {
		heard <- string(data)
		cancel := <-cancels
		cancel()
		cancel()
	})
	if err != nil {
		t.Fatal(err)
	}
	cancels <- cancel
	for _, want := range []string{"answer", "event.test.model.done "} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("bus delivered %q, want %q", got, want)
		}
	}
}

func TestBusDeliversNothingAfterStop(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns)
	answer(t, nc, "get.test.model", "answer")
	bus, heard := dialBus(t, ns)
	stop, err := bus.Listen(func(subject string, payload []byte) { t.Errorf("delivered %q after stop", subject) })
	if err != nil {
		t.Fatal(err)
	}
	stop()
	publish(t, nc, "event.test.model.change", "{}")
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Request("get.test.model", nil, func(data []byte, _ error) { heard <- string(data) }); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, heard, "the answer"); got != "answer" {
		t.Errorf("bus delivered %q, want only the answer", got)
	}
}

func TestBusIsLostWithItsServer(t *testing.T) {
	ns := startNATS(t)
	bus, _ := dialBus(t, ns)
	ns.Shutdown()
	receive(t, bus.Lost(), "the loss of the bus")
	if _, err := bus.Request("get.test.model", nil, func([]byte, error) {}); err == nil {
		t.Error("a request on a lost bus gives no error")
	}
	if _, err := natstest.DialBus(ns.URL()); err == nil {
		t.Error("dialling without a server gives no error")
	}
}

func TestBusIsLostWhenTheGatewayIsTooSlow(t *testing.T) {
	ns := startNATS(t)
	bus, _ := dialBus(t, ns)
	goOn := make(chan struct{})
	if _, err := bus.Listen(func(string, []byte) { <-goOn }); err != nil {
		t.Fatal(err)
	}
	defer close(goOn)
	nc := connect(t, ns)
	for range 10000 {
		publish(t, nc, "event.test.model.change", "{}")
	}
	receive(t, bus.Lost(), "the loss of the bus")
}

func subscribe(t *testing.T, nc *nats.Conn, subject string, handle nats.MsgHandler) {
	t.Helper()
	if _, err := nc.Subscribe(subject, handle); err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
}

func publish(t *testing.T, nc *nats.Conn, subject, payload string) {
	t.Helper()
	if err := nc.Publish(subject, []byte(payload)); err != nil {
		t.Errorf("publish on %q: %v", strings.TrimSpace(subject), err)
	}
}
