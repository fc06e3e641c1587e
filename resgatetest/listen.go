package resgatetest

import (
	"net"
	"sync"
	"time"
)

// gatedListener hands out sockets that obey the gate of the gateway. The
// address goes on to accept while the gate is shut; nobody answers.
type gatedListener struct {
	net.Listener
	gw *gateway
}

func (gw *gateway) gated(l net.Listener) net.Listener {
	return gatedListener{Listener: l, gw: gw}
}

func (l gatedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: c, gw: l.gw}
	if !l.gw.track(s) {
		c.Close()
		return nil, net.ErrClosed
	}
	if !l.gw.gate.pass() {
		return nil, net.ErrClosed
	}
	return s, nil
}

// socket is the gateway's end of a client's TCP connection. While the gate is
// shut nothing goes through it.
type socket struct {
	net.Conn
	gw *gateway

	mu     sync.Mutex
	linger *time.Timer
	closed bool
	unread bool // something was read from the system which the gateway has not seen
}

// track notes s, so that the end of the gateway ends it. It reports whether
// the gateway lives.
func (gw *gateway) track(s *socket) bool {
	gw.mu.Lock()
	defer gw.mu.Unlock()
	if gw.over {
		return false
	}
	gw.sockets[s] = struct{}{}
	return true
}

// dropSockets closes all sockets.
func (gw *gateway) dropSockets() {
	gw.mu.Lock()
	sockets := gw.sockets
	gw.sockets = make(map[*socket]struct{})
	gw.mu.Unlock()
	for s := range sockets {
		s.kill()
	}
}

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.setUnread(n > 0)
	if !s.gw.gate.pass() {
		return 0, net.ErrClosed
	}
	s.setUnread(false)
	return n, err
}

func (s *socket) setUnread(unread bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = unread
}

func (s *socket) Write(b []byte) (int, error) {
	if !s.gw.gate.pass() {
		return 0, net.ErrClosed
	}
	return s.Conn.Write(b)
}

func (s *socket) Close() error {
	s.gw.mu.Lock()
	delete(s.gw.sockets, s)
	s.gw.mu.Unlock()
	return s.kill()
}

// kill closes the socket without a word. As with a process that dies, the
// client gets a reset when something it sent was not read.
func (s *socket) kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if c, ok := s.Conn.(interface{ SetLinger(int) error }); ok && s.unread {
		c.SetLinger(0)
	}
	if s.linger != nil {
		s.linger.Stop()
	}
	return s.Conn.Close()
}

// abandon leaves the socket open, as the gateway does with a connection that
// its client has ended. It is closed after a while.
func (s *socket) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.linger = time.AfterFunc(lingerTime, func() { s.Close() })
	}
}
