package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// gateway is a gateway on one node of the cluster, with a proxy in front, which clients
// dial. Whatever ends it, it is started again, as a process supervisor would.
type gateway struct {
	number int
	node   *node
	natstest.Gateway
	proxy  *faultproxy.Proxy
	starts atomic.Int64

	mu   sync.Mutex
	held bool // not to be started again
}

func startGateway(number int, n *node, seed uint64) (*gateway, error) {
	g := &gateway{number: number, node: n}
	var err error
	if g.Gateway, err = natstest.New(n.url(), natstest.WithTimeout(2*time.Second), natstest.WithCompression()); err != nil {
		return nil, err
	}
	if g.proxy, err = faultproxy.Start(g.URL(), faultproxy.WithSeed(seed, uint64(number))); err != nil {
		_ = g.Gateway.Close() // the other error says more
		return nil, err
	}
	return g, nil
}

func (g *gateway) name() string { return fmt.Sprintf("gateway %d", g.number) }

// hold keeps the gateway from being started again, or no more.
func (g *gateway) hold(held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
}

func (g *gateway) ended() bool {
	select {
	case <-g.Done():
		return true
	default:
		return false
	}
}

// supervise starts the gateway again when it has ended and its node is ready.
func (g *gateway) supervise(ctx context.Context) {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			g.mu.Lock()
			start := !g.held && g.ended() && g.node.isReady()
			g.mu.Unlock()
			if start && g.Restart() == nil {
				g.starts.Add(1)
			}
		}
	}
}

func (g *gateway) close() {
	g.proxy.Close()
	_ = g.Gateway.Close() // it is gone, one way or the other
}
