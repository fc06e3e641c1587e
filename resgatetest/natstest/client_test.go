package natstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// client is the plainest client of a gateway: frames out, frames in.
type client struct {
	t      *testing.T
	ws     *websocket.Conn
	frames chan string   // closed at the end of the connection
	ended  chan struct{} // closed after err is set
	err    error
	lastID int
}

// dial connects to the gateway and agrees on the protocol.
func dial(t *testing.T, g natstest.Gateway) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, _, err := websocket.DefaultDialer.DialContext(ctx, g.URL(), nil)
	if err != nil {
		t.Fatalf("connect to the gateway: %v", err)
	}
	c := &client{t: t, ws: ws, frames: make(chan string, 10000), ended: make(chan struct{})}
	go c.read()
	t.Cleanup(func() { ws.Close(); <-c.ended })
	c.send("version", `{"protocol":"1.2.3"}`)
	c.want(`{"result":{"protocol":"1.2.3"},"id":1}`)
	return c
}

func (c *client) read() {
	defer close(c.ended)
	defer close(c.frames)
	for {
		_, frame, err := c.ws.ReadMessage()
		if err != nil {
			c.err = err
			return
		}
		c.frames <- string(frame)
	}
}

func (c *client) send(method, params string) {
	c.t.Helper()
	c.lastID++
	frame := fmt.Sprintf(`{"id":%d,"method":%q,"params":%s}`, c.lastID, method, params)
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		c.t.Fatalf("write %s: %v", method, err)
	}
}

// next returns the next frame of the gateway.
func (c *client) next() string {
	c.t.Helper()
	select {
	case frame, open := <-c.frames:
		if !open {
			c.t.Fatalf("connection ended: %v", c.err)
		}
		return frame
	case <-time.After(patience):
		c.t.Fatalf("no frame came within %v", patience)
	}
	return ""
}

// want fails unless the gateway says exactly this next.
func (c *client) want(frames ...string) {
	c.t.Helper()
	for _, frame := range frames {
		if got := c.next(); got != frame {
			c.t.Fatalf("gateway said %s, want %s", got, frame)
		}
	}
}

// wantError fails unless the next frame answers the last request with code.
func (c *client) wantError(code string) {
	c.t.Helper()
	frame := c.next()
	var got struct {
		ID    int
		Error struct{ Code string }
	}
	if err := json.Unmarshal([]byte(frame), &got); err != nil {
		c.t.Fatalf("gateway said %s: %v", frame, err)
	}
	if got.ID != c.lastID || got.Error.Code != code {
		c.t.Fatalf("gateway said %s, want error %q for request %d", frame, code, c.lastID)
	}
}

// wantEnd fails unless the connection ends without a close frame.
func (c *client) wantEnd() {
	c.t.Helper()
	receive(c.t, c.ended, "the end of the connection")
	// 1006 is gorilla's word for an end without a close frame.
	if !websocket.IsCloseError(c.err, websocket.CloseAbnormalClosure) && !errors.Is(c.err, syscall.ECONNRESET) {
		c.t.Errorf("connection ended with %v, want an end without a close frame", c.err)
	}
}

// wantRefused fails unless the address of the gateway refuses connections.
func wantRefused(t *testing.T, g natstest.Gateway) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.URL(), "ws://"))
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a gateway that ended gives %v, want ECONNREFUSED", err)
	}
}
