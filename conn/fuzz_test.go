package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// Whatever comes in place of a handshake's answer: nothing panics, the attempt ends
// in time, its error repeats nothing of the request, and Close leaves nothing behind.

// handshakes are seeds. In them {accept} is what makes a handshake right, and {request} is the
// request as it came, with its secrets.
var handshakes = []string{
	"", "H", "HTTP/1.1", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 101\r\n\r\n", "HTTP/1.1 1e3 \r\n\r\n", "HTTP/9.9 101 x\r\n\r\n", "{request}", "\x16\x03\x01\x00\x05",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; x=\"y\r\nSet-Cookie: a=b\r\n\r\n\xc1\x01\xff\x88\x02\x03",
	"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n\x81\x22{\"result\":{\"protocol\":\"1.2.3\"},\"id\":9}",
	"HTTP/1.1 401 Unauthorized\r\nContent-Length: -1\r\n\r\n{request}", "HTTP/1.1 401 x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{request}",
	"HTTP/1.1 302 x\r\nLocation: ws://elsewhere/\r\nContent-Length: 3\r\n\r\n{request}", "HTTP/1.1 {request}\r\n\r\n", "HTTP/1.1 200 x\r\n{request}\r\n",
	"HTTP/1.1 200 x\r\nContent-Length: {request}\r\n\r\n", "HTTP/1.1 200 x\r\nTransfer-Encoding: {request}\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
}

func FuzzHandshake(f *testing.F) {
	for _, seed := range handshakes {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			network := resgatetest.NewNetwork()
			rawGateway(t, network, gatewayAddr, func(c net.Conn, _ *bufio.Reader, h handshake) { _, _ = c.Write(h.fill(answer)) })
			attemptSecretly(t, conn.WithNetDial(network.Dial), conn.WithCompression())
		})
	})
}

func FuzzProxyAnswer(f *testing.F) {
	for _, seed := range handshakes {
		f.Add([]byte(seed))
	}
	for _, seed := range []string{"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 299 x\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 407 {request}\r\n\r\n{request}", "HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			network := resgatetest.NewNetwork()
			rawGateway(t, network, "proxy:3128", func(c net.Conn, _ *bufio.Reader, h handshake) { _, _ = c.Write(h.fill(answer)) })
			attemptSecretly(t, conn.WithNetDial(network.Dial),
				conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy:3128", User: url.UserPassword("hunter1", "hunter2")})))
		})
	})
}

// fill puts what only this handshake knows into an answer.
func (h handshake) fill(answer []byte) []byte {
	answer = bytes.ReplaceAll(answer, []byte("{accept}"), []byte(h.accept()))
	return bytes.ReplaceAll(answer, []byte("{request}"), h.text)
}

// attemptSecretly makes a client that has secrets, and checks the error of its first attempt, if
// there is one.
func attemptSecretly(t *testing.T, opts ...conn.Option) {
	t.Helper()
	failed := make(chan error, 100)
	c, err := conn.New("ws://hunter3:hunter4@"+gatewayAddr+"/?token=hunter5", append(opts,
		conn.WithHeader(http.Header{"X-Token": {"hunter6"}}),
		conn.WithDialTimeout(time.Second), conn.WithVersionTimeout(time.Second), conn.WithPing(time.Second, time.Second),
		conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
			if tr.Cause != nil {
				failed <- tr.Cause
			}
		}}))...)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	synctest.Wait()
	s := c.Stats()
	c.Close()
	<-c.Done()
	select {
	case err := <-failed:
		if text := err.Error(); strings.Contains(text, "hunter") || len(text) > 1000 {
			t.Errorf("the error of the attempt is %q", text)
		}
	default:
		if s.State == state.Dialing {
			t.Errorf("no attempt has ended within 3 s")
		}
	}
}

// FuzzSocket lets a gateway that has answered the version request send any bytes where
// frames belong. Then one that behaves takes its place: everything comes back.
func FuzzSocket(f *testing.F) {
	for _, seed := range []string{
		"", "\x81", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "\x81\x7e\xff\xff{", "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", "\x82\x02{}", "\x81\x82\x00\x00\x00\x00{}",
		"\x01\x01{\x80\x01}", "\x01\x00\x00\x00\x80\x00", "\x80\x01x", "\x01\x01{\x01\x01{", "\x89\x00\x89\x7d" + strings.Repeat("p", 125), "\x89\x7e\x00\x7e" + strings.Repeat("p", 126), "\x8a\x00", "\x09\x00",
		"\x88\x00", "\x88\x01\x03", "\x88\x02\x03\xe8", "\x88\x02\x00\x00", "\x88\x05\x03\xf0bye", "\xc1\x02{}", "\xf1\x00", "\x83\x00", "\x8f\x00",
		"\x81\x2e" + `{"event":"a.b.change","data":{"values":{"n":2}}}`[:46], "\x81\x30" + `{"event":"a.b.change","data":{"values":{"n":2}}}`, "\x81\x04\xff\xfe{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) { survive(t, stream) })
}

// FuzzCompressedSocket does the same to a client whose messages are compressed.
func FuzzCompressedSocket(f *testing.F) {
	change := deflate(`{"event":"a.b.change","data":{"values":{"n":2}}}`)
	for _, seed := range []string{
		"", "\xc1", "\xc1\x00", "\xc1\x01\x00", "\xc1\x01\x07", "\xc1\x05\x01\x00\x00\xff\xff", "\xc1\x05\x00\x02\x00\xfd\xff", "\xc1\x02{}", "\xc1\x03\x03\x00x",
		"\x41\x00\xc0\x00", "\x41\x00\x80\x00", "\xd1\x00", "\xc8\x00", "\xc9\x00", "\x81\x02{}",
		wsFrame(0xc1, change), wsFrame(0xc1, change[:len(change)/2]), wsFrame(0xc1, change+change), wsFrame(0xc1, change+"\x00\x00\xff\xff"),
		wsFrame(0x41, change[:9]) + wsFrame(0x80, change[9:]), wsFrame(0x41, change[:9]) + "\x89\x00" + wsFrame(0x80, change[9:]), wsFrame(0x81, change),
		wsFrame(0xc1, deflated(1000)), wsFrame(0xc1, deflated(1025)), wsFrame(0xc1, deflated(100_000)), wsFrame(0xc1, deflate(change)),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) { survive(t, stream, conn.WithCompression()) })
}

// survive is what a client must do that is sent a stream.
func survive(t *testing.T, stream []byte, opts ...conn.Option) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		rawGateway(t, w.network, "hostile:8080", func(c net.Conn, r *bufio.Reader, h handshake) {
			h.open(c, h.upgrade())
			_, _ = io.WriteString(c, textFrame(`{"result":{"models":{"a.b":{"n":0}}},"id":18}`)) // to the first subscribe
			time.Sleep(time.Millisecond)
			_, _ = c.Write(stream)
			_ = discard(r)
		})
		first := true
		c := w.client(append(opts, conn.WithReadLimit(1024), conn.WithPing(time.Second, time.Second),
			conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
				if first {
					first, addr = false, "hostile:8080"
				}
				return w.network.Dial(ctx, network, addr)
			}))...)
		s := w.subscribe(c, "a.b")
		if got := c.Stats().Generation; got != 1 {
			t.Fatalf("granted on connection %d: nobody has heard the stream", got)
		}
		time.Sleep(10 * time.Second)
		c.Reconnect()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		select {
		case <-s.Done(): // its message was over the read limit
		default:
			if err := s.WaitSync(ctx); err != nil {
				t.Error(err)
			}
			if got, err := c.Get(ctx, "a.b"); err != nil || got.Value("n").String() != "1" {
				t.Errorf("got %v, %v, want what the other gateway has", got, err)
			}
		}
		c.Close()
		<-c.Done()
	})
}

// textFrame is a short WebSocket text message.
func textFrame(text string) string { return "\x81" + string(rune(len(text))) + text }
