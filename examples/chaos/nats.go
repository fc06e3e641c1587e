package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// natsCluster is a NATS cluster in this process: each node has a route to each other.
type natsCluster struct{ nodes []*node }

type node struct {
	number int
	server *natstest.Server

	mu    sync.Mutex
	ready bool
}

var errNoNode = errors.New("no NATS node is ready")

func startNATSCluster(ctx context.Context, n int) (*natsCluster, error) {
	ports, err := freePorts(n)
	if err != nil {
		return nil, err
	}
	c := &natsCluster{}
	for i := range n {
		var routes []*url.URL
		for other, port := range ports {
			if other != i {
				routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
			}
		}
		s, err := natstest.StartNATS(func(o *server.Options) {
			o.ServerName = fmt.Sprintf("nats-%d", i+1)
			// One route between two nodes, so that what one service sends stays in order.
			o.Cluster = server.ClusterOpts{Name: "chaos", Host: "127.0.0.1", Port: ports[i], PoolSize: -1}
			o.Routes = routes
		})
		if err != nil {
			c.close()
			return nil, err
		}
		c.nodes = append(c.nodes, &node{number: i + 1, server: s})
	}
	for _, nd := range c.nodes {
		if err := c.join(ctx, nd); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// freePorts finds ports of this machine on which nobody listens.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func (n *node) name() string { return fmt.Sprintf("nats %d", n.number) }
func (n *node) url() string  { return n.server.URL() }

func (n *node) isReady() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ready
}

func (n *node) setReady(ready bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ready = ready
}

// ready returns a node that takes connections: the one of that number if it can, else
// another, nil if there is none.
func (c *natsCluster) ready(number int) *node {
	for i := range c.nodes {
		if n := c.nodes[(number-1+i)%len(c.nodes)]; n.isReady() {
			return n
		}
	}
	return nil
}

func (c *natsCluster) stop(n *node) {
	n.setReady(false)
	n.server.Shutdown()
}

// restart starts a node again. It is ready when it has joined the others.
func (c *natsCluster) restart(ctx context.Context, n *node) error {
	if err := n.server.Restart(); err != nil {
		return err
	}
	return c.join(ctx, n)
}

// join waits until messages go from n to all nodes that are up, and back, and says
// then that n is ready. A gateway or a service on a node that has not joined would talk
// to itself: in a real cluster the probe of its pod is for that.
func (c *natsCluster) join(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, other := range c.nodes {
		if other == n {
			continue
		}
		if err := talk(ctx, n, other); err != nil {
			return fmt.Errorf("%s does not hear of %s: %w", n.name(), other.name(), err)
		}
	}
	n.setReady(true)
	return nil
}

// talk waits until messages go from a to b and back. It gives b up if it is not there.
func talk(ctx context.Context, a, b *node) error {
	one, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer one.Close()
	two, err := b.connect(ctx)
	if errors.Is(err, nats.ErrNoServers) {
		return nil // it is down, and has to join by itself when it is up again
	}
	if err != nil {
		return err
	}
	defer two.Close()
	there, err := one.SubscribeSync(nats.NewInbox())
	if err != nil {
		return err
	}
	back, err := two.SubscribeSync(nats.NewInbox())
	if err != nil {
		return err
	}
	return errors.Join(carries(ctx, two, there), carries(ctx, one, back))
}

// connect connects to the node. One that does not listen is [nats.ErrNoServers]; one that
// is too busy to answer is tried again.
func (n *node) connect(ctx context.Context) (*nats.Conn, error) {
	for {
		nc, err := nats.Connect(n.url(), nats.NoReconnect())
		if err == nil || errors.Is(err, nats.ErrNoServers) || ctx.Err() != nil {
			return nc, err
		}
	}
}

// carries sends to a subscription until something of it comes.
func carries(ctx context.Context, from *nats.Conn, to *nats.Subscription) error {
	for {
		if err := from.Publish(to.Subject, nil); err != nil {
			return nil // the other node has gone down meanwhile
		}
		if _, err := to.NextMsg(20 * time.Millisecond); err == nil {
			return nil
		} else if !errors.Is(err, nats.ErrTimeout) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (c *natsCluster) close() {
	for _, n := range c.nodes {
		c.stop(n)
	}
}
