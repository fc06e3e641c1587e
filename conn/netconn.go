package conn

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// netConn is the network connection below a WebSocket. It notices every sign of
// life, tells its reader before a read that may have to wait, and gathers what is
// written together.
type netConn struct {
	net.Conn
	begun      time.Time
	lastRead   atomic.Int64 // when bytes were last read, in nanoseconds since begun
	beforeRead func()       // called by the reader; set before it starts
	left       int          // how many bytes the handshake may still read; belongs to the reader
	limited    bool         // the handshake is not over

	deadlineMu sync.Mutex
	deadline   time.Time // of writes

	phase atomic.Uint32 // handshaking, inUse or closed

	mu      sync.Mutex
	holding bool
	held    []byte
	broken  error // of the write that failed; nothing is written after it
}

const (
	handshaking = iota // ends with the dial
	inUse              // ends with the attempt
	closed
)

// heldLimit is how many bytes are gathered before they are written.
const heldLimit = 64 << 10

// handshakeLimit is how many bytes a gateway and its proxy may send, TLS and headers
// together, before the connection is open.
const handshakeLimit = 256 << 10

var errAnswerTooLong = errors.New("the answer to the handshake is too long")

func newNetConn(c net.Conn) *netConn {
	return &netConn{Conn: c, begun: time.Now(), beforeRead: func() {}, left: handshakeLimit, limited: true}
}

// alive returns when bytes were last read. It is a reading of the monotonic clock,
// which nobody sets back.
func (n *netConn) alive() time.Time { return n.begun.Add(time.Duration(n.lastRead.Load())) }

// opened makes the connection outlive the dial, and reports whether it was still open.
func (n *netConn) opened() bool {
	n.limited = false
	return n.phase.CompareAndSwap(handshaking, inUse)
}

// closeUnlessOpen closes the connection if it is still in its handshake. It does not wait
// for a write, which may be what takes so long.
func (n *netConn) closeUnlessOpen() {
	if n.phase.CompareAndSwap(handshaking, closed) {
		n.Conn.Close()
	}
}

// Read reads, and notes that there was something.
func (n *netConn) Read(b []byte) (int, error) {
	n.beforeRead()
	count, err := n.readSome(b)
	if count > 0 {
		n.lastRead.Store(int64(time.Since(n.begun)))
	}
	return count, err
}

// readSome reads without limit once the handshake is over: what reads the headers of its
// answer does so without end, and keeps them.
func (n *netConn) readSome(b []byte) (int, error) {
	if !n.limited {
		return n.Conn.Read(b)
	}
	if n.left == 0 {
		return 0, errAnswerTooLong
	}
	count, err := n.Conn.Read(b[:min(len(b), n.left)])
	n.left -= count
	return count, err
}

// hold gathers what is written until release.
func (n *netConn) hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holding = true
}

// release writes what was gathered, until deadline.
func (n *netConn) release(deadline time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.holding = false
	if err := n.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return n.flush()
}

// leave gives away the room for what is gathered, when nothing is to be gathered any more.
func (n *netConn) leave() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	room := n.held[:0]
	n.held = nil
	return room
}

// SetWriteDeadline does nothing if that is the deadline already: the WebSocket library sets
// it for every frame, also for those that are gathered.
func (n *netConn) SetWriteDeadline(t time.Time) error {
	n.deadlineMu.Lock()
	defer n.deadlineMu.Unlock()
	if t.Equal(n.deadline) {
		return nil
	}
	n.deadline = t
	return n.Conn.SetWriteDeadline(t)
}

// SetDeadline sets the deadlines of reads and writes.
func (n *netConn) SetDeadline(t time.Time) error {
	n.deadlineMu.Lock()
	defer n.deadlineMu.Unlock()
	n.deadline = t
	return n.Conn.SetDeadline(t)
}

func (n *netConn) flush() error {
	if len(n.held) == 0 {
		return nil
	}
	_, err := n.pass(n.held)
	n.held = n.held[:0]
	return err
}

// pass writes to the network, unless a write has failed: that may have written a frame in
// part, and what follows would be read as the rest of it.
func (n *netConn) pass(b []byte) (count int, err error) {
	if n.broken == nil {
		count, n.broken = n.Conn.Write(b)
	}
	return count, n.broken
}

// Write writes, or gathers while on hold.
func (n *netConn) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.holding {
		return n.pass(b)
	}
	if len(n.held)+len(b) > cap(n.held) && len(n.held) > heldLimit/8 {
		n.held = slices.Grow(n.held, heldLimit) // there is much to write
	}
	n.held = append(n.held, b...)
	if len(n.held) < heldLimit {
		return len(b), nil
	}
	return len(b), n.flush()
}
