package conn_test

import (
	"context"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/subs"
)

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// It uses real sockets, for those in memory keep the message themselves.
func TestALargeMessageLeavesNoMemoryBehind(t *testing.T) {
	gateway := resgatetest.New()
	defer gateway.Close()
	service := gateway.Service()
	proxy, err := faultproxy.Start(gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	c, err := conn.Dial(ctx, proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := service.SetModel("counter", map[string]any{"n": 0}); err != nil {
		t.Fatal(err)
	}
	events := make(chan subs.Event, 10)
	if _, err := c.Subscribe(ctx, "counter", conn.WithHandler(func(ev subs.Event) { events <- ev })); err != nil {
		t.Fatal(err)
	}
	count := func(n int) {
		t.Helper()
		if err := service.Change("counter", map[string]any{"n": n}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-events:
		case <-ctx.Done():
			t.Fatalf("change %d has not come", n)
		}
	}
	<-events // the Sync
	count(1)
	before := heap()
	const size = 48 << 20
	proxy.OversizeFrame(faultproxy.FromGateway, size)
	count(2) // in a message of that size
	count(3) // the client is done with that
	if grown := heap() - before; grown > size/4 {
		t.Errorf("after a message of %d MiB the client holds %d MiB more", size>>20, grown>>20)
	}
}

// demanding is a network connection that notes how much is read from it at a time.
type demanding struct {
	net.Conn
	most *atomic.Int64
}

func (d demanding) Read(b []byte) (int, error) {
	if n := int64(len(b)); n > d.most.Load() {
		d.most.Store(n)
	}
	return d.Conn.Read(b)
}

func TestTheReadBufferIsHowMuchIsReadAtATime(t *testing.T) {
	for _, size := range []int{1 << 10, 100_000} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			var most atomic.Int64
			w.connected(conn.WithReadBuffer(size), conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := w.network.Dial(ctx, network, addr)
				return demanding{c, &most}, err
			}))
			if got := most.Load(); got != int64(size) {
				t.Errorf("up to %d bytes are read at a time, want %d", got, size)
			}
		})
	}
}
