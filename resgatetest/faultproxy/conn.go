package faultproxy

import (
	"context"
	"net"
	"sync"
)

// Conn is one connection of a client through the proxy.
type Conn struct {
	proxy  *Proxy
	number int
	client net.Conn
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc

	mu      sync.Mutex
	gateway net.Conn // nil before it is dialled
	pumps   [2]*pump // by Direction; nil before
	half    bool     // the gateway's side has gone, and the client is not told
}

func newConn(p *Proxy, number int, client net.Conn) *Conn {
	ctx, cancel := context.WithCancel(context.Background())
	return &Conn{proxy: p, number: number, client: client, ctx: ctx, cancel: cancel}
}

// Number returns the number of the connection. The first that the proxy accepted
// has 1.
func (c *Conn) Number() int { return c.number }

// Cut ends this connection as [Proxy.Cut] does.
func (c *Conn) Cut() {
	if c.end(false) {
		c.proxy.count(func(s *Stats) { s.Cut++ })
	}
}

// Reset ends this connection as [Proxy.Reset] does.
func (c *Conn) Reset() {
	if c.end(true) {
		c.proxy.count(func(s *Stats) { s.Reset++ })
	}
}

// Send makes up a text message in a direction. It goes out between two frames, as
// soon as the handshake is over, before what still is on its way. It does not
// wait for that. The message is kept as it is; do not change it.
func (c *Conn) Send(from Direction, message []byte) {
	c.mu.Lock()
	pump := c.pumps[from]
	c.mu.Unlock()
	if pump != nil {
		pump.inject(message)
	}
}

// run lasts as long as the connection.
func (c *Conn) run() {
	defer c.proxy.forget(c)
	defer c.end(false)
	gateway, err := c.proxy.cfg.dial(c.ctx, "tcp", c.proxy.target.Host)
	if err != nil {
		c.proxy.count(func(s *Stats) { s.Unreachable++ })
		c.end(true)
		return
	}
	if !c.begin(gateway) {
		reset(gateway)
		return
	}
	var pumps sync.WaitGroup
	for _, p := range c.pumps {
		pumps.Go(p.read)
		pumps.Go(p.write)
	}
	pumps.Wait()
}

// begin notes the gateway's side, and reports whether the connection still lives.
func (c *Conn) begin(gateway net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	c.gateway = gateway
	c.pumps = [2]*pump{newPump(c, FromClient, c.client, gateway), newPump(c, FromGateway, gateway, c.client)}
	return true
}

// end ends the connection, with a reset if hard, and reports whether it had not
// ended before.
func (c *Conn) end(hard bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	c.cancel()
	closing := net.Conn.Close
	if hard {
		closing = reset
	}
	closing(c.client)
	if c.gateway != nil {
		closing(c.gateway)
	}
	return true
}

func (c *Conn) halfOpen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.half || c.gateway == nil || c.ctx.Err() != nil {
		return
	}
	c.half = true
	c.gateway.Close()
	c.proxy.count(func(s *Stats) { s.HalfOpened++ })
}

func (c *Conn) isHalfOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.half
}

// reset closes a connection with a reset, where it can.
func reset(c net.Conn) error {
	if l, ok := c.(interface{ SetLinger(int) error }); ok {
		_ = l.SetLinger(0) // fails only if it is closed already
	}
	return c.Close()
}

// closeWrite passes on that one side has nothing more to say.
func (c *Conn) closeWrite(to net.Conn) {
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // fails only if it is closed already
		return
	}
	c.end(false)
}
