package faultproxy

import (
	"fmt"
	"net"
	"net/url"
	"sync"
)

// Proxy passes bytes between clients and a gateway, and breaks what it is told to.
// Make one with [Start], and end it with [Proxy.Close].
type Proxy struct {
	cfg    *config
	target *url.URL
	addr   string
	own    sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listener  net.Listener // nil while refusing, and when closed
	hanging   bool
	conns     map[*Conn]struct{}
	hung      map[net.Conn]struct{}
	ways      [2]way        // by Direction
	changed   chan struct{} // closed, and replaced, when a way has changed
	intercept func(*Message)
	stats     Stats
}

// Start starts a proxy in front of a gateway, which is named by its URL or by its
// host and port. The gateway need not be there yet: it is dialled anew for every
// client, and a client that comes while it is not there is reset.
func Start(gateway string, opts ...Option) (*Proxy, error) {
	p, err := start(gateway, opts)
	if err != nil {
		return nil, fmt.Errorf("faultproxy: %w", err)
	}
	return p, nil
}

func start(gateway string, opts []Option) (*Proxy, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	target, err := parseTarget(gateway)
	if err != nil {
		return nil, err
	}
	l, err := cfg.listen(cfg.addr)
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		cfg:     cfg,
		target:  target,
		addr:    l.Addr().String(),
		conns:   make(map[*Conn]struct{}),
		hung:    make(map[net.Conn]struct{}),
		changed: make(chan struct{}),
	}
	p.serve(l)
	return p, nil
}

// Addr returns the host and port that clients are to dial. They stay the same as
// long as the proxy lives.
func (p *Proxy) Addr() string { return p.addr }

// URL returns the URL of the gateway with the address of the proxy in it. For a
// gateway that was named by host and port it begins with "ws://".
func (p *Proxy) URL() string {
	u := *p.target
	u.Host = p.addr
	return u.String()
}

// Close ends all connections with a reset, and the proxy. When it returns, nothing
// of it is left. Closing again does nothing.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.closeListener()
	p.mu.Unlock()
	p.Reset()
	p.own.Wait()
}

// Conns returns the open connections, the oldest first.
func (p *Proxy) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open()
}

// serve accepts connections until the listener is closed. It is called once for
// every listener.
func (p *Proxy) serve(l net.Listener) {
	p.listener = l
	p.own.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.admit(c)
		}
	})
}

func (p *Proxy) closeListener() {
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// admit takes a new connection of a client.
func (p *Proxy) admit(client net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.listener == nil:
		reset(client) // it came just before the address was closed
	case p.hanging:
		p.stats.Hung++
		p.hung[client] = struct{}{}
	default:
		p.stats.Accepted++
		c := newConn(p, p.stats.Accepted, client)
		p.conns[c] = struct{}{}
		p.own.Go(c.run)
	}
}

func (p *Proxy) forget(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}
