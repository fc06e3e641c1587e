package faultproxy_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is the most that a test on real sockets waits for anything.
const patience = 10 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// await waits until a fault has happened.
func await(t *testing.T, what string, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(patience):
		t.Fatalf("waited in vain until %s", what)
	}
}

// echo is a gateway that sends back every message. It is no Resgate: what a proxy
// does to frames does not depend on what they say.
func echo(rw http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{EnableCompression: true}
	ws, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, message, err := ws.ReadMessage()
		if err != nil {
			return
		}
		if ws.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// serve runs an HTTP server on l.
func serve(t *testing.T, l net.Listener, h http.HandlerFunc) {
	t.Helper()
	s := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-ended })
}

// world is a proxy in front of an echo, on real sockets or in memory.
type world struct {
	t       *testing.T
	network *resgatetest.Network // nil for real sockets
	proxy   *faultproxy.Proxy
}

func onSockets(t *testing.T) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	serve(t, l, echo)
	return newWorld(t, nil, l.Addr().String())
}

// inMemory runs a test on a clock of its own.
func inMemory(t *testing.T, test func(*world), opts ...faultproxy.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		l, err := n.Listen("gateway:80")
		must(t, err)
		serve(t, l, echo)
		test(newWorld(t, n, "gateway:80", opts...))
	})
}

func newWorld(t *testing.T, n *resgatetest.Network, gateway string, opts ...faultproxy.Option) *world {
	t.Helper()
	if n != nil {
		opts = append(opts, faultproxy.WithNetwork(n.Listen, n.Dial), faultproxy.WithAddr("proxy:80"))
	}
	p, err := faultproxy.Start(gateway, opts...)
	must(t, err)
	t.Cleanup(p.Close)
	return &world{t: t, network: n, proxy: p}
}

func (w *world) dialNet(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.network != nil {
		return w.network.Dial(ctx, network, addr)
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// tcp opens a plain connection to the proxy.
func (w *world) tcp() net.Conn {
	w.t.Helper()
	c, err := w.dialNet(w.t.Context(), "tcp", w.proxy.Addr())
	must(w.t, err)
	w.t.Cleanup(func() { c.Close() })
	must(w.t, c.SetDeadline(time.Now().Add(time.Hour)))
	if w.network == nil {
		must(w.t, c.SetDeadline(time.Now().Add(patience)))
	}
	return c
}

// client is a WebSocket through the proxy.
type client struct {
	*world
	*websocket.Conn
}

func (w *world) client() *client {
	w.t.Helper()
	return w.dial(websocket.Dialer{})
}

// compressing returns a client whose messages are compressed, both ways.
func (w *world) compressing() *client {
	w.t.Helper()
	return w.dial(websocket.Dialer{EnableCompression: true})
}

func (w *world) dial(dialer websocket.Dialer) *client {
	w.t.Helper()
	dialer.NetDialContext = w.dialNet
	ws, _, err := dialer.DialContext(w.t.Context(), w.proxy.URL(), nil)
	must(w.t, err)
	w.t.Cleanup(func() { ws.Close() })
	if w.network == nil {
		must(w.t, ws.SetReadDeadline(time.Now().Add(patience)))
	}
	return &client{w, ws}
}

func (c *client) send(message string) {
	c.t.Helper()
	must(c.t, c.WriteMessage(websocket.TextMessage, []byte(message)))
}

func (c *client) receive() string {
	c.t.Helper()
	_, message, err := c.ReadMessage()
	must(c.t, err)
	return string(message)
}

// expectEcho checks that the connection works.
func (c *client) expectEcho(message string) {
	c.t.Helper()
	c.send(message)
	if got := c.receive(); got != message {
		c.t.Errorf("the echo of %q is %q", message, got)
	}
}

// fails reads until there is an error.
func (c *client) fails() error {
	c.t.Helper()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return err
		}
	}
}
