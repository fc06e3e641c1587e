package conn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

const recovered = 1000 // subscriptions

// BenchmarkRecovery measures how long a client with 1,000 subscriptions takes from
// the dial to Connected, once a killed gateway accepts again; and what the bare
// minimum takes on the same gateway, killed and restarted as well: a dial, and
// 1,000 subscribe requests that are written at once and whose answers are counted.
// Both take turns; the figures are medians.
func BenchmarkRecovery(b *testing.B) {
	gateway := recoveryGateway(b)
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL(), conn.WithMaxDelay(time.Hour),
		conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for i := range recovered {
		if _, err := c.Subscribe(ctx, fmt.Sprintf("m.%d", i)); err != nil {
			b.Fatal(err)
		}
	}
	var client, byHand []time.Duration
	for b.Loop() {
		restart(b, gateway)
		if err := c.WaitFor(ctx, state.Dialing); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		c.Reconnect() // in place of the delay, which is not measured
		if err := c.WaitFor(ctx, state.Connected); err != nil {
			b.Fatal(err)
		}
		client = append(client, time.Since(start))
		if s := c.Stats(); s.Stale > 0 || s.Subscriptions != recovered {
			b.Fatalf("connected, and the figures are %+v", s)
		}
		restart(b, gateway)
		start = time.Now()
		if err := subscribeByHand(gateway.URL()); err != nil {
			b.Fatal(err)
		}
		byHand = append(byHand, time.Since(start))
	}
	slices.Sort(client)
	slices.Sort(byHand)
	middle := len(client) / 2
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(client[middle].Seconds()*1000, "client-ms")
	b.ReportMetric(byHand[middle].Seconds()*1000, "by-hand-ms")
	b.ReportMetric(client[middle].Seconds()/byHand[middle].Seconds(), "ratio")
}

// recoveryGateway is a gateway on NATS, a real one if RESGATE_BIN names it.
func recoveryGateway(b *testing.B) natstest.Gateway {
	b.Helper()
	server, err := natstest.StartNATS()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	nc, err := nats.Connect(server.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	service := resgatetest.NewService()
	b.Cleanup(func() { service.Close() })
	for i := range recovered {
		if err := service.SetModel(fmt.Sprintf("m.%d", i), map[string]any{"n": i, "name": "something", "ready": true}); err != nil {
			b.Fatal(err)
		}
	}
	stop, err := natstest.Serve(nc, service.Bus())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(stop)
	gateway, err := natstest.New(server.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { gateway.Close() })
	b.Log("gateway:", gateway.Kind())
	return gateway
}

func restart(b *testing.B, gateway natstest.Gateway) {
	b.Helper()
	if err := errors.Join(gateway.Kill(), gateway.Restart()); err != nil {
		b.Fatal(err)
	}
}

// subscribeByHand does what a client must do at the least, without one.
func subscribeByHand(url string) error {
	ws, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return err
	}
	defer ws.Close()
	requests := []wire.Request{wire.Version(1, wire.Protocol)}
	for i := range recovered {
		requests = append(requests, wire.Subscribe(uint64(i+2), fmt.Sprintf("m.%d", i)))
	}
	written := make(chan error, 1)
	go func() {
		for _, r := range requests {
			frame, err := r.Append(nil)
			if err == nil {
				err = ws.WriteMessage(websocket.TextMessage, frame)
			}
			if err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for range requests {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		if !bytes.Contains(frame, []byte(`"result":`)) {
			return fmt.Errorf("got %s", frame)
		}
	}
	return <-written
}
