package conn_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// endless answers have no end: what they begin with, and what comes then, again and again.
var endless = []struct{ name, head, again, want string }{
	{"status line", "HTTP/1.1 503 ", "no ", "too long"},
	{"header", "HTTP/1.1 101 Switching Protocols\r\nX: ", "more ", "too long"},
	{"headers", "HTTP/1.1 101 Switching Protocols\r\n", "X-More: of it\r\n", "too long"},
	{"continued header", "HTTP/1.1 101 Switching Protocols\r\nX: y\r\n", " and more\r\n", "too long"},
	{"body", "HTTP/1.1 401 Unauthorized\r\n\r\n", "no ", "status 401"},
	{"chunked body", "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n", "3\r\nno \r\n", "status 401"},
	{"chunk header", "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x", "status 401"},
	{"trailer", "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-More: of it\r\n", "status 401"},
	{"words that are no HTTP", "", "no HTTP ", "too long"},
	{"lines that are no HTTP", "", "no HTTP\r\n", "not HTTP"},
}

func TestAnEndlessAnswerToTheHandshakeIsCutOff(t *testing.T) {
	for _, test := range endless {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := resgatetest.NewNetwork()
				var most atomic.Int64
				rawGateway(t, network, gatewayAddr, func(c net.Conn, _ *bufio.Reader, _ handshake) {
					_, _ = io.WriteString(c, test.head)
					most.Store(max(most.Load(), forever(c, test.again)))
				})
				cutOff(t, test.want, &most, conn.WithNetDial(network.Dial))
			})
		})
	}
}

func TestAnEndlessAnswerOfAProxyIsCutOff(t *testing.T) {
	for _, test := range endless {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := resgatetest.NewNetwork()
				var most atomic.Int64
				rawGateway(t, network, "proxy:3128", func(c net.Conn, _ *bufio.Reader, h handshake) {
					head := strings.Replace(test.head, "101 Switching Protocols", "200 OK", 1)
					_, _ = io.WriteString(c, head)
					most.Store(max(most.Load(), forever(c, test.again)))
				})
				cutOff(t, test.want, &most, conn.WithNetDial(network.Dial),
					conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy:3128"})))
			})
		})
	}
}

// cutOff checks that every attempt fails with what is wanted and takes little of what is
// written.
func cutOff(t *testing.T, want string, most *atomic.Int64, opts ...conn.Option) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := conn.Dial(ctx, "ws://"+gatewayAddr, opts...)
	if err == nil {
		c.Close()
		t.Fatal("connected")
	}
	if !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
		t.Errorf("the error is %.1000q, want %q", err, want)
	}
	if refused := (*conn.HandshakeError)(nil); errors.As(err, &refused) && len(refused.Body) > 1024 {
		t.Errorf("%d bytes of the body are kept", len(refused.Body))
	}
	synctest.Wait()
	if n := most.Load(); n > 1<<20 {
		t.Errorf("%d bytes were taken before the end", n)
	}
}

func TestAGatewayThatTalksBeforeItIsAskedIsNoGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		rawGateway(t, network, gatewayAddr, func(c net.Conn, r *bufio.Reader, h handshake) {
			_, _ = io.WriteString(c, h.upgrade()+"\x81\x02{}\x81\x02[]") // frames in the same segment
			_ = discard(r)
		})
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithVersionTimeout(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		time.Sleep(500 * time.Millisecond)
		// What comes before the owner knows of the connection is not even looked at.
		if s := c.Stats(); s.State != state.Dialing || s.BadFrames != s.Messages || s.Generation != 1 {
			t.Errorf("the figures are %+v, want the wait for the version, and no message but bad ones", s)
		}
	})
}
