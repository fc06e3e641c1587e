package faultproxy_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

func TestLatencyDelaysEachDirection(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Set(faultproxy.Faults{Latency: 300 * time.Millisecond}, faultproxy.FromClient)
		w.proxy.Set(faultproxy.Faults{Latency: time.Second}, faultproxy.FromGateway)
		begun := time.Now()
		c.expectEcho("there and back")
		if took := time.Since(begun); took != 1300*time.Millisecond {
			t.Errorf("the echo took %v, want the latency of both directions", took)
		}
		begun = time.Now()
		c.send("one")
		c.send("two")
		c.receive()
		c.receive()
		if took := time.Since(begun); took != 1300*time.Millisecond {
			t.Errorf("two echoes took %v: the second has waited for the first", took)
		}
	})
}

func TestJitterKeepsTheOrderAndRepeats(t *testing.T) {
	run := func(a uint64) (times []time.Duration) {
		inMemory(t, func(w *world) {
			c := w.client()
			w.proxy.Set(faultproxy.Faults{Latency: time.Second, Jitter: time.Second}, faultproxy.FromGateway)
			for range 20 {
				begun := time.Now()
				c.expectEcho("x")
				took := time.Since(begun)
				if took < time.Second || took > 2*time.Second {
					t.Errorf("an echo took %v, want between the latency and that with the jitter", took)
				}
				times = append(times, took)
			}
			for i := range 50 {
				c.send(string(rune('a' + i%26)))
				time.Sleep(10 * time.Millisecond)
			}
			for i := range 50 {
				if got, want := c.receive(), string(rune('a'+i%26)); got != want {
					t.Fatalf("message %d is %q, want %q: the jitter has changed the order", i, got, want)
				}
			}
		}, faultproxy.WithSeed(a, 0))
		return times
	}
	first, again, other := run(1), run(1), run(2)
	same := func(a, b []time.Duration) bool {
		for i := range a {
			if a[i] != b[i] {
				return false
			}
		}
		return true
	}
	if !same(first, again) {
		t.Errorf("the same seed gave\n%v, then\n%v", first, again)
	}
	if same(first, other) {
		t.Error("another seed gave the same jitter")
	}
}

func TestBandwidthIsWhatWasSet(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Set(faultproxy.Faults{BytesPerSecond: 1000}, faultproxy.FromGateway)
		begun := time.Now()
		c.expectEcho(strings.Repeat("x", 10_000))
		if took := time.Since(begun); took < 9800*time.Millisecond || took > 10200*time.Millisecond {
			t.Errorf("10 kB took %v at 1 kB a second", took)
		}
		w.proxy.Set(faultproxy.Faults{}, faultproxy.FromGateway)
		begun = time.Now()
		c.expectEcho(strings.Repeat("x", 10_000))
		if took := time.Since(begun); took != 0 {
			t.Errorf("10 kB took %v on a wire that is not narrow any more", took)
		}
	})
}

func TestSlicesArriveOneByOne(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Set(faultproxy.Faults{Slice: 7, Pause: time.Millisecond}, faultproxy.FromGateway)
		c.send(strings.Repeat("x", 70))
		raw := c.NetConn()
		buffer := make([]byte, 100)
		for total := 0; total < 72; { // with the header
			n, err := raw.Read(buffer)
			must(t, err)
			if n > 7 {
				t.Fatalf("%d bytes arrived at a time, want 7 at most", n)
			}
			total += n
		}
	})
}

func TestCorruptBytesAreTheSameForASeed(t *testing.T) {
	const size = 1 << 20
	sent := bytes.Repeat([]byte{0}, size)
	run := func(slice int) []byte {
		var got []byte
		synctest.Test(t, func(t *testing.T) {
			n := resgatetest.NewNetwork()
			l, err := n.Listen("gateway:80")
			must(t, err)
			defer l.Close()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Write(sent)
				c.Close()
			}()
			w := newWorld(t, n, "gateway:80", faultproxy.WithSeed(3, 4))
			w.proxy.Set(faultproxy.Faults{Corrupt: 1000, Slice: slice}, faultproxy.FromGateway)
			got, err = io.ReadAll(w.tcp())
			must(t, err)
			if counted := w.proxy.Stats().FromGateway.Corrupted; int(counted) != size-bytes.Count(got, []byte{0}) {
				t.Errorf("%d corrupted bytes were counted, and %d have arrived", counted, size-bytes.Count(got, []byte{0}))
			}
		})
		return got
	}
	first, again := run(0), run(333)
	if !bytes.Equal(first, again) {
		t.Error("the same seed has changed other bytes, depending on how they were written")
	}
	if wrong := len(first) - bytes.Count(first, []byte{0}); len(first) != size || wrong < 900 || wrong > 1200 {
		t.Errorf("%d of %d bytes are wrong, want about one of 1000", wrong, len(first))
	}
}

func TestAStallIsSilentAndLosesNothing(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Stall(faultproxy.FromGateway)
		c.send("late")
		must(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		raw := c.NetConn()
		if n, err := raw.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
			t.Errorf("%d bytes and %v came through a stall, want a timeout", n, err)
		}
		must(t, c.SetReadDeadline(time.Time{}))
		must(t, w.proxy.Heal())
		if got := c.receive(); got != "late" {
			t.Errorf("got %q after the stall", got)
		}
		c.expectEcho("as before")
	})
}

func TestAStallConcernsNewConnectionsToo(t *testing.T) {
	inMemory(t, func(w *world) {
		w.proxy.Stall()
		c := w.tcp()
		_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, err)
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
			t.Errorf("%d bytes and %v came through a stall, want a timeout", n, err)
		}
		must(t, w.proxy.Heal())
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		answer := make([]byte, 12)
		if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "HTTP/1.1 400" {
			t.Errorf("got %q, %v after the stall, want what the gateway has to say", answer, err)
		}
	})
}

func TestAStalledProxyStopsReadingInTheEnd(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.tcp()
		w.proxy.Stall(faultproxy.FromClient)
		must(t, c.SetWriteDeadline(time.Now().Add(time.Minute)))
		n, err := c.Write(make([]byte, 16<<20))
		if !isTimeout(err) {
			t.Errorf("writing 16 MiB to a stalled proxy gives %v, want a timeout", err)
		}
		if n > 4<<20 {
			t.Errorf("a stalled proxy has taken %d bytes", n)
		}
	})
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
