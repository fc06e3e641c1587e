package conn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

var kills = flag.Int("kills", 20, "how often the gateway is killed in TestNothingIsLostWhileAGatewayIsKilledAgainAndAgain")

// natsWorld is a gateway on a real NATS server; the gateway is a real Resgate if
// RESGATE_BIN names one.
type natsWorld struct {
	t       *testing.T
	gateway natstest.Gateway
	service *resgatetest.Service
	publish *nats.Conn
}

func newNATSWorld(t *testing.T, opts ...natstest.Option) *natsWorld {
	t.Helper()
	server, err := natstest.StartNATS()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	gateway, err := natstest.New(server.URL(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gateway.Close() })
	t.Log("gateway:", gateway.Kind())
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	service := resgatetest.NewService()
	t.Cleanup(func() { service.Close() })
	return &natsWorld{t: t, gateway: gateway, service: service, publish: nc}
}

// serve puts the service, as it is filled by now, on NATS.
func (w *natsWorld) serve() {
	w.t.Helper()
	stop, err := natstest.Serve(w.publish, w.service.Bus())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(stop)
}

// mirror keeps a model from a subscription's events alone.
type mirror struct {
	mu    sync.Mutex
	n     int
	live  bool
	kinds map[string]int
}

func (m *mirror) take(ev subs.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch ev := ev.(type) {
	case *subs.Sync:
		m.kinds["sync"]++
		m.live = true
		var n int
		if err := ev.Resource.Value("n").Decode(&n); err != nil {
			return err
		}
		if ev.Reason == subs.SyncReconnect && n != m.n {
			return fmt.Errorf("the events lead to %d, the snapshot is %d", m.n, n)
		}
		m.n = n
	case *subs.Change:
		m.kinds["change"]++
		var was, is int
		if err := errors.Join(ev.Old("n").Decode(&was), ev.Value("n").Decode(&is)); err != nil {
			return err
		}
		if was != m.n || is <= was || !ev.Resync && is != was+1 {
			return fmt.Errorf("%v after %d", ev, m.n)
		}
		m.n = is
	case *subs.Stale:
		m.kinds["stale"]++
		m.live = false
	default:
		return fmt.Errorf("unexpected %v", ev)
	}
	return nil
}

func (m *mirror) state() (int, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n, m.live
}

// While a service publishes 1,000 changes a second to 100 models, the gateway is
// killed and restarted again and again. In the end every mirror, kept from events
// alone, is what the service has.
func TestNothingIsLostWhileAGatewayIsKilledAgainAndAgain(t *testing.T) {
	const models = 100
	w := newNATSWorld(t)
	for i := range models {
		if err := w.service.SetModel(fmt.Sprintf("feed.%d", i), map[string]any{"n": 0}); err != nil {
			t.Fatal(err)
		}
	}
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL(), conn.WithMaxDelay(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mirrors := make([]*mirror, models)
	for i := range mirrors {
		m := &mirror{kinds: make(map[string]int)}
		mirrors[i] = m
		if _, err := c.Subscribe(ctx, fmt.Sprintf("feed.%d", i), conn.WithHandler(func(ev subs.Event) {
			if err := m.take(ev); err != nil {
				t.Errorf("feed.%d: %v", i, err)
			}
		})); err != nil {
			t.Fatal(err)
		}
	}
	goroutines := runtime.NumGoroutine()

	stop, written := make(chan struct{}), make(chan []int)
	go publishChanges(t, w.service, models, stop, written)
	for range *kills {
		killAndRestart(ctx, t, w.gateway, c)
	}
	close(stop)
	truth := <-written

	if err := c.WaitInSync(ctx); err != nil {
		t.Fatal(err)
	}
	total := 0
	for i, m := range mirrors {
		waitUntil(ctx, t, fmt.Sprintf("feed.%d is %d", i, truth[i]), func() bool {
			n, live := m.state()
			return live && n == truth[i]
		})
		total += truth[i]
	}
	waitUntil(ctx, t, "the goroutines are as many as before", func() bool { return runtime.NumGoroutine() <= goroutines })
	stats := c.Stats()
	t.Logf("%d changes, %d kills, %d dials, %d events", total, *kills, stats.Generation, stats.Events)
	if stats.Inconsistencies > 0 || stats.BadFrames > 0 {
		t.Errorf("something did not fit: %+v", stats)
	}
}

// publishChanges makes 1,000 changes a second until stop is closed, and then tells
// how often it has changed each model.
func publishChanges(t *testing.T, service *resgatetest.Service, models int, stop <-chan struct{}, written chan<- []int) {
	truth := make([]int, models)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			written <- truth
			return
		case <-tick.C:
		}
		for range 10 {
			i := rand.IntN(models)
			truth[i]++
			if err := service.Change(fmt.Sprintf("feed.%d", i), map[string]any{"n": truth[i]}); err != nil {
				t.Error(err)
			}
		}
	}
}

func killAndRestart(ctx context.Context, t *testing.T, gateway natstest.Gateway, c *conn.Client) {
	t.Helper()
	if err := gateway.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitFor(ctx, state.Dialing); err != nil {
		t.Fatal(err)
	}
	if err := gateway.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitFor(ctx, state.Connected); err != nil {
		t.Fatal(err)
	}
	streamed := c.Stats().Events + 50
	waitUntil(ctx, t, "the stream is live again", func() bool { return c.Stats().Events >= streamed })
}

// waitUntil looks every few milliseconds: on real sockets nothing tells when all
// has come through.
func waitUntil(ctx context.Context, t *testing.T, what string, reached func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !reached() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
