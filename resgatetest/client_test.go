package resgatetest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/resclient/resclient-go/resgatetest"
)

// client is a plain WebSocket client. Its reads fail the test when nothing
// comes for a while.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

func dial(t testing.TB, srv *resgatetest.Server) *client {
	t.Helper()
	return dialWith(t, websocket.DefaultDialer, srv)
}

func dialNetwork(t testing.TB, n *resgatetest.Network, srv *resgatetest.Server) *client {
	t.Helper()
	return dialWith(t, &websocket.Dialer{NetDialContext: n.Dial}, srv)
}

func dialWith(t testing.TB, d *websocket.Dialer, srv *resgatetest.Server) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, resp, err := d.DialContext(ctx, srv.URL(), http.Header{})
	if err != nil {
		t.Fatalf("dialling %s: %v (response %v)", srv.URL(), err, resp)
	}
	t.Cleanup(func() { ws.Close() })
	return &client{t: t, ws: ws}
}

func (c *client) send(frame string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		c.t.Fatalf("sending %s: %v", frame, err)
	}
}

func (c *client) read() string {
	c.t.Helper()
	return c.readWithin(patience)
}

func (c *client) readWithin(d time.Duration) string {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(d))
	_, frame, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("reading: %v", err)
	}
	return string(frame)
}

// expect reads the given frames in the given order.
func (c *client) expect(frames ...string) {
	c.t.Helper()
	for _, want := range frames {
		if got := c.read(); !sameJSON(got, want) {
			c.t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// end reads until the connection ends, and gives the error.
func (c *client) end() error {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	_, frame, err := c.ws.ReadMessage()
	if err == nil {
		c.t.Fatalf("got %s, want the end of the connection", frame)
	}
	return err
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	ja, _ := json.Marshal(x)
	jb, _ := json.Marshal(y)
	return string(ja) == string(jb)
}

const (
	askVersion   = `{"id":1,"method":"version","params":{"protocol":"1.2.3"}}`
	gotVersion   = `{"result":{"protocol":"1.2.3"},"id":1}`
	askSubscribe = `{"id":2,"method":"subscribe.news.today"}`
	gotSubscribe = `{"result":{"models":{"news.today":{"headline":"Rain"}}},"id":2}`
)
