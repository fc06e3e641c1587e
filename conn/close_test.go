package conn_test

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// clientGoroutines lists the goroutines in the test's bubble that run code of package conn,
// other than the test's own. Outside, hooks of an earlier test may still be about to end.
func clientGoroutines() (stacks []string) {
	buffer := make([]byte, 1<<20)
	all := strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") // the caller's first
	bubble := bubbleNumber.FindString(all[0])
	for _, g := range all {
		if bubbleNumber.FindString(g) == bubble && strings.Contains(g, "resclient-go/conn.") && !strings.Contains(g, "conn_test.") {
			stacks = append(stacks, g)
		}
	}
	return stacks
}

var bubbleNumber = regexp.MustCompile(`synctest bubble \d+`)

// closeNow closes the client and checks that it ends at once and wholly.
func closeNow(t *testing.T, c *conn.Client) {
	t.Helper()
	start := time.Now()
	c.Close()
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Errorf("Close took %v", took)
	}
	synctest.Wait()
	if left := clientGoroutines(); len(left) > 0 {
		t.Errorf("%d goroutines of the client are left, the first:\n%s", len(left), left[0])
	}
	if s := c.State(); s != state.Closed {
		t.Errorf("state %v after Close", s)
	}
	checkClosed(t, c)
	c.Close()
}

// checkClosed checks that every method of a closed client says so.
func checkClosed(t *testing.T, c *conn.Client) {
	t.Helper()
	ctx := context.Background()
	_, subscribeErr := c.Subscribe(ctx, "a.b")
	_, getErr := c.Get(ctx, "a.b")
	for name, err := range map[string]error{
		"Subscribe":  subscribeErr,
		"Get":        getErr,
		"Call":       c.Call(ctx, "a.b", "m", nil, nil),
		"Auth":       c.Auth(ctx, "a.b", "m", nil, nil),
		"WaitFor":    c.WaitFor(ctx, state.Connected),
		"WaitInSync": c.WaitInSync(ctx),
	} {
		if !errors.Is(err, conn.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
	c.Reconnect()
	c.Stats()
}

func TestCloseWhileConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		s := w.subscribe(c, "a.b")
		closeNow(t, c)
		<-s.Done()
		var got []string
		for ev := range s.Events(context.Background()) {
			got = append(got, ev.String())
		}
		if want := []string{`a.b sync (first) {}`}; !slices.Equal(got, want) {
			t.Errorf("got %q, want what was queued before, %q", got, want)
		}
		if !errors.Is(s.Err(), conn.ErrClosed) {
			t.Errorf("the loop ended with %v, want ErrClosed", s.Err())
		}
	})
}

func TestCloseWhileSomethingLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected(conn.WithLinger(time.Minute))
		w.subscribe(c, "a.b").Close()
		synctest.Wait()
		closeNow(t, c)
	})
}

func TestCloseWhileWaitingForTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Kill())
		c := w.client()
		time.Sleep(time.Minute)
		closeNow(t, c)
	})
}

func TestCloseInsideADial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(stuck))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		closeNow(t, c)
	})
}

func TestCloseInsideADialerThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		late, _ := net.Pipe()
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(func(context.Context, string, string) (net.Conn, error) {
			<-release
			return late, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c.Close()
		select {
		case <-c.Done():
			t.Error("Done is closed while the program's dialer runs")
		default:
		}
		close(release)
		<-c.Done()
		if _, err := late.Write([]byte("x")); !errors.Is(err, net.ErrClosed) && err.Error() != "io: read/write on closed pipe" {
			t.Errorf("the connection that came too late was not closed: %v", err)
		}
	})
}

func TestCloseInsideAHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Freeze())
		c := w.client()
		synctest.Wait()
		closeNow(t, c)
	})
}

func TestCloseInsideTheVersionRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		silent := make(chan struct{})
		t.Cleanup(func() { close(silent) })
		badGateway(t, network, func(_ wsConn, _ uint64) { <-silent })
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		closeNow(t, c)
	})
}

func TestCloseInsideTheAuthenticateHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.client(conn.WithHooks(conn.Hooks{Authenticate: func(ctx context.Context, _ *conn.Session) error {
			<-ctx.Done()
			return ctx.Err()
		}}))
		synctest.Wait()
		closeNow(t, c)
	})
}

func TestCloseInsideAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		w.subscribe(c, "a.b")
		w.must(w.gateway.Kill())
		w.must(w.service.Mute("a.>"))
		w.must(w.gateway.Restart())
		w.await(c, state.Resubscribing)
		closeNow(t, c)
	})
}

func TestCloseInsideAHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		returned := make(chan struct{})
		w.subscribe(c, "a.b", conn.WithHandler(func(ev subs.Event) {
			if _, first := ev.(*subs.Sync); first {
				c.Close()
				close(returned)
			}
		}))
		<-returned
		<-c.Done()
		checkClosed(t, c)
	})
}

func TestCloseInsideATransitionHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		clients := make(chan *conn.Client, 1)
		c := w.client(conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
			if tr.To == state.Connected {
				(<-clients).Close()
			}
		}}))
		clients <- c
		<-c.Done()
		checkClosed(t, c)
	})
}

func TestCloseDoesNotWaitForABlockedHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		release := make(chan struct{})
		w.subscribe(c, "a.b", conn.WithHandler(func(subs.Event) { <-release }))
		synctest.Wait()
		c.Close()
		select {
		case <-c.Done():
			t.Error("Done is closed while a handler runs")
		default:
		}
		close(release)
		<-c.Done()
	})
}

func TestCloseAnswersEverythingThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		w.must(w.service.Mute(">"))
		ctx := context.Background()
		errs := make(chan error, 4)
		go func() { _, err := c.Subscribe(ctx, "a.b"); errs <- err }()
		go func() { _, err := c.Get(ctx, "a.c"); errs <- err }()
		go func() { errs <- c.Call(ctx, "a.b", "m", nil, nil) }()
		go func() { errs <- c.WaitFor(ctx, state.Resubscribing) }()
		synctest.Wait()
		c.Close()
		for range 4 {
			if err := <-errs; !errors.Is(err, conn.ErrClosed) {
				t.Errorf("a call that waited got %v", err)
			}
		}
	})
}

// A close frame cannot be written then, and nobody waits for long to find that out.
func TestCloseWhileAWriteIsStuck(t *testing.T) {
	w := newWorld(t)
	var stick atomic.Bool
	stuck := make(chan struct{})
	c := w.connected(conn.WithWriteTimeout(20*time.Second), conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
		far, err := w.network.Dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		near, relay := net.Pipe()
		go func() { _, _ = io.Copy(relay, far) }()
		go func() {
			for buffer := make([]byte, 64<<10); !stick.Load(); {
				n, err := relay.Read(buffer)
				if err != nil {
					return
				}
				_, _ = far.Write(buffer[:n])
			}
			_, _ = relay.Read(make([]byte, 1)) // of a write, which cannot go on
			close(stuck)
		}()
		return near, nil
	}))
	var calls sync.WaitGroup
	defer calls.Wait()
	stick.Store(true)
	_ = c.Call(context.Background(), "a.b", "m", nil, nil) // an error: only its way there counts
	calls.Go(func() { _ = c.Call(context.Background(), "a.b", "m", nil, nil) })
	<-stuck
	closed := make(chan struct{})
	go func() {
		c.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("Close waits for a write that does not get on")
	}
}
