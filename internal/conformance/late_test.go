package conformance_test

import (
	"context"
	"net"
	"sync"

	"github.com/resclient/resclient-go/conn"
)

// lateNetwork delays what comes over its first connection, beyond the end of that.
type lateNetwork struct {
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	first *lateConn
}

func (n *lateNetwork) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := n.dial(ctx, network, addr)
	if err != nil || n.first != nil {
		return c, err
	}
	n.first = &lateConn{Conn: c}
	return n.first, nil
}

// holdBack keeps back whatever comes from now on; letGo hands it out.
func (n *lateNetwork) holdBack() {
	n.first.mu.Lock()
	defer n.first.mu.Unlock()
	n.first.hold = make(chan struct{})
}

func (n *lateNetwork) letGo() { close(n.first.hold) }

// lateConn is a connection that hands out what came before its end only later.
type lateConn struct {
	net.Conn
	mu   sync.Mutex
	hold chan struct{} // nil when nothing is kept back
	late []byte
}

// Read reads. What is to be kept back is read to its end first.
func (c *lateConn) Read(p []byte) (int, error) {
	n, err := 0, error(nil)
	if len(c.late) == 0 {
		n, err = c.Conn.Read(p)
	}
	c.mu.Lock()
	hold := c.hold
	c.mu.Unlock()
	if hold == nil {
		return n, err
	}
	c.late = append(c.late, p[:n]...)
	for err == nil {
		n, err = c.Conn.Read(p)
		c.late = append(c.late, p[:n]...)
	}
	<-hold
	n = copy(p, c.late)
	c.late = c.late[n:]
	if n > 0 {
		err = nil
	}
	return n, err
}

func loginHooks() conn.Hooks {
	return conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
		return s.Auth(ctx, "auth", "login", nil, nil)
	}}
}
