package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/resclient/resclient-go/resgatetest/natstest"
	"github.com/resclient/resclient-go/state"
)

// world is everything around the client: a NATS server, a gateway and a service.
type world struct {
	nats    *natstest.Server
	gateway natstest.Gateway
	edition <-chan struct{} // from the service: there is another one
	stop    context.CancelFunc
	service sync.WaitGroup
}

func newWorld(ctx context.Context, p *page, every time.Duration) (*world, error) {
	ctx, stop := context.WithCancel(ctx)
	w := &world{stop: stop}
	if err := w.start(ctx, p, every); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) start(ctx context.Context, p *page, every time.Duration) (err error) {
	if w.nats, err = natstest.StartNATS(); err != nil {
		return err
	}
	s, err := newService(w.nats.URL(), p)
	if err != nil {
		return err
	}
	w.edition = s.published
	w.service.Go(func() { s.run(ctx, every) })
	gateway, err := natstest.New(w.nats.URL())
	if err != nil {
		return err
	}
	w.gateway = gateway
	return nil
}

// gatewayKind says what the client talks to.
func (w *world) gatewayKind() string {
	if os.Getenv(natstest.BinaryVariable) == "" {
		return "a stand-in for Resgate in this process (" + natstest.BinaryVariable + "=/path/to/resgate runs a real one)"
	}
	return w.gateway.Kind()
}

// outage waits until the client has tried in vain a few times, at least for d, and until
// there are news that it has missed.
func (w *world) outage(ctx context.Context, d time.Duration, watch *watcher) error {
	over, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for range 2 {
		if err := watch.until(ctx, state.DialFailed); err != nil {
			return err
		}
	}
	<-over.Done() // at the end of ctx, too
	select {
	case <-w.edition:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends what was started, the last first.
func (w *world) close() {
	if w.gateway != nil {
		w.gateway.Close()
	}
	w.stop()
	w.service.Wait()
	if w.nats != nil {
		w.nats.Shutdown()
	}
}
