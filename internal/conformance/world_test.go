package conformance_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// gateway is what both kinds of gateway can do.
type gateway interface {
	URL() string
	Done() <-chan struct{}
	Kill() error
	Restart() error
	Freeze() error
	Thaw() error
	Close() error
}

// world is a gateway with a service behind it.
type world struct {
	t       *testing.T
	gateway gateway
	service *resgatetest.Service
	clients []*client

	patience time.Duration // the most that a case waits for anything
	pause    time.Duration // between looks whether it has happened

	network *resgatetest.Network // in memory only
	server  *resgatetest.Server  // in memory only: the gateway

	bus *natstest.Server // on NATS only
	off func()           // on NATS only: takes the service off the bus

	// unchecked worlds are those in which what finish finds is no fault of the client:
	// they send what no gateway would, say.
	unchecked bool
}

const memoryAddr = "gateway:8080"

// inMemory runs a case in a bubble with a clock of its own.
func inMemory(t *testing.T, run func(*world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, patience: time.Hour, pause: 10 * time.Millisecond, network: resgatetest.NewNetwork()}
		w.newService()
		w.replaceGateway()
		t.Cleanup(func() { w.must(w.gateway.Close()) })
		run(w)
		w.finish()
	})
}

// onNATS runs a case with real sockets and a real clock.
func onNATS(t *testing.T, run func(*world)) {
	w := &world{t: t, patience: 20 * time.Second, pause: time.Millisecond}
	w.newService()
	var err error
	w.bus, err = natstest.StartNATS()
	w.must(err)
	t.Cleanup(w.bus.Shutdown)
	w.serve()
	t.Cleanup(func() { w.off() })
	gateway, err := natstest.New(w.bus.URL())
	w.must(err)
	t.Cleanup(func() { w.must(gateway.Close()) })
	t.Log("gateway:", gateway.Kind())
	w.gateway = gateway
	run(w)
	w.finish()
}

// fake reports whether the clock is.
func (w *world) fake() bool { return w.network != nil }

func (w *world) newService() {
	w.service = resgatetest.NewService()
	w.t.Cleanup(func() { w.must(w.service.Close()) })
	w.must(w.service.HandleCall(">", settleMethod, func(*resgatetest.Request) (any, error) { return nil, nil }))
}

// serve puts the service on the bus, and has the gateway ask for everything again.
func (w *world) serve() {
	nc, err := nats.Connect(w.bus.URL(), nats.NoReconnect())
	w.must(err)
	stop, err := natstest.Serve(nc, w.service.Bus())
	w.must(err)
	w.off = sync.OnceFunc(func() {
		stop()
		nc.Close()
	})
}

// replaceGateway puts another gateway at the same address, in memory.
func (w *world) replaceGateway(opts ...resgatetest.Option) {
	if w.gateway != nil {
		w.must(w.gateway.Close())
	}
	opts = append(opts, resgatetest.WithNetwork(w.network, memoryAddr), resgatetest.WithService(w.service))
	w.server = resgatetest.New(opts...)
	w.gateway = w.server
}

// finish checks what must be so at the end of every case.
func (w *world) finish() {
	for _, c := range w.clients {
		c.check()
		c.Close()
		<-c.Done()
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// until waits for a condition.
func (w *world) until(what string, reached func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(w.patience)
	for {
		if w.fake() {
			synctest.Wait()
		}
		if reached() {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(w.pause)
	}
}

// within is a context for what must happen at last.
func (w *world) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), w.patience)
	w.t.Cleanup(cancel)
	return ctx
}

// receive takes the next value from a channel.
func receive[T any](w *world, what string, from <-chan T) T {
	w.t.Helper()
	select {
	case x := <-from:
		return x
	case <-w.within().Done():
		w.t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// dial opens a network connection in the world.
func (w *world) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.fake() {
		return w.network.Dial(ctx, network, addr)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// model and collection give the service a resource.
func (w *world) model(rid string, properties map[string]any) {
	w.t.Helper()
	w.must(w.service.SetModel(rid, properties))
}

func (w *world) collection(rid string, values ...any) {
	w.t.Helper()
	w.must(w.service.SetCollection(rid, values))
}

// change changes a model.
func (w *world) change(rid string, properties map[string]any) {
	w.t.Helper()
	w.must(w.service.Change(rid, properties))
}

// handle answers a method of a resource.
func (w *world) handle(rid, method string, h resgatetest.Handler) {
	w.t.Helper()
	w.must(w.service.HandleCall(res.Pattern(rid), method, h))
}
