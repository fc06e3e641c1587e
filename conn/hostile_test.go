package conn_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
)

// wsFrame is a frame of a WebSocket, as a gateway sends it. The first byte is as RFC 6455, section 5.2,
// has it: 0x81 is a whole text message.
func wsFrame(first byte, payload string) string {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return string(head) + payload
}

// open opens the WebSocket, lets the client ask for the version and answers. Fake time makes sure that it has asked.
func (h handshake) open(c net.Conn, upgrade string) {
	_, _ = io.WriteString(c, upgrade)
	time.Sleep(time.Millisecond)
	_, _ = io.WriteString(c, wsFrame(0x81, `{"result":{"protocol":"1.2.3"},"id":9}`))
	time.Sleep(time.Millisecond)
}

// hostileWorld has a gateway that behaves, and one that does what it likes once it has
// granted the subscription to a.b. The client has that one first.
type hostileWorld struct {
	*world
	client *conn.Client
	sub    *conn.Subscription
}

func newHostileWorld(t *testing.T, attack func(c net.Conn, r *bufio.Reader), opts ...conn.Option) *hostileWorld {
	t.Helper()
	w := newWorld(t)
	w.must(w.service.SetModel("a.b", map[string]any{"n": 2}))
	w.must(w.service.HandleCall("a.b", "m", func(*resgatetest.Request) (any, error) { return nil, nil }))
	rawGateway(t, w.network, "hostile:8080", func(c net.Conn, r *bufio.Reader, h handshake) {
		h.open(c, h.upgrade())
		_, _ = io.WriteString(c, wsFrame(0x81, `{"result":{"models":{"a.b":{"n":1}}},"id":18}`))
		time.Sleep(time.Millisecond)
		attack(c, r)
	})
	first := true
	c := w.client(append([]conn.Option{
		conn.WithReadLimit(1 << 20), conn.WithPing(time.Second, time.Second), conn.WithWriteTimeout(time.Second),
		conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
			if first {
				first, addr = false, "hostile:8080"
			}
			return w.network.Dial(ctx, network, addr)
		}),
	}, opts...)...)
	sub := w.subscribe(c, "a.b")
	if got := c.Stats().Generation; got != 1 {
		t.Fatalf("granted on connection %d: the gateway was left before it could attack", got)
	}
	return &hostileWorld{world: w, client: c, sub: sub}
}

// moves waits until the client has left for the gateway that behaves, and has all from there.
func (w *hostileWorld) moves() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	time.Sleep(time.Minute)
	if err := w.client.WaitInSync(ctx); err != nil {
		w.t.Fatal(err)
	}
	if got, err := w.client.Get(ctx, "a.b"); err != nil || got.Value("n").String() != "2" {
		w.t.Errorf("got %v, %v, want what the other gateway has", got, err)
	}
}

func TestFramesThatBreakTheProtocolEndTheConnection(t *testing.T) {
	for name, frames := range map[string]string{
		"reserved bit":           wsFrame(0xc1, "{}"),
		"reserved opcode":        wsFrame(0x83, "{}"),
		"masked":                 "\x81\x82\x00\x00\x00\x00{}",
		"fragmented ping":        wsFrame(0x09, ""),
		"long ping":              wsFrame(0x89, strings.Repeat("p", 126)),
		"continued without head": wsFrame(0x80, "{}"),
		"head within a message":  wsFrame(0x01, "{") + wsFrame(0x01, "}"),
		"size below zero":        "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
		"endless size":           "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff{",
		"close with a bad code":  wsFrame(0x88, "\x00\x00"),
		"close without a reason": wsFrame(0x88, ""),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHostileWorld(t, func(c net.Conn, r *bufio.Reader) {
					_, _ = io.WriteString(c, frames)
					_ = discard(r)
				})
				w.moves()
				w.client.Close()
			})
		})
	}
}

// A message that is too large in all is none that is kept. It is not known whom it concerns, so nothing ends.
func TestMessagesThatGrowWithoutEndTakeNoMemory(t *testing.T) {
	for name, test := range map[string]struct{ head, again string }{
		"one frame":           {"\x81\x7f\x00\x00\x00\x00\x40\x00\x00\x00", strings.Repeat(" ", 4096)},
		"fragments":           {wsFrame(0x01, " "), wsFrame(0x00, strings.Repeat(" ", 4096))},
		"small fragments":     {wsFrame(0x01, " "), wsFrame(0x00, " ")},
		"a compressed nought": {"", wsFrame(0xc1, deflated(64<<20))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHostileWorld(t, func(c net.Conn, r *bufio.Reader) {
					_, _ = io.WriteString(c, test.head)
					forever(c, test.again)
				}, conn.WithCompression())
				allocated := heapUse(w.moves)
				if allocated > 32<<20 {
					t.Errorf("%d bytes were allocated for messages over a limit of 1 MiB", allocated)
				}
				if got := w.client.Stats().Generation; got != 2 {
					t.Errorf("%d dials, want one to each gateway", got)
				}
				w.client.Close()
			})
		})
	}
}

// deflated is a message of so many blanks, as permessage-deflate has it (RFC 7692).
func deflated(size int) string { return deflate(strings.Repeat(" ", size)) }

// deflate compresses a message (RFC 7692, section 7.2.1).
func deflate(message string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, message)
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// heapUse runs f and returns how many bytes were allocated meanwhile, by whomever.
func heapUse(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAGatewayThatNeverReadsIsLeft(t *testing.T) {
	for name, chatter := range map[string]string{
		"and says nothing":   "",
		"and sends pings":    wsFrame(0x89, strings.Repeat("p", 125)), // every one wants an answer
		"and sends messages": wsFrame(0x81, `{"event":"a.b.custom","data":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newHostileWorld(t, func(c net.Conn, _ *bufio.Reader) {
					for {
						time.Sleep(10 * time.Millisecond)
						if _, err := io.WriteString(c, strings.Repeat(chatter, 10)); err != nil || chatter == "" {
							time.Sleep(time.Minute)
							return
						}
					}
				})
				var calls sync.WaitGroup
				for range 8 {
					calls.Go(func() {
						err := w.client.Call(context.Background(), "a.b", "m", strings.Repeat("x", 500<<10), nil)
						if err != nil && !errors.Is(err, conn.ErrConnectionLost) {
							t.Error(err)
						}
					})
				}
				w.moves()
				calls.Wait()
				w.client.Close()
			})
		})
	}
}

func TestFramesForASlowHookTakeNoMoreThan64MiB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, sent = 1 << 20, 200
		large := wsFrame(0x81, fmt.Sprintf(`{"event":"a.b.custom","data":"%s"}`, strings.Repeat("x", size-40)))
		release := make(chan struct{})
		var kept, frames int
		w := newHostileWorld(t, func(c net.Conn, r *bufio.Reader) {
			for range sent {
				_, _ = io.WriteString(c, large)
			}
			_ = discard(r)
		}, conn.WithHooks(conn.Hooks{Frame: func(f conn.Frame) {
			<-release
			if len(f.Data) > size/2 {
				kept, frames = kept+len(f.Data), frames+1
			}
		}}))
		time.Sleep(500 * time.Millisecond)
		close(release)
		synctest.Wait()
		w.client.Close()
		<-w.client.Done()
		if kept > 64<<20 || frames < 60 {
			t.Errorf("%d frames of %d bytes have waited, want 64 MiB at the most", frames, kept)
		}
		if dropped := w.client.Stats().DroppedFrameHooks; int(dropped) < sent-frames {
			t.Errorf("%d frames were counted as dropped, want %d", dropped, sent-frames)
		}
	})
}
