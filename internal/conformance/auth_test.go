package conformance_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// door is the access to a resource. Who has a token may always enter.
type door struct {
	w      *world
	rid    string
	closed atomic.Bool
}

func newDoor(w *world, rid string) *door {
	w.t.Helper()
	d := &door{w: w, rid: rid}
	w.must(w.service.HandleAccess(res.Pattern(rid), func(r *resgatetest.Request) (resgatetest.Access, error) {
		return resgatetest.Access{Get: !d.closed.Load() || string(r.Token) != "null", Call: "*"}, nil
	}))
	return d
}

func (d *door) open() { d.closed.Store(false) }

// shut denies access, also to those who are inside.
func (d *door) shut() {
	d.w.t.Helper()
	d.closed.Store(true)
	d.w.must(d.w.service.Reaccess(d.rid))
}

// login has the service give a token to whoever asks.
func (w *world) login() {
	w.t.Helper()
	w.must(w.service.HandleAuth("auth", "login", func(r *resgatetest.Request) (any, error) {
		return nil, r.SetToken(map[string]string{"user": "ann"})
	}))
}

// Everything that the Authenticate hook does is answered before anything is
// subscribed, on every connection.
func authBeforeReplay(w *world) {
	w.login()
	w.model("a.b", map[string]any{"n": 1})
	newDoor(w, "a.b").closed.Store(true)
	c := w.newClient(conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
		return errors.Join(s.Auth(ctx, "auth", "login", nil, nil), s.Auth(ctx, "auth", "login", nil, nil))
	}})
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	c.outage(func() { w.change("a.b", map[string]any{"n": 2}) })
	f.expect(`a.b stale`, `a.b change n=2 (was 1) (resync)`, `a.b sync (reconnect) {"n":2}`)
	c.settle()
	auths := c.tape.requests(wire.TypeAuth, "auth")
	if len(auths) != 4 {
		w.t.Errorf("%d auth requests, want two on each connection", len(auths))
	}
	for _, subscribe := range c.tape.requests(wire.TypeSubscribe, "a.b") {
		asked := c.tape.index(func(r record) bool { return r.request == subscribe.request })
		for _, auth := range auths {
			answered := c.tape.index(func(r record) bool { return r.response != nil && r.response.ID == auth.request.ID })
			if auth.generation == subscribe.generation && answered > asked {
				w.t.Errorf("subscribed before the answer to %s", auth.text)
			}
		}
	}
}

// A request made while the hook runs is sent after it.
func othersWait(w *world) {
	w.login()
	w.model("a.b", map[string]any{"n": 1})
	clients, got := make(chan *client, 1), make(chan error, 1)
	c := w.newClient(conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
		c := <-clients
		getting := notice(w.within())
		go func() {
			_, err := c.Get(getting, "a.b")
			got <- err
		}()
		<-getting.waited // the client has it
		return s.Auth(ctx, "auth", "login", nil, nil)
	}})
	clients <- c
	w.must(receive(w, "the get", got))
	c.settle()
	auth := c.tape.requests(wire.TypeAuth, "auth")[0]
	get := c.tape.requests(wire.TypeGet, "a.b")[0]
	answered := c.tape.index(func(r record) bool { return r.response != nil && r.response.ID == auth.request.ID })
	if c.tape.index(func(r record) bool { return r.request == get.request }) < answered {
		w.t.Error("the get was sent while the hook ran")
	}
}

// An error of the hook ends the attempt, which is tried again after a delay.
func authRetryable(w *world) {
	var tries atomic.Int32
	c := w.newClient(conn.Hooks{Authenticate: func(context.Context, *conn.Session) error {
		if tries.Add(1) < 4 {
			return errors.New("not yet")
		}
		return nil
	}}, conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(time.Minute) }), conn.WithMaxDelay(time.Minute))
	began := time.Now()
	c.await(state.Connected)
	if took := time.Since(began); tries.Load() != 4 || took < 10*time.Second {
		w.t.Errorf("%d tries in %v, want 4 with delays of up to a minute", tries.Load(), took)
	}
	synctest.Wait()
	if n := len(w.server.Connections()); n != 1 {
		w.t.Errorf("%d sockets are open, want 1", n)
	}
}

// A permanent error of the hook ends the client, and who waits is told why.
func authPermanent(w *world) {
	revoked := errors.New("licence revoked")
	began := make(chan struct{})
	c := w.newClient(conn.Hooks{Authenticate: func(context.Context, *conn.Session) error {
		<-began
		return backoff.Permanent(revoked)
	}})
	failed := make(chan error, 4)
	ctx := w.within()
	waiting := []*noticed{notice(ctx), notice(ctx), notice(ctx), notice(ctx)}
	go func() { _, err := c.Subscribe(waiting[0], "a.b"); failed <- err }()
	go func() { _, err := c.Get(waiting[1], "a.b"); failed <- err }()
	go func() { failed <- c.Call(waiting[2], "a.b", "m", nil, nil) }()
	go func() { failed <- c.WaitFor(waiting[3], state.Connected) }()
	for _, n := range waiting {
		receive(w, "a caller", n.waited)
	}
	close(began)
	for range waiting {
		if err := <-failed; !errors.Is(err, conn.ErrClosed) || !errors.Is(err, revoked) {
			w.t.Errorf("a caller was told %v, want closed and why", err)
		}
	}
	receive(w, "the end of the client", c.Done())
	synctest.Wait()
	if n := len(w.server.Connections()); n > 0 || c.State() != state.Closed || c.Stats().Generation != 1 {
		w.t.Errorf("%d sockets are open in state %v after %d dials", n, c.State(), c.Stats().Generation)
	}
}

// Headers are asked for before each dial. When that fails, nothing was opened yet,
// and when authentication fails, what was opened is closed.
func credentialsPerAttempt(w *world) {
	var fail, tokens, most atomic.Int32
	c := w.newClient(conn.Hooks{
		BeforeDial: func(_ context.Context, a *conn.Attempt) error {
			most.Store(max(most.Load(), int32(len(goroutines()))))
			if tokens.Add(1) <= 49 {
				return errors.New("no token")
			}
			a.Header.Set("Authorization", "renewed")
			return nil
		},
		Authenticate: func(context.Context, *conn.Session) error {
			if fail.Add(1) <= 49 {
				return errors.New("token refused")
			}
			return nil
		},
	}, conn.WithMaxDelay(time.Second))
	w.until("it is connected", func() bool {
		if n := len(w.server.Connections()); tokens.Load() <= 49 && n > 0 || n > 1 {
			w.t.Fatalf("%d sockets are open after %d attempts", n, tokens.Load())
		}
		return c.State() == state.Connected
	})
	if tokens.Load() != 99 || most.Load() > 10 {
		w.t.Errorf("asked %d times, want 99; up to %d goroutines", tokens.Load(), most.Load())
	}
}

// A subscription whose access is lost says so, is tried again slowly, and holds up
// nothing else.
func revoked(w *world) {
	w.login()
	w.model("a.b", map[string]any{"n": 1})
	w.model("other", map[string]any{"n": 1})
	door := newDoor(w, "a.b")
	c := w.connect(conn.WithRetryBackOff(func() backoff.BackOff { return new(onceSoon) }))
	f, other := c.subscribe("a.b"), c.subscribe("other")
	f.expect(`a.b sync (first) {"n":1}`)
	other.expect(`other sync (first) {"n":1}`)
	lost := time.Now()
	door.shut()
	f.expect(`a.b unsubscribe: system.accessDenied`, `a.b stale: system.accessDenied`)
	w.change("other", map[string]any{"n": 2})
	other.expect(`other change n=2 (was 1)`)
	if err := c.WaitInSync(expired()); err == nil || !strings.Contains(err.Error(), "a.b") {
		w.t.Errorf("the error %v does not name what is stale", err)
	}

	w.until("it was tried again", func() bool {
		tries := c.tape.requests(wire.TypeSubscribe, "a.b")
		return len(tries) > 1 && c.tape.answered(tries[1])
	})
	if waited := time.Since(lost); waited < 4*time.Second {
		w.t.Errorf("tried again after %v, want slowly", waited)
	}
	w.change("a.b", map[string]any{"n": 5})
	w.must(c.Auth(w.within(), "auth", "login", nil, nil))
	entered := time.Now()
	f.expect(`a.b change n=5 (was 1) (resync)`, `a.b sync (reconnect) {"n":5}`)
	if waited := time.Since(entered); w.fake() && waited > 2*time.Second {
		w.t.Errorf("waited %v after the login, want that it tries at once what was denied", waited)
	}
	c.awaitSync()
	other.expectNoMore()
}

// onceSoon is a back-off that tries again soon, and then, as far as a test is concerned,
// never more.
type onceSoon struct{ tried bool }

// NextBackOff is the first delay, or any other.
func (b *onceSoon) NextBackOff() time.Duration {
	if b.tried {
		return 10_000 * time.Hour
	}
	b.tried = true
	return time.Second
}

// Reset begins anew.
func (b *onceSoon) Reset() { b.tried = false }

// A login also helps a subscription whose refusal, from before the login, is still
// on its way.
func loginCrossesRefusal(w *world) {
	w.login()
	w.model("a.b", map[string]any{"n": 1})
	door := newDoor(w, "a.b")
	p, refusal := holdFirst(w, faultproxy.FromGateway, wire.TypeSubscribe, "a.b")
	refusal.skip(1)
	c := w.connectAt(p.URL())
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	door.shut()
	f.expect(`a.b unsubscribe: system.accessDenied`, `a.b stale: system.accessDenied`)
	receive(w, "the refusal of the first retry", refusal.held)
	w.must(c.Auth(w.within(), "auth", "login", nil, nil))
	refusal.letGo()
	entered := time.Now()
	f.expect(`a.b sync (reconnect) {"n":1}`)
	if waited := time.Since(entered); waited > 2*time.Second {
		w.t.Errorf("waited %v after the login", waited)
	}
}

// expired is a context that has ended.
func expired() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
