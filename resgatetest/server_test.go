package resgatetest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/resclient/resclient-go/resgatetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func newsServer(t testing.TB, opts ...resgatetest.Option) *resgatetest.Server {
	t.Helper()
	srv := resgatetest.New(opts...)
	t.Cleanup(func() { srv.Close() })
	if err := srv.Service().SetModel("news.today", map[string]any{"headline": "Rain"}); err != nil {
		t.Fatal(err)
	}
	return srv
}

func subscribed(c *client) {
	c.t.Helper()
	c.send(askVersion)
	c.send(askSubscribe)
	c.expect(gotVersion, gotSubscribe)
}

// everywhere runs a test over TCP, and over a network in memory in a bubble
// with a clock of its own.
func everywhere(t *testing.T, test func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option)) {
	t.Run("tcp", func(t *testing.T) {
		test(t, func(srv *resgatetest.Server) (*client, error) {
			return tryDial(t, websocket.DefaultDialer, srv)
		})
	})
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := resgatetest.NewNetwork()
			d := &websocket.Dialer{NetDialContext: n.Dial}
			test(t, func(srv *resgatetest.Server) (*client, error) {
				return tryDial(t, d, srv)
			}, resgatetest.WithNetwork(n, "gateway:80"))
		})
	})
}

func tryDial(t *testing.T, d *websocket.Dialer, srv *resgatetest.Server) (*client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := d.DialContext(ctx, srv.URL(), nil)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { ws.Close() })
	return &client{t: t, ws: ws}, nil
}

func mustDial(t *testing.T, dial func(*resgatetest.Server) (*client, error), srv *resgatetest.Server) *client {
	t.Helper()
	c, err := dial(srv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSubscribedClientHearsChanges(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		srv.Service().Change("news.today", map[string]any{"headline": "Sun"})
		c.expect(`{"event":"news.today.change","data":{"values":{"headline":"Sun"}}}`)
		c.send(`{"id":3,"method":"unsubscribe.news.today"}`)
		c.expect(`{"id":3}`)
	})
}

func TestKilledGatewayRefusesUntilItIsRestarted(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		if err := srv.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v, want EOF without a close frame", err)
		}
		if _, err := dial(srv); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a dead gateway: %v, want ECONNREFUSED", err)
		}
		if err := srv.Kill(); !errors.Is(err, resgatetest.ErrNotRunning) {
			t.Errorf("killing it again: %v", err)
		}
		if err := srv.Restart(); err != nil {
			t.Fatal(err)
		}
		subscribed(mustDial(t, dial, srv))
	})
}

// endOfStream reports whether err is what gorilla makes of an end without a
// close frame.
func endOfStream(err error) bool {
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return closed.Code == websocket.CloseAbnormalClosure
	}
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}

func TestStoppedGatewayRefusesUntilItIsRestarted(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		if err := srv.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v, want EOF without a close frame", err)
		}
		if _, err := dial(srv); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a stopped gateway: %v, want ECONNREFUSED", err)
		}
		if err := srv.Restart(); err != nil {
			t.Fatal(err)
		}
		subscribed(mustDial(t, dial, srv))
	})
}

func TestFrozenGatewayIsSilentUntilItIsThawed(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		srv.Freeze()
		c.send(`{"id":3,"method":"version"}`)
		srv.Service().Change("news.today", map[string]any{"headline": "Sun"})

		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		done := make(chan error, 1)
		go func() {
			_, err := dial(srv)
			done <- err
		}()
		<-ctx.Done()
		select {
		case err := <-done:
			t.Fatalf("the handshake with a frozen gateway ended: %v", err)
		default:
		}
		srv.Thaw()
		if err := <-done; err != nil {
			t.Errorf("the handshake after the thaw: %v", err)
		}
		got := map[string]bool{c.read(): true, c.read(): true}
		for _, want := range []string{
			`{"result":{"protocol":"1.2.3"},"id":3}`,
			`{"event":"news.today.change","data":{"values":{"headline":"Sun"}}}`,
		} {
			if !got[want] {
				t.Errorf("%s did not come after the thaw, but %v", want, got)
			}
		}
	})
}

func TestFrozenGatewayCanBeKilled(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		srv.Freeze()
		c.send(`{"id":3,"method":"version"}`)
		srv.Kill()
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v", err)
		}
		var dead *net.OpError
		if _, err := dial(srv); !errors.As(err, &dead) {
			t.Errorf("dialling: %v", err)
		}
		srv.Restart()
		subscribed(mustDial(t, dial, srv))
	})
}
