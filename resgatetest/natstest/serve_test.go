package natstest_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// serveFrom puts the services of one NATS server on another: every bus will
// do, also one that leads to NATS itself.
func serveFrom(t *testing.T, inner, outer *natstest.Server) (stop func()) {
	t.Helper()
	bus, err := natstest.DialBus(inner.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, bus.Close) })
	stop, err = natstest.Serve(connect(t, outer), bus)
	if err != nil {
		t.Fatal(err)
	}
	return stop
}

// hear returns everything on the subjects, as "subject payload".
func hear(t *testing.T, nc *nats.Conn, subjects ...string) chan string {
	t.Helper()
	msgs := make(chan string, 1000)
	for _, subject := range subjects {
		subscribe(t, nc, subject, func(m *nats.Msg) { msgs <- m.Subject + " " + string(m.Data) })
	}
	return msgs
}

func TestServeAnnouncesServicesWhenTheyListen(t *testing.T) {
	inner, outer := startNATS(t), startNATS(t)
	answer(t, connect(t, inner), "get.test.model", "answer")
	nc := connect(t, outer)
	replies := hear(t, nc, "reply")
	subscribe(t, nc, "system.reset", func(m *nats.Msg) {
		if got, want := string(m.Data), `{"resources":[">"],"access":[">"]}`; got != want {
			t.Errorf("system.reset is %s, want %s", got, want)
		}
		if err := nc.PublishRequest("get.test.model", "reply", nil); err != nil {
			t.Error(err)
		}
	})

	stop := serveFrom(t, inner, outer)
	defer stop()
	if got, want := receive(t, replies, "the reply"), "reply answer"; got != want {
		t.Errorf("services said %q after the reset, want %q", got, want)
	}
}

func TestServeKeepsTheOrderOfEventsAndAnswers(t *testing.T) {
	inner, outer := startNATS(t), startNATS(t)
	svc := connect(t, inner)
	subscribe(t, svc, "call.test.model.run", func(m *nats.Msg) {
		for i := range 100 {
			publish(t, svc, "event.test.model.change", fmt.Sprint(i))
		}
		publish(t, svc, m.Reply, `timeout:"1000"`)
		publish(t, svc, "event.test.model.change", "last")
		publish(t, svc, m.Reply, `{"result":null}`)
		publish(t, svc, m.Reply, "once too often")
		publish(t, svc, "event.test.model.change", "after")
	})
	defer serveFrom(t, inner, outer)()
	bus, heard := dialBus(t, outer)

	_, err := bus.Request("call.test.model.run", nil, func(data []byte, err error) {
		heard <- fmt.Sprintf("answer %s %v", data, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint("event.test.model.change ", i))
	}
	want = append(want, `answer timeout:"1000" <nil>`, "event.test.model.change last",
		`answer {"result":null} <nil>`, "event.test.model.change after")
	for _, w := range want {
		if got := receive(t, heard, w); got != w {
			t.Fatalf("gateway side heard %q, want %q", got, w)
		}
	}
}

func TestServeSaysThatNobodyIsThere(t *testing.T) {
	inner, outer := startNATS(t), startNATS(t)
	answer(t, connect(t, inner), "access.test.model", `{"result":{"get":true}}`)
	stop := serveFrom(t, inner, outer)
	c := dial(t, start(t, outer))

	c.send("subscribe.test.model", "null") // access, but no such resource
	c.wantError("system.notFound")
	c.send("call.test.other.run", "null")
	c.wantError("system.notFound")
	stop()
	c.send("subscribe.test.model", "null")
	c.wantError("system.notFound")
}

func TestServeNeedsAConnection(t *testing.T) {
	inner, outer := startNATS(t), startNATS(t)
	bus, _ := dialBus(t, inner)
	nc := connect(t, outer)
	nc.Close()
	if _, err := natstest.Serve(nc, bus); err == nil {
		t.Error("serving on a closed connection gives no error")
	}
}
