package resgatetest

import (
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Network is a network in memory. Its connections behave like TCP ones: they
// buffer, have deadlines, end with io.EOF or ECONNRESET, and dialling an
// address where nobody listens is refused. Nothing in it waits other than on
// channels, so it can be used inside testing/synctest; it must then be made
// inside the bubble.
type Network struct {
	mu        sync.Mutex
	listeners map[string]*memListener
	links     map[string]*link
	ports     int // of clients
}

// NewNetwork makes a network on which nobody listens.
func NewNetwork() *Network {
	return &Network{
		listeners: make(map[string]*memListener),
		links:     make(map[string]*link),
	}
}

// memAddr is an address in a [Network].
type memAddr string

func (memAddr) Network() string  { return "tcp" }
func (a memAddr) String() string { return string(a) }

// Listen opens addr, a host and a port such as "gateway:80".
func (n *Network) Listen(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, opError("listen", addr, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[addr] != nil {
		return nil, opError("listen", addr, os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	l := &memListener{network: n, addr: memAddr(addr), arrived: make(chan struct{}, 1), closed: make(chan struct{})}
	n.listeners[addr] = l
	return l, nil
}

// Dial connects to addr. It has the signature of net.Dialer.DialContext; the
// name of the network is not looked at. An address where nobody listens
// refuses with an error that wraps syscall.ECONNREFUSED.
func (n *Network) Dial(ctx context.Context, _, addr string) (net.Conn, error) {
	if err := n.link(addr).wait(ctx); err != nil {
		return nil, opError("dial", addr, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, opError("dial", addr, err)
	}
	n.mu.Lock()
	l := n.listeners[addr]
	n.ports++
	local := memAddr("127.0.0.1:" + strconv.Itoa(49151+n.ports%16384))
	n.mu.Unlock()
	refused := opError("dial", addr, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	if l == nil {
		return nil, refused
	}
	client, server := newConnPair(n.link(addr), local, l.addr)
	if !l.push(server) {
		return nil, refused
	}
	return client, nil
}

// Cut cuts the way to addr, as a cable would: nothing arrives any more, in
// either direction, and nobody is told. Dialling waits. [Network.Heal] ends
// it, and what was on the way arrives.
func (n *Network) Cut(addr string) { n.link(addr).cut() }

// Heal ends a [Network.Cut].
func (n *Network) Heal(addr string) { n.link(addr).heal() }

func (n *Network) link(addr string) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.links[addr]
	if l == nil {
		l = &link{}
		n.links[addr] = l
	}
	return l
}

// link is the way to one address.
type link struct {
	mu     sync.Mutex
	healed chan struct{} // nil while the link is whole; closed when it is again
}

func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.healed == nil {
		l.healed = make(chan struct{})
	}
}

func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.healed != nil {
		close(l.healed)
		l.healed = nil
	}
}

// broken gives a channel that is closed when the link is whole again, nil if
// it is.
func (l *link) broken() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.healed
}

func (l *link) wait(ctx context.Context) error {
	for {
		healed := l.broken()
		if healed == nil {
			return nil
		}
		select {
		case <-healed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// memListener has a backlog without bound: who dials need not wait until the
// connection is accepted.
type memListener struct {
	network *Network
	addr    memAddr
	arrived chan struct{} // holds a token when there is something in backlog
	closed  chan struct{}

	mu      sync.Mutex
	backlog []net.Conn
	over    bool
}

func (l *memListener) push(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.backlog = append(l.backlog, c)
	select {
	case l.arrived <- struct{}{}:
	default:
	}
	return true
}

func (l *memListener) pop() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.backlog) == 0 {
		return nil
	}
	c := l.backlog[0]
	l.backlog = l.backlog[1:]
	return c
}

func (l *memListener) Accept() (net.Conn, error) {
	for {
		if c := l.pop(); c != nil {
			return c, nil
		}
		select {
		case <-l.arrived:
		case <-l.closed:
			return nil, opError("accept", string(l.addr), net.ErrClosed)
		}
	}
}

// Close makes the address refuse, and resets what was not accepted yet.
func (l *memListener) Close() error {
	l.network.mu.Lock()
	if l.network.listeners[string(l.addr)] == l {
		delete(l.network.listeners, string(l.addr))
	}
	l.network.mu.Unlock()
	l.mu.Lock()
	waiting, over := l.backlog, l.over
	l.backlog, l.over = nil, true
	l.mu.Unlock()
	if over {
		return opError("close", string(l.addr), net.ErrClosed)
	}
	close(l.closed)
	for _, c := range waiting {
		c.(*memConn).abort()
	}
	return nil
}

func (l *memListener) Addr() net.Addr { return l.addr }

func opError(op, addr string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: memAddr(addr), Err: err}
}
