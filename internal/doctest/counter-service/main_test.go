package main

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCountsForAClient(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	ns, err := natstest.StartNATS()
	must(t, err)
	t.Cleanup(ns.Shutdown)
	serveIn(t, ctx, ns.URL())
	gateway, err := natstest.New(ns.URL())
	must(t, err)
	t.Cleanup(func() { must(t, gateway.Close()) })
	t.Log("gateway:", gateway.Kind())

	client, err := conn.Dial(ctx, gateway.URL())
	must(t, err)
	defer client.Close()
	counter, err := client.Subscribe(ctx, "demo.counter")
	must(t, err)
	want := []string{
		`demo.counter sync (first) {"count":0}`,
		`demo.counter change count=1 (was 0)`,
		`demo.counter change count=2 (was 1)`,
	}
	for ev := range counter.Events(ctx) {
		if got := ev.String(); got != want[0] {
			t.Fatalf("client hears %q, want %q", got, want[0])
		}
		if want = want[1:]; len(want) == 0 {
			return
		}
		must(t, client.Call(ctx, "demo.counter", "add", nil, nil))
	}
	t.Fatal(counter.Err())
}

// serveIn runs the service until the end of the test and returns when it listens.
func serveIn(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect(url, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	must(t, err)
	resets, err := nc.SubscribeSync("system.reset")
	must(t, err)
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- serve(serving, nc) }()
	t.Cleanup(func() {
		stop()
		must(t, <-ended)
		nc.Close()
		<-closed
	})
	if _, err := resets.NextMsgWithContext(ctx); err != nil {
		t.Fatalf("the service does not listen: %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
