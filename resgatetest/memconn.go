package resgatetest

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// streamSize is how many bytes a connection in memory takes in before its
// writer has to wait: about what a TCP connection on loopback buffers.
const streamSize = 256 << 10

// stream is one direction of a connection in memory.
type stream struct {
	link *link

	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, when anything below changes
	data    bytes.Buffer
	ended   bool // by the writer: the reader gets EOF after the data
	reset   bool // by either side: the reader gets ECONNRESET after the data
	gone    bool // the reader has closed: writing makes no sense
}

func newStream(l *link) *stream {
	return &stream{link: l, changed: make(chan struct{})}
}

// update changes the stream and wakes up all who wait.
func (s *stream) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// tryRead reads what is there. When there is nothing it gives the channel to
// wait on.
func (s *stream) tryRead(b []byte) (n int, wait <-chan struct{}, err error) {
	if healed := s.link.broken(); healed != nil {
		return 0, healed, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.data.Len() > 0:
		n, _ = s.data.Read(b)
		close(s.changed)
		s.changed = make(chan struct{})
		return n, nil, nil
	case s.reset:
		return 0, nil, os.NewSyscallError("read", syscall.ECONNRESET)
	case s.ended:
		return 0, nil, io.EOF
	}
	return 0, s.changed, nil
}

// tryWrite takes as much as there is room for.
func (s *stream) tryWrite(b []byte) (n int, wait <-chan struct{}, err error) {
	cut := s.link.broken() != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.reset && !cut:
		return 0, nil, os.NewSyscallError("write", syscall.ECONNRESET)
	case s.gone && !cut:
		return 0, nil, os.NewSyscallError("write", syscall.EPIPE)
	}
	n = min(len(b), streamSize-s.data.Len())
	if n == 0 {
		return 0, s.changed, nil
	}
	s.data.Write(b[:n])
	close(s.changed)
	s.changed = make(chan struct{})
	return n, nil, nil
}

// memConn is one end of a connection in memory.
type memConn struct {
	local, remote net.Addr
	in, out       *stream
	closed        chan struct{}
	closeOnce     sync.Once
	abortive      atomic.Bool
	readBy        *deadline
	writeBy       *deadline
	writing       chan struct{} // holds a token while nobody writes
}

func newConnPair(l *link, client, server net.Addr) (*memConn, *memConn) {
	up, down := newStream(l), newStream(l)
	return newMemConn(client, server, down, up), newMemConn(server, client, up, down)
}

func newMemConn(local, remote net.Addr, in, out *stream) *memConn {
	c := &memConn{
		local: local, remote: remote, in: in, out: out,
		closed: make(chan struct{}),
		readBy: newDeadline(), writeBy: newDeadline(),
		writing: make(chan struct{}, 1),
	}
	c.writing <- struct{}{}
	return c
}

func (c *memConn) LocalAddr() net.Addr  { return c.local }
func (c *memConn) RemoteAddr() net.Addr { return c.remote }

func (c *memConn) Read(b []byte) (int, error) {
	for {
		if err := c.usable(c.readBy); err != nil {
			return 0, c.opError("read", err)
		}
		if len(b) == 0 {
			return 0, nil
		}
		n, wait, err := c.in.tryRead(b)
		switch {
		case err == io.EOF:
			return 0, io.EOF
		case err != nil:
			return 0, c.opError("read", err)
		case n > 0:
			return n, nil
		}
		c.wait(c.readBy, wait)
	}
}

// Write writes all of b; what two goroutines write does not mix.
func (c *memConn) Write(b []byte) (int, error) {
	written := 0
	select {
	case <-c.writing:
		defer func() { c.writing <- struct{}{} }()
	case <-c.closed:
		return 0, c.opError("write", net.ErrClosed)
	}
	for {
		if err := c.usable(c.writeBy); err != nil {
			return written, c.opError("write", err)
		}
		if written == len(b) {
			return written, nil
		}
		n, wait, err := c.out.tryWrite(b[written:])
		if err != nil {
			return written, c.opError("write", err)
		}
		written += n
		if n == 0 {
			c.wait(c.writeBy, wait)
		}
	}
}

func (c *memConn) usable(by *deadline) error {
	select {
	case <-c.closed:
		return net.ErrClosed
	case <-by.expired():
		return os.ErrDeadlineExceeded
	default:
		return nil
	}
}

// wait returns when something may have changed.
func (c *memConn) wait(by *deadline, changed <-chan struct{}) {
	select {
	case <-changed:
	case <-c.closed:
	case <-by.changed():
	case <-by.expired():
	}
}

// Close ends the connection. As with TCP the other end gets EOF, or
// ECONNRESET when it has sent what was not read.
func (c *memConn) Close() error {
	c.end(c.abortive.Load())
	return nil
}

// abort resets the connection.
func (c *memConn) abort() { c.end(true) }

// SetLinger with 0 makes Close reset the connection, as with a
// [net.TCPConn].
func (c *memConn) SetLinger(sec int) error {
	c.abortive.Store(sec == 0)
	return nil
}

func (c *memConn) end(reset bool) {
	c.closeOnce.Do(func() {
		close(c.closed)
		c.in.update(func() {
			reset = reset || c.in.data.Len() > 0
			c.in.data, c.in.gone = bytes.Buffer{}, true
			c.in.reset = c.in.reset || reset
		})
		c.out.update(func() {
			c.out.ended = true
			c.out.reset = c.out.reset || reset
		})
		c.readBy.stop()
		c.writeBy.stop()
	})
}

// CloseWrite ends the sending side only: the other end gets EOF and may go on
// writing.
func (c *memConn) CloseWrite() error {
	c.out.update(func() { c.out.ended = true })
	return nil
}

func (c *memConn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}

func (c *memConn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// deadline is a point in time that can be moved while others wait for it.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	past  chan struct{} // closed when the time is over
	moved chan struct{} // closed when there is another time
}

func newDeadline() *deadline {
	return &deadline{past: make(chan struct{}), moved: make(chan struct{})}
}

func (d *deadline) expired() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.past
}

func (d *deadline) changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.moved
}

// set moves the deadline; the zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	past := make(chan struct{})
	d.past = past
	close(d.moved)
	d.moved = make(chan struct{})
	if t.IsZero() {
		return
	}
	if wait := time.Until(t); wait > 0 {
		d.timer = time.AfterFunc(wait, func() { close(past) })
		return
	}
	close(past)
}

func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
}
