package conn_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

func TestAHookSeesAStateThatHasReachedItsTransition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		clients := make(chan *conn.Client, 1)
		c := w.client(conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
			c := <-clients
			clients <- c
			if c.State() == 0 {
				t.Errorf("no state in the hook of %v", tr)
			}
		}}))
		clients <- c
		w.await(c, state.Connected)
		synctest.Wait()
	})
}

func TestASlowHookDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected(conn.WithHooks(conn.Hooks{Transition: func(state.Transition) { time.Sleep(time.Minute) }}))
		start := time.Now()
		w.subscribe(c, "a.b")
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v with a hook that sleeps for a minute", took)
		}
		c.Close()
		<-c.Done()
	})
}

func TestAHookMayCallEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		clients := make(chan *conn.Client, 1)
		returned := make(chan struct{})
		ctx := context.Background()
		c := w.client(conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
			if tr.To != state.Connected || tr.Generation > 1 {
				return
			}
			c := <-clients
			c.Stats()
			s, err := c.Subscribe(ctx, "a.b")
			if err != nil {
				t.Error(err)
			}
			_, _ = c.Get(ctx, "a.b")
			_ = c.Call(ctx, "a.b", "m", nil, nil)
			_ = c.WaitInSync(ctx)
			s.Close()
			c.Reconnect()
			close(returned)
		}}))
		clients <- c
		<-returned
	})
}

func TestFramesAreShownInBothDirections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		var mu sync.Mutex
		var frames []string
		c := w.connected(conn.WithHooks(conn.Hooks{Frame: func(f conn.Frame) {
			mu.Lock()
			defer mu.Unlock()
			arrow := "< "
			if f.Sent {
				arrow = "> "
			}
			frames = append(frames, arrow+string(f.Data))
		}}))
		w.subscribe(c, "a.b")
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		got := strings.Join(frames, "\n")
		for _, want := range []string{`> {"id":`, `"method":"version"`, `"method":"subscribe.a.b"`, `< {"result":{"models":{"a.b":{"n":1}}},"id":`} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in\n%s", want, got)
			}
		}
	})
}

func TestBeforeDialIsAskedForEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var numbers []int
		c := w.connected(
			conn.WithHeader(http.Header{"X-Name": {"fixed"}}),
			conn.WithHooks(conn.Hooks{BeforeDial: func(_ context.Context, a *conn.Attempt) error {
				if a.Header.Get("X-Name") != "fixed" || a.Header.Get("X-Token") != "" {
					t.Errorf("headers %v", a.Header)
				}
				numbers = append(numbers, a.Number)
				a.Header.Set("X-Token", "renewed")
				return nil
			}}))
		c.Reconnect()
		synctest.Wait()
		w.await(c, state.Connected)
		if len(numbers) != 2 || numbers[0] != 1 || numbers[1] != 2 {
			t.Errorf("attempts %v, want 1 and 2", numbers)
		}
	})
}

func TestTheLogTellsOfTransitionsAndKeepsSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var text bytes.Buffer
		log := slog.New(slog.NewTextHandler(lockedWriter{&mu, &text}, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"content": "secret-content"}))
		c, err := conn.New("ws://user:secret-password@"+gatewayAddr+"/?token=secret-query", conn.WithNetDial(w.network.Dial),
			conn.WithLogger(log), conn.WithHeader(http.Header{"Authorization": {"secret-header"}}),
			conn.WithHooks(conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
				_ = s.Auth(ctx, "auth", "login", "secret-params", nil)
				return nil
			}}))
		w.must(err)
		w.await(c, state.Connected)
		w.subscribe(c, "a.b")
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		time.Sleep(10 * time.Second)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		c.Close()
		<-c.Done()
		mu.Lock()
		defer mu.Unlock()
		got := text.String()
		for _, want := range []string{"msg=connecting ", "msg=connected ", `msg="connection lost"`, `msg="connecting failed"`, "msg=closed ",
			"attempt=2 delay=", "cause=", "subscriptions=1", "level=WARN"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %s in the log:\n%s", want, got)
			}
		}
		if strings.Contains(got, "secret") {
			t.Errorf("a secret in the log:\n%s", got)
		}
	})
}

type lockedWriter struct {
	mu *sync.Mutex
	b  *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

// A service that sends a reset changes all that a client has of it, in one burst.
func TestABurstOfFramesWaitsForASlowHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 0}))
		release := make(chan struct{})
		c := w.connected(conn.WithHooks(conn.Hooks{Frame: func(conn.Frame) { <-release }}))
		w.subscribe(c, "a.b")
		change := func(from, to int) {
			for n := from; n < to; n++ {
				w.must(w.service.Change("a.b", map[string]any{"n": n}))
			}
			synctest.Wait()
		}
		change(1, 4000)
		if n := c.Stats().DroppedFrameHooks; n > 0 {
			t.Errorf("%d of a burst of 4,000 frames were dropped", n)
		}
		change(4000, 8000)
		if n := c.Stats().DroppedFrameHooks; n < 3000 {
			t.Errorf("%d of another 4,000 were dropped, want all for which there is no room", n)
		}
		close(release)
	})
}
