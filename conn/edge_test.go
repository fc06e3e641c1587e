package conn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// What waits to be written is limited for a gateway that does not read, but not for one that
// is slow: here it is busy with some calls when more than the limit comes at once.
func TestABurstIsNoReasonToGiveUpAGatewayThatReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		dials := badGateway(t, network, func(ws wsConn, id uint64) {
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"protocol":"1.2.3"},"id":%d}`, id))
			for answerSlowly(ws) == nil {
			}
		})
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var calls sync.WaitGroup
		call := func(n, size int) {
			params := json.RawMessage(`"` + strings.Repeat("x", size) + `"`)
			for range n {
				calls.Go(func() {
					if err := c.Call(context.Background(), "a.b", "m", params, nil); err != nil {
						t.Error(err)
					}
				})
			}
		}
		call(12, 1<<20)
		if err := c.WaitFor(context.Background(), state.Connected); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		call(17, 4<<20) // 68 MiB
		synctest.Wait()
		call(1, 1) // when more waits than may if nothing is written
		calls.Wait()
		if *dials != 1 {
			t.Errorf("it took %d connections", *dials)
		}
	})
}

// answerSlowly takes half a second to read a call, and answers it.
func answerSlowly(ws wsConn) error {
	_, call, err := ws.NextReader()
	if err != nil {
		return err
	}
	var id uint64
	if _, err := fmt.Fscanf(call, `{"id":%d,`, &id); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	if _, err := io.Copy(io.Discard, call); err != nil {
		return err
	}
	return ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"payload":null},"id":%d}`, id))
}

func TestAClientThatGaveUpSaysWhyToEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		wrong := errors.New("wrong password")
		c := w.client(conn.WithHooks(conn.Hooks{Authenticate: func(context.Context, *conn.Session) error {
			return backoff.Permanent(wrong)
		}}))
		w.await(c, state.Closed)
		synctest.Wait()
		_, err := c.Subscribe(context.Background(), "a.b")
		if !errors.Is(err, conn.ErrClosed) || !errors.Is(err, wrong) {
			t.Errorf("got %v, want that it is closed and why", err)
		}
	})
}

func TestAReconnectIsNoFailedAttemptForABackOffThatSaysStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected(conn.WithBackOff(func() backoff.BackOff { return &backoff.StopBackOff{} }))
		c.Reconnect()
		w.await(c, state.Connected)
		w.must(w.gateway.Kill())
		if err := c.WaitFor(context.Background(), state.Closed); err != nil {
			t.Error(err)
		}
		if err := c.WaitFor(context.Background(), state.Connected); !errors.Is(err, conn.ErrGaveUp) {
			t.Errorf("got %v, want that it gave up when the gateway was killed", err)
		}
	})
}

func TestAMessageWithoutEndIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		badGateway(t, network, func(ws wsConn, id uint64) {
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"protocol":"1.2.3"},"id":%d}`, id))
			endless, err := ws.NextWriter(websocket.TextMessage)
			for err == nil {
				time.Sleep(time.Millisecond)
				_, err = endless.Write(make([]byte, 4096))
			}
		})
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithReadLimit(10_000))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(c.WaitFor(ctx, state.Connected), c.WaitFor(ctx, state.Dialing)); err != nil {
			t.Error(err)
		}
		c.Close()
		time.Sleep(time.Second) // the gateway notices
	})
}

// A test does so with FailNow, in a hook that is called until the client is closed.
func TestAHookThatEndsItsGoroutineHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tk, err := guarded(w.service, "m.0")
		w.must(err)
		calls := 0
		var seen transitions
		start := time.Now()
		c := w.client(conn.WithHooks(conn.Hooks{
			Transition: seen.hook,
			Authenticate: func(ctx context.Context, s *conn.Session) error {
				if calls++; calls == 1 {
					runtime.Goexit()
				}
				return login(ctx, s)
			},
			AccessDenied: func(context.Context, *conn.Session, string) error { runtime.Goexit(); return nil },
		}))
		w.await(c, state.Connected)
		if took := time.Since(start); took > time.Second || calls != 2 {
			t.Errorf("connected after %v and %d logins, want that the first has failed at once: %v", took, calls, seen.all())
		}
		s := w.subscribe(c, "m.0")
		w.must(tk.expire(w.service, "m.0"))
		synctest.Wait()
		if st := s.Status(); st.Live || st.RetryAt.IsZero() {
			t.Errorf("%+v, want that it is tried again later", st)
		}
	})
}

func TestAHandlerThatEndsItsGoroutineHearsTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected()
		heard := make(chan string, 10)
		w.subscribe(c, "a.b", conn.WithHandler(func(ev subs.Event) {
			heard <- ev.String()
			runtime.Goexit()
		}))
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		for _, want := range []string{`a.b sync (first) {"n":1}`, `a.b change n=2 (was 1)`} {
			if got := <-heard; got != want {
				t.Errorf("heard %s, want %s", got, want)
			}
		}
	})
}
