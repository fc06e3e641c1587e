package conn_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

func TestMain(m *testing.M) {
	if os.Getenv(standInVariable) != "" {
		beStandIn()
		return
	}
	goleak.VerifyTestMain(m)
}

// within is the most that a test on real sockets may wait for anything.
const within = 20 * time.Second

// world is a gateway on an in-memory network, with services in memory. Used inside
// testing/synctest, its time is fake.
type world struct {
	t       *testing.T
	network *resgatetest.Network
	gateway *resgatetest.Server
	service *resgatetest.Service
}

const gatewayAddr = "gateway:8080"

func newWorld(t *testing.T, opts ...resgatetest.Option) *world {
	t.Helper()
	network := resgatetest.NewNetwork()
	gateway := resgatetest.New(append([]resgatetest.Option{resgatetest.WithNetwork(network, gatewayAddr)}, opts...)...)
	t.Cleanup(func() { gateway.Close() })
	return &world{t: t, network: network, gateway: gateway, service: gateway.Service()}
}

// client makes a client of the world's gateway. It is closed with the test.
func (w *world) client(opts ...conn.Option) *conn.Client {
	w.t.Helper()
	opts = append([]conn.Option{conn.WithNetDial(w.network.Dial), conn.WithSeed(1, 2)}, opts...)
	if os.Getenv("RESCLIENT_LOG") != "" {
		opts = append(opts, conn.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	}
	c, err := conn.New("ws://"+gatewayAddr, opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// connected makes a client and waits until it is Connected.
func (w *world) connected(opts ...conn.Option) *conn.Client {
	w.t.Helper()
	c := w.client(opts...)
	w.await(c, state.Connected)
	return c
}

func (w *world) await(c *conn.Client, s state.State) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := c.WaitFor(ctx, s); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) subscribe(c *conn.Client, rid string, opts ...conn.SubscribeOption) *conn.Subscription {
	w.t.Helper()
	s, err := c.Subscribe(context.Background(), rid, opts...)
	w.must(err)
	return s
}

// reader reads a subscription's events one by one.
type reader struct {
	t    *testing.T
	next func() (subs.Event, bool)
}

func read(t *testing.T, s *conn.Subscription) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	events := make(chan subs.Event)
	go func() {
		defer close(events)
		for ev := range s.Events(ctx) {
			select {
			case events <- ev:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		for range events {
		}
	})
	return &reader{t: t, next: func() (subs.Event, bool) { ev, ok := <-events; return ev, ok }}
}

// expect reads the next events and compares what they say.
func (r *reader) expect(want ...string) {
	r.t.Helper()
	for _, w := range want {
		ev, ok := r.next()
		if !ok {
			r.t.Fatalf("the events ended, want %q", w)
		}
		if got := ev.String(); got != w {
			r.t.Fatalf("got event  %s\nwant event %s", got, w)
		}
	}
}

// transitions records them from the hook.
type transitions struct {
	mu   sync.Mutex
	list []state.Transition
}

func (r *transitions) hook(t state.Transition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, t)
}

func (r *transitions) all() []state.Transition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]state.Transition(nil), r.list...)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// counting is a network that counts the bytes that its connections read and write.
type counting struct {
	dial    func(ctx context.Context, network, addr string) (net.Conn, error)
	bytes   atomic.Int64 // read
	written atomic.Int64
}

func (n *counting) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := n.dial(ctx, network, addr)
	return countingConn{c, n}, err
}

type countingConn struct {
	net.Conn
	total *counting
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.total.bytes.Add(int64(n))
	return n, err
}

func (c countingConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.total.written.Add(int64(n))
	return n, err
}
