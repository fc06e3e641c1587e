package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// world is all there is: a NATS cluster, services, gateways and clients.
type world struct {
	cfg      config
	rec      *recorder
	tally    *tally
	nats     *natsCluster
	services []*service
	gateways []*gateway
	clients  []*client

	stop    context.CancelFunc // ends services and supervisors
	running sync.WaitGroup
}

const natsNodes = 3

// newWorld starts everything, in order. The clients have subscribed when it returns.
func newWorld(ctx context.Context, cfg config) (*world, error) {
	w := &world{cfg: cfg, tally: new(tally), rec: newRecorder(cfg.clients)}
	living, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	if err := w.start(ctx, living); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) start(ctx, living context.Context) (err error) {
	if w.nats, err = startNATSCluster(ctx, natsNodes); err != nil {
		return fmt.Errorf("start the NATS cluster: %w", err)
	}
	for i := range w.cfg.services {
		s := newService(i+1, w.cfg.resources/w.cfg.services, w.nats)
		w.services = append(w.services, s)
		w.running.Go(func() { s.run(living) })
	}
	for i := range w.cfg.gateways {
		g, err := startGateway(i+1, w.nats.nodes[i%natsNodes], w.cfg.seed)
		if err != nil {
			return fmt.Errorf("start gateway %d: %w", i+1, err)
		}
		w.gateways = append(w.gateways, g)
		w.running.Go(func() { g.supervise(living) })
	}
	for i := range w.cfg.clients {
		c, err := newClient(i+1, w)
		if err != nil {
			return err
		}
		w.clients = append(w.clients, c)
	}
	return w.subscribe(ctx)
}

// subscribe opens the subscriptions of all clients.
func (w *world) subscribe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	rng := rand.New(rand.NewPCG(w.cfg.seed, 2))
	for _, c := range w.clients {
		for _, s := range w.services {
			plain := s.site.hallRID(rng.IntN(len(s.site.halls)))
			for _, want := range []struct {
				rid  string
				deep bool
			}{{s.site.name, true}, {plain, false}, {plain + ".log", false}, {plain + ".machines", false}} {
				if _, err := c.open(ctx, want.rid, want.deep); err != nil {
					return err
				}
			}
		}
		c.shift(-1, nil)
	}
	return nil
}

func (w *world) gateway(number int) *gateway { return w.gateways[number-1] }
func (w *world) service(number int) *service { return w.services[number-1] }

// count is how many there are of a part.
func (w *world) count(on part) int {
	switch on {
	case onNATS:
		return len(w.nats.nodes)
	case onService:
		return len(w.services)
	}
	return len(w.gateways)
}

// gatewaysOn lists the gateways on a NATS node.
func (w *world) gatewaysOn(node int) (numbers []int) {
	for _, g := range w.gateways {
		if g.node.number == node {
			numbers = append(numbers, g.number)
		}
	}
	return numbers
}

// resetLately reports whether the service of a resource has sent a reset within the time in
// which a gateway may still be busy with it: it may have been frozen, and then wait in vain for an answer.
func (w *world) resetLately(rid string) bool {
	for _, s := range w.services {
		if rid == s.site.name || strings.HasPrefix(rid, s.site.name+".") {
			return time.Since(s.lastReset()) < 15*time.Second
		}
	}
	return false
}

// connected is how many clients have a connection to a gateway.
func (w *world) connected(gateway int) (n int) {
	for _, c := range w.clients {
		if c.at() == gateway {
			n++
		}
	}
	return n
}

func (w *world) each(do func(*gateway) error) error {
	var errs []error
	for _, g := range w.gateways {
		errs = append(errs, do(g))
	}
	return errors.Join(errs...)
}

// truth is what all services have.
func (w *world) truth() map[string]content {
	all := make(map[string]content)
	for _, s := range w.services {
		for rid, c := range s.truth() {
			all[rid] = c
		}
	}
	return all
}

// writes is how many writes there were, and how many runs the services have begun.
func (w *world) writes() (writes, runs int) {
	for _, s := range w.services {
		wrote, ran := s.written()
		writes, runs = writes+wrote, runs+ran
	}
	return writes, runs
}

// wrong says what is not as it must be when nothing is written and nothing in trouble.
func (w *world) wrong(ctx context.Context) (wrong []error) {
	for _, n := range w.nats.nodes {
		if !n.isReady() {
			wrong = append(wrong, fmt.Errorf("%s has not joined the cluster", n.name()))
		}
	}
	for _, g := range w.gateways {
		if g.ended() {
			wrong = append(wrong, fmt.Errorf("%s does not run", g.name()))
		}
	}
	truth := w.truth()
	for _, c := range w.clients {
		wrong = append(wrong, c.wrong(ctx, truth)...)
	}
	return wrong
}

// settle waits until nothing is wrong, for so long at the most, and returns what still is. Now
// and then the services have the gateways ask for everything again: one that was not answered in
// time, on a busy machine, goes on with what it had. A gateway tells clients only of what it has learnt
// by that, so that whatever is wrong with a client stays so.
func (w *world) settle(ctx context.Context, patience time.Duration) (took time.Duration, wrong []error) {
	began, reset := time.Now(), time.Now()
	for {
		wrong = w.wrong(ctx)
		if took = time.Since(began); len(wrong) == 0 || took > patience || ctx.Err() != nil {
			return took, wrong
		}
		if time.Since(reset) > patience/4 {
			w.anew()
			reset = time.Now()
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// anew has the services begin new runs.
func (w *world) anew() {
	for _, s := range w.services {
		s.anew()
	}
}

// close ends everything, the last first.
func (w *world) close() {
	for _, c := range w.clients {
		c.close()
	}
	w.stop()
	w.running.Wait()
	for _, g := range w.gateways {
		g.close()
	}
	if w.nats != nil {
		w.nats.close()
	}
}
