package conn_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// slowly makes a.b a model whose method m takes a while.
func slowly(w *world, takes time.Duration) {
	w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
	w.must(w.service.HandleCall("a.b", "m", func(*resgatetest.Request) (any, error) {
		time.Sleep(takes)
		return "done", nil
	}))
}

func TestShutdownLetsACallComeToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slowly(w, 2*time.Second)
		c := w.connected()
		s := w.subscribe(c, "a.b")
		called := make(chan error, 1)
		go func() {
			var result string
			err := c.Call(context.Background(), "a.b", "m", nil, &result)
			if result != "done" {
				t.Errorf("the call was answered with %q", result)
			}
			called <- err
		}()
		synctest.Wait()
		start := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- c.Shutdown(context.Background()) }()
		synctest.Wait()
		ctx := context.Background()
		_, subscribeErr := c.Subscribe(ctx, "a.b")
		_, getErr := c.Get(ctx, "a.b")
		_, streamErr := c.Stream(ctx, ">")
		for name, err := range map[string]error{"Subscribe": subscribeErr, "Get": getErr, "Stream": streamErr, "Call": c.Call(ctx, "a.b", "m", nil, nil)} {
			if !errors.Is(err, conn.ErrShuttingDown) || !errors.Is(err, conn.ErrClosed) {
				t.Errorf("%s during the shutdown: %v, want ErrShuttingDown", name, err)
			}
		}
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		read(t, s).expect(`a.b sync (first) {"n":1}`, `a.b change n=2 (was 1)`)
		if err := errors.Join(<-called, <-ended); err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("after %v: %v, want that the call and the shutdown end well after 2 s", time.Since(start), err)
		}
		checkClosed(t, c)
		if err := c.Shutdown(ctx); err != nil {
			t.Errorf("a second shutdown: %v", err)
		}
	})
}

func TestShutdownWaitsForWhatWaitsForAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slowly(w, time.Second)
		w.must(w.gateway.Kill())
		c := w.client()
		called := make(chan error, 1)
		go func() { called <- c.Call(context.Background(), "a.b", "m", nil, nil) }()
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- c.Shutdown(context.Background()) }()
		time.Sleep(time.Minute)
		w.must(w.gateway.Restart())
		if err := errors.Join(<-called, <-ended); err != nil {
			t.Error(err)
		}
	})
}

func TestAShutdownWhoseContextEndsCutsOff(t *testing.T) {
	for name, offline := range map[string]bool{"a call that is out": false, "a call that waits for a connection": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, resgatetest.WithTimeout(2*time.Hour))
				slowly(w, time.Hour)
				c := w.connected(conn.WithRequestTimeout(2 * time.Hour))
				if offline {
					w.must(w.gateway.Kill())
					w.await(c, state.Dialing)
				}
				called := make(chan error, 1)
				go func() { called <- c.Call(context.Background(), "a.b", "m", nil, nil) }()
				synctest.Wait()
				start := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				if err := c.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
					t.Errorf("ended after %v with %v, want the context's error after 10 s", time.Since(start), err)
				}
				if err := <-called; !errors.Is(err, conn.ErrClosed) {
					t.Errorf("the call ended with %v, want ErrClosed", err)
				}
				closeNow(t, c)
			})
		})
	}
}

// The service answers a call while the client shuts down, over real sockets.
func TestShutdownOnRealSockets(t *testing.T) {
	w := newNATSWorld(t)
	called, answer := make(chan struct{}), make(chan struct{})
	err := errors.Join(
		w.service.SetModel("a.b", map[string]any{"n": 1}),
		w.service.HandleCall("a.b", "m", func(*resgatetest.Request) (any, error) {
			close(called)
			<-answer
			return "done", nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	results := make(chan error, 1)
	go func() {
		var result string
		err := c.Call(ctx, "a.b", "m", nil, &result)
		if result != "done" {
			t.Errorf("the call was answered with %q", result)
		}
		results <- err
	}()
	<-called
	ended := make(chan error, 1)
	go func() { ended <- c.Shutdown(ctx) }()
	waitUntil(ctx, t, "requests are refused", func() bool {
		_, err := c.Get(ctx, "a.b")
		return errors.Is(err, conn.ErrShuttingDown)
	})
	if s := c.State(); s != state.Connected {
		t.Errorf("%v while a call is out, want connected", s)
	}
	close(answer)
	if err := errors.Join(<-results, <-ended); err != nil {
		t.Error(err)
	}
	checkClosed(t, c)
}

func TestAShutdownWithNothingToWaitForNeedsNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		over, cancel := context.WithCancel(context.Background())
		cancel()
		if err := w.connected().Shutdown(over); err != nil {
			t.Errorf("connected: %v", err)
		}
		w.must(w.gateway.Kill())
		if err := w.client().Shutdown(over); err != nil {
			t.Errorf("dialling: %v", err)
		}
	})
}

func TestShutdownMayBeCalledFromAnywhereAndBesideClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slowly(w, time.Second)
		var callers sync.WaitGroup
		begun := make(chan struct{}) // once a call is out
		shutdown := func(c *conn.Client) {
			defer callers.Done()
			<-begun
			if err := c.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}
		callers.Add(4)
		clients := make(chan *conn.Client, 1)
		c := w.client(conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
			if tr.To == state.Connected {
				shutdown(<-clients)
			}
		}}))
		clients <- c
		w.await(c, state.Connected)
		w.subscribe(c, "a.b", conn.WithHandler(func(subs.Event) { shutdown(c) }))
		called := make(chan error, 1)
		go func() { called <- c.Call(context.Background(), "a.b", "m", nil, nil) }()
		synctest.Wait()
		for range 2 {
			go shutdown(c)
		}
		close(begun)
		time.Sleep(time.Second / 2)
		closed := make(chan struct{})
		go func() { c.Close(); close(closed) }()
		<-closed
		callers.Wait()
		if err := <-called; !errors.Is(err, conn.ErrClosed) {
			t.Errorf("the call ended with %v although Close did not wait for it", err)
		}
		<-c.Done()
	})
}
