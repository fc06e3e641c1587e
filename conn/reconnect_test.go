package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func TestAFeedSurvivesAKilledGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("news.today", map[string]any{"headline": "one", "edition": 1}))
		c := w.connected()
		events := read(t, w.subscribe(c, "news.today"))
		events.expect(`news.today sync (first) {"edition":1,"headline":"one"}`)
		w.must(w.service.Change("news.today", map[string]any{"edition": 2}))
		events.expect(`news.today change edition=2 (was 1)`)

		w.must(w.gateway.Kill())
		w.must(w.service.Change("news.today", map[string]any{"edition": 3, "headline": "three"}))
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)

		events.expect(
			`news.today stale: read: websocket: close 1006 (abnormal closure): unexpected EOF`,
			`news.today change edition=3 (was 2) headline="three" (was "one")`,
			`news.today sync (reconnect) {"edition":3,"headline":"three"}`)
		w.must(w.service.Change("news.today", map[string]any{"edition": 4}))
		events.expect(`news.today change edition=4 (was 3)`)
	})
}

func TestTransitionsOfAnOutageInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen transitions
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected(conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		w.subscribe(c, "a.b")
		time.Sleep(11 * time.Second) // it becomes stable
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		time.Sleep(3 * time.Second)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		c.Close()
		<-c.Done()

		list := seen.all()
		attempts := 0
		for i, tr := range list {
			t.Log(tr)
			if i > 0 && list[i-1].To != tr.From {
				t.Errorf("transition %d comes from %v, the one before went to %v", i, tr.From, list[i-1].To)
			}
			if tr.Event == state.DialFailed {
				attempts++
				if !errors.Is(tr.Cause, syscall.ECONNREFUSED) {
					t.Errorf("cause of a failed attempt is %v, want connection refused", tr.Cause)
				}
				if tr.Attempt != attempts+1 {
					t.Errorf("attempt %d follows failed attempt %d", tr.Attempt, attempts)
				}
			}
		}
		first, last := list[:3], list[len(list)-3:]
		for i, want := range []state.EventKind{state.Started, state.Opened, state.Replayed} {
			if first[i].Event != want {
				t.Errorf("transition %d is %v, want %v", i, first[i].Event, want)
			}
		}
		for i, want := range []state.EventKind{state.Opened, state.Replayed, state.CloseRequested} {
			if last[i].Event != want {
				t.Errorf("transition %d from the end is %v, want %v", 3-i, last[i].Event, want)
			}
		}
		if lost := list[3]; lost.Event != state.Lost || lost.Attempt != 1 || lost.Subscriptions != 1 || lost.After < 11*time.Second {
			t.Errorf("the loss is %+v, want attempt 1 with 1 subscription after 11 s", lost)
		}
	})
}

func TestADayOfOutageKeepsTryingWithinTheBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen transitions
		w := newWorld(t)
		c := w.connected(conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		synctest.Wait()
		before := len(clientGoroutines())
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if after := len(clientGoroutines()); after > before || before == 0 {
			t.Errorf("%d goroutines after a day of outage, %d at its start", after, before)
		}
		attempts := 0
		for _, tr := range seen.all() {
			if tr.Event == state.DialFailed {
				attempts++
				if tr.Delay > 30*time.Second {
					t.Errorf("attempt %d waits %v, more than the cap", tr.Attempt, tr.Delay)
				}
			}
		}
		// Full jitter on 30 s is 15 s on average: 5760 attempts a day.
		if attempts < 5000 || attempts > 6500 {
			t.Errorf("%d attempts in a day", attempts)
		}
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
	})
}

type wsConn = *websocket.Conn

// badGateway answers the version request and then does what a test wants.
func badGateway(t *testing.T, network *resgatetest.Network, after func(ws wsConn, id uint64)) (dials *int) {
	t.Helper()
	l, err := network.Listen(gatewayAddr)
	if err != nil {
		t.Fatal(err)
	}
	dials = new(int)
	upgrader := websocket.Upgrader{}
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		*dials++
		if _, request, err := ws.ReadMessage(); err == nil {
			if r, err := wire.ParseRequest(request); err == nil && r.Type == wire.TypeVersion {
				after(ws, r.ID)
			}
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return dials
}

// answerAll sends what answer returns for each request that comes, until the connection ends.
func answerAll(tb testing.TB, ws wsConn, answer func(wire.Request) (frame []byte)) {
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return
		}
		r, err := wire.ParseRequest(frame)
		if err != nil {
			tb.Error(err)
			return
		}
		if ws.WriteMessage(websocket.TextMessage, answer(r)) != nil {
			return
		}
	}
}

func TestAGatewayThatClosesRightAfterVersionIsDialledAsTheBackOffSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		dials := badGateway(t, network, func(ws wsConn, id uint64) {
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"protocol":"1.2.3"},"id":%d}`, id))
		})
		var seen transitions
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithHooks(conn.Hooks{Transition: seen.hook}),
			conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(10 * time.Second) }))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		// Full jitter on 10 s is 5 s on average.
		if *dials < 6 || *dials > 25 {
			t.Errorf("dialled %d times in a minute with a back-off of 10 s", *dials)
		}
		opened := false
		for _, tr := range seen.all() {
			opened = opened || tr.Event == state.Opened
		}
		if !opened {
			t.Error("no connection was ever open: the test does not test what it says")
		}
	})
}

func TestDialSaysWhatTheLastAttemptMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := conn.Dial(ctx, "ws://nobody:1", conn.WithNetDial(network.Dial))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want the deadline and what the last attempt met", err)
		}
	})
}

// slowContext ends, but who asks for its end is told only once something has happened.
type slowContext struct {
	context.Context
	happened <-chan struct{}
}

func (c slowContext) Done() <-chan struct{} {
	<-c.happened
	return c.Context.Done()
}

// A waiter may be late to look, and find both its end and that of an attempt.
func TestWhoWaitsIsToldOfAnAttemptThatHasFailedByTheEndOfTheWait(t *testing.T) {
	for range 20 { // of which select takes each, if it has the choice
		synctest.Test(t, func(t *testing.T) {
			failed := make(chan struct{})
			fails := func(tr state.Transition) {
				if tr.Event == state.DialFailed && tr.Attempt == 2 {
					close(failed)
				}
			}
			network := resgatetest.NewNetwork()
			c, err := conn.New("ws://nobody:1", conn.WithNetDial(network.Dial), conn.WithHooks(conn.Hooks{Transition: fails}))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			if err := c.WaitFor(slowContext{ended, failed}, state.Connected); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("got %v, want what the attempt met", err)
			}
		})
	}
}

func TestARefusedHandshakeSaysWithWhichStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, resgatetest.WithPath("/ws"))
		c := w.client()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		err := c.WaitFor(ctx, state.Connected)
		var refused *conn.HandshakeError
		if !errors.As(err, &refused) || refused.Status != http.StatusNotFound || len(refused.Body) == 0 {
			t.Errorf("got %v (%+v), want a handshake error with status 404 and a body", err, refused)
		}
	})
}

func TestAPermanentErrorGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		expired := errors.New("licence expired")
		c := w.client(conn.WithHooks(conn.Hooks{
			BeforeDial: func(context.Context, *conn.Attempt) error { return backoff.Permanent(expired) },
		}))
		err := c.WaitFor(context.Background(), state.Connected)
		if !errors.Is(err, conn.ErrClosed) || !errors.Is(err, expired) {
			t.Errorf("got %v, want closed because of the hook's error", err)
		}
		if err := c.WaitFor(context.Background(), state.Closed); err != nil {
			t.Errorf("waiting for Closed: %v", err)
		}
	})
}

func TestABackOffThatSaysStopGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		c, err := conn.New("ws://nobody:1", conn.WithNetDial(network.Dial), conn.WithBackOff(func() backoff.BackOff {
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 3)
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.WaitFor(context.Background(), state.Connected)
		if !isAny(err, conn.ErrGaveUp) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want that it gave up and why", err)
		}
		if n := c.Stats().Generation; n != 4 {
			t.Errorf("%d attempts, want the first and 3 retries", n)
		}
	})
}

func TestReconnectDialsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var seen transitions
		c := w.connected(conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(24 * time.Hour) }),
			conn.WithMaxDelay(24*time.Hour), conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		start := time.Now()
		c.Reconnect()
		synctest.Wait()
		w.await(c, state.Connected)
		if s := c.Stats(); s.Generation != 2 || time.Since(start) > 0 {
			t.Errorf("generation %d after %v, want a second connection at once", s.Generation, time.Since(start))
		}
		if lost := seen.all()[3]; lost.Event != state.Lost || lost.Delay != 0 {
			t.Errorf("the transition is %v, want one without a delay", lost)
		}
	})
}

func TestADialThatHangsIsEndedByItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		l, err := network.Listen(gatewayAddr)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		accepted := make(chan net.Conn, 10)
		go func() { // accepts, and never answers the handshake
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithDialTimeout(2*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		start := time.Now()
		first := <-accepted
		<-accepted
		if waited := time.Since(start); waited < 2*time.Second || waited > 3*time.Second {
			t.Errorf("the second attempt came after %v, want the timeout of 2 s and a first delay", waited)
		}
		buffer := make([]byte, 4096)
		for err = nil; err == nil; {
			_, err = first.Read(buffer) // its socket was closed
		}
	})
}
