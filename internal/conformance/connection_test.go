package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"syscall"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// From a new client to Connected there are three transitions, once each.
func initialConnect(w *world) {
	c := w.connect()
	c.settle()
	var got []string
	for _, tr := range c.tape.transitions() {
		got = append(got, fmt.Sprintf("%v: %v -> %v", tr.Event, tr.From, tr.To))
	}
	want := []string{"started: new -> dialing", "opened: dialing -> resubscribing", "replayed: resubscribing -> connected"}
	if !slices.Equal(got, want) {
		w.t.Errorf("transitions %q, want %q", got, want)
	}
}

// While nobody listens, attempts go on with delays in growing bounds, and the error
// of each can be seen.
func refusedThenUp(w *world) {
	w.must(w.gateway.Kill())
	c := w.newClient(conn.Hooks{})
	w.until("three attempts have failed", func() bool { return c.Stats().Attempt > 3 })
	w.must(w.gateway.Restart())
	c.await(state.Connected)
	bound := 250 * time.Millisecond
	for i, tr := range c.tape.transitions()[1:4] {
		if tr.Event != state.DialFailed || !errors.Is(tr.Cause, syscall.ECONNREFUSED) || tr.Attempt != i+2 {
			w.t.Errorf("transition %d is %v, want attempt %d to be refused", i, tr, i+1)
		}
		if tr.Delay < 0 || tr.Delay > bound {
			w.t.Errorf("delay %v after attempt %d, want up to %v", tr.Delay, i+1, bound)
		}
		bound *= 2
	}
}

// In a hook, State has reached the transition's To.
func hookSeesStoredState(w *world) {
	states := make(chan state.State, 10)
	clients := make(chan *client, 1)
	c := w.newClient(conn.Hooks{Transition: func(state.Transition) {
		c := <-clients
		clients <- c
		states <- c.State()
	}})
	clients <- c
	c.await(state.Connected)
	synctest.Wait()
	w.must(w.gateway.Kill())
	synctest.Wait()
	transitions := c.tape.transitions()
	for i, tr := range transitions {
		// The states of a connection rise; the last transition is back to Dialing.
		if got := <-states; i < 3 && got < tr.To || i >= 3 && got != tr.To {
			w.t.Errorf("state %v in the hook of %v", got, tr)
		}
	}
	if len(transitions) != 4 {
		w.t.Errorf("%d transitions, want 4", len(transitions))
	}
}

// A hook that sleeps does not delay reading, pinging or the reconnect.
func slowHook(w *world) {
	w.unchecked = true // the tape is made by hooks
	w.model("a.b", map[string]any{"n": 1})
	c := w.newClient(conn.Hooks{Transition: func(state.Transition) { time.Sleep(time.Minute) }},
		conn.WithPing(2*time.Second, time.Second))
	began := time.Now()
	c.await(state.Connected)
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	w.change("a.b", map[string]any{"n": 2})
	f.expect(`a.b change n=2 (was 1)`)
	w.must(w.gateway.Freeze())
	f.expect(`a.b stale`)
	w.must(w.gateway.Thaw())
	f.expect(`a.b sync (reconnect) {"n":2}`)
	if took := time.Since(began); took > 20*time.Second {
		w.t.Errorf("it took %v with a hook that sleeps for a minute", took)
	}
}

// Whoever reads late gets the latest state and knows how much was skipped; and the
// hook goes on being called. The client has no state channel: State is always the
// latest, and the hook's queue is bounded and counts what it drops.
func lateStateReader(w *world) {
	release := make(chan struct{})
	var called atomic.Int64
	c := w.newClient(conn.Hooks{Transition: func(state.Transition) {
		<-release
		called.Add(1)
	}}, conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(time.Second) }))
	c.await(state.Connected)
	w.must(w.gateway.Kill())
	c.await(state.Dialing)
	w.until("2000 attempts have failed", func() bool { return c.Stats().Attempt > 2000 })
	w.must(w.gateway.Restart())
	c.await(state.Connected)
	if s := c.State(); s != state.Connected {
		w.t.Errorf("state %v, want the latest", s)
	}
	close(release)
	synctest.Wait()
	skipped := c.Stats().DroppedHooks
	if skipped == 0 || called.Load() < 100 {
		w.t.Errorf("%d transitions were told and %d dropped, want some of both", called.Load(), skipped)
	}
	before := called.Load()
	c.outage(func() {})
	synctest.Wait()
	if called.Load() < before+3 {
		w.t.Error("the hook is not called any more")
	}
}

// Close works in every situation. Nothing of the client is left then.
func closeAnywhere(w *world) {
	w.unchecked = true // checked here
	w.model("a.b", map[string]any{"n": 1})
	silent := w.newProxy(func(p *parcel) { p.Drop() })
	hang := conn.Hooks{Authenticate: func(ctx context.Context, _ *conn.Session) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	for _, situation := range []struct {
		name string
		make func() *client
	}{
		{"connected", func() *client {
			c := w.connect()
			c.subscribe("a.b")
			return c
		}},
		{"version", func() *client { return w.newClientAt(silent.URL(), conn.Hooks{}) }},
		{"auth", func() *client { return w.newClient(hang) }},
		{"replay", func() *client {
			c := w.connect()
			c.subscribe("a.b")
			w.must(w.gateway.Kill())
			w.must(w.service.Mute("a.>"))
			w.must(w.gateway.Restart())
			c.await(state.Resubscribing)
			w.service.Unmute("a.>")
			return c
		}},
		{"handshake", func() *client {
			w.must(w.gateway.Freeze())
			return w.newClient(conn.Hooks{})
		}},
		{"dial", func() *client {
			w.must(w.gateway.Kill())
			return w.newClient(conn.Hooks{}, conn.WithNetDial(stuck))
		}},
		{"waiting", func() *client {
			c := w.newClient(conn.Hooks{})
			w.until("some attempts have failed", func() bool { return c.Stats().Attempt > 5 })
			return c
		}},
	} {
		c := situation.make()
		synctest.Wait()
		began := time.Now()
		c.Close()
		if took := time.Since(began); took > 100*time.Millisecond {
			w.t.Errorf("%s: Close took %v", situation.name, took)
		}
		<-c.Done()
		if left := goroutines(); len(left) > 0 {
			w.t.Errorf("%s: %d goroutines are left, the first:\n%s", situation.name, len(left), left[0])
		}
		synctest.Wait()
		if n := len(w.server.Connections()); n > 0 {
			w.t.Errorf("%s: %d sockets are open", situation.name, n)
		}
		for method, err := range callAll(c.Client) {
			if !errors.Is(err, conn.ErrClosed) {
				w.t.Errorf("%s: %s after Close: %v, want ErrClosed", situation.name, method, err)
			}
		}
	}
}

// callAll calls every method of a client that returns an error.
func callAll(c *conn.Client) map[string]error {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, subscribe := c.Subscribe(ctx, "a.b")
	_, get := c.Get(ctx, "a.b")
	_, view := c.View(ctx, "a.b")
	_, callResource := c.CallResource(ctx, "a.b", "m", nil)
	return map[string]error{
		"Subscribe":    subscribe,
		"Get":          get,
		"View":         view,
		"CallResource": callResource,
		"Call":         c.Call(ctx, "a.b", "m", nil, nil),
		"Auth":         c.Auth(ctx, "a.b", "m", nil, nil),
		"Set":          c.Set(ctx, "a.b", nil),
		"WaitFor":      c.WaitFor(ctx, state.Connected),
		"WaitInSync":   c.WaitInSync(ctx),
	}
}

// Close inside a handler returns, and finishes.
func closeFromHandler(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	c := w.connect()
	returned := make(chan struct{})
	s, err := c.Subscribe(w.within(), "a.b", conn.WithHandler(func(subs.Event) {
		c.Close()
		close(returned)
	}))
	w.must(err)
	receive(w, "Close in the handler", returned)
	receive(w, "the end of the client", c.Done())
	receive(w, "the end of the subscription", s.Done())
}
