package conn_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

// What follows a frame that was written in part would be read as the rest of it: also the
// close frame, with which the client says goodbye.
func TestNothingFollowsAWriteThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var first *halfway
		c := w.connected(conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
			n, err := w.network.Dial(ctx, network, addr)
			if err != nil || first != nil {
				return n, err
			}
			first = &halfway{Conn: n}
			return first, nil
		}))
		first.failing.Store(true)
		if err := c.Call(context.Background(), "a.b", "m", nil, nil); !errors.Is(err, conn.ErrConnectionLost) {
			t.Errorf("got %v, want that the connection was lost", err)
		}
		w.await(c, state.Connected)
		synctest.Wait()
		if n := first.writes.Load(); n != 1 {
			t.Errorf("%d writes, want the one that failed", n)
		}
	})
}

// halfway is a network connection of which writes fail halfway, once they are to.
type halfway struct {
	net.Conn
	failing atomic.Bool
	writes  atomic.Int64 // since then
}

func (h *halfway) Write(b []byte) (int, error) {
	if !h.failing.Load() {
		return h.Conn.Write(b)
	}
	h.writes.Add(1)
	n, _ := h.Conn.Write(b[:len(b)/2])
	return n, errors.New("the network is gone")
}

// A connection of WithNetDial need not know deadlines: that of an SSH channel does not.
func TestHandshakeEndsInTimeWhileAWriteHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dials := 0
		c := w.client(conn.WithHandshakeTimeout(3*time.Second), conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
			n, err := w.network.Dial(ctx, network, addr)
			if dials++; err != nil || dials > 1 {
				return n, err
			}
			return &hanging{Conn: n, closed: make(chan struct{})}, nil
		}))
		began := time.Now()
		w.await(c, state.Connected)
		if took := time.Since(began); took < 3*time.Second || took > 5*time.Second {
			t.Errorf("connected after %v, want the timeout and a delay", took)
		}
	})
}

// hanging is a network connection of which a write ends only when it is closed.
type hanging struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (h *hanging) SetDeadline(time.Time) error      { return nil }
func (h *hanging) SetWriteDeadline(time.Time) error { return nil }

func (h *hanging) Write([]byte) (int, error) {
	<-h.closed
	return 0, net.ErrClosed
}

func (h *hanging) Close() error {
	h.once.Do(func() { close(h.closed) })
	return h.Conn.Close()
}
