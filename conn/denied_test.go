package conn_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// tokens is a service whose resources may be read with the token of the hour, which
// auth.user.login gives out.
type tokens struct {
	hour   atomic.Int64
	logins atomic.Int64
}

func guarded(service *resgatetest.Service, rids ...string) (*tokens, error) {
	tk := &tokens{}
	errs := []error{service.HandleAuth("auth.user", "login", func(r *resgatetest.Request) (any, error) {
		tk.logins.Add(1)
		return nil, r.SetToken(map[string]int64{"hour": tk.hour.Load()})
	})}
	for _, rid := range rids {
		errs = append(errs, service.SetModel(rid, map[string]any{"n": 1}), service.HandleAccess(res.Pattern(rid), func(r *resgatetest.Request) (resgatetest.Access, error) {
			if string(r.Token) != fmt.Sprintf(`{"hour":%d}`, tk.hour.Load()) {
				return resgatetest.Access{}, res.ErrAccessDenied
			}
			return resgatetest.Access{Get: true}, nil
		}))
	}
	return tk, errors.Join(errs...)
}

// expire makes all tokens invalid.
func (tk *tokens) expire(service *resgatetest.Service, rids ...string) error {
	tk.hour.Add(1)
	var errs []error
	for _, rid := range rids {
		errs = append(errs, service.Reaccess(rid))
	}
	return errors.Join(errs...)
}

func login(ctx context.Context, s *conn.Session) error {
	return s.Auth(ctx, "auth.user", "login", nil, nil)
}

func TestAnExpiredTokenIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		rids := []string{"m.0", "m.1", "m.2"}
		tk, err := guarded(w.service, rids...)
		w.must(err)
		var hooked []string
		c := w.connected(conn.WithHooks(conn.Hooks{
			Authenticate: login,
			AccessDenied: func(ctx context.Context, s *conn.Session, rid string) error {
				hooked = append(hooked, rid)
				time.Sleep(time.Second) // to get a token
				return login(ctx, s)
			},
		}))
		events := read(t, w.subscribe(c, "m.0"))
		for _, rid := range rids[1:] {
			w.subscribe(c, rid)
		}
		events.expect(`m.0 sync (first) {"n":1}`)
		for range 3 {
			time.Sleep(time.Hour)
			expired := time.Now()
			w.must(tk.expire(w.service, rids...))
			synctest.Wait()
			w.must(c.WaitInSync(context.Background()))
			if took := time.Since(expired); took != time.Second {
				t.Errorf("in sync %v after the token had expired, want the second that the hook takes", took)
			}
			events.expect(`m.0 unsubscribe: Access denied (system.accessDenied)`, `m.0 stale: Access denied (system.accessDenied)`,
				`m.0 sync (reconnect) {"n":1}`)
		}
		if len(hooked) != 3 || tk.logins.Load() != 4 {
			t.Errorf("the hook was called for %q, and there were %d logins, want one for each time", hooked, tk.logins.Load())
		}
	})
}

func TestAccessThatIsGoneForGoodEndsItsSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tk, err := guarded(w.service, "m.0")
		w.must(err)
		dismissed := errors.New("dismissed")
		c := w.connected(conn.WithHooks(conn.Hooks{
			Authenticate: login,
			AccessDenied: func(context.Context, *conn.Session, string) error { return backoff.Permanent(dismissed) },
		}))
		s := w.subscribe(c, "m.0")
		w.must(tk.expire(w.service, "m.0"))
		<-s.Done()
		for range s.Events(context.Background()) {
		}
		if !errors.Is(s.Err(), dismissed) || c.State() != state.Connected {
			t.Errorf("ended with %v, %v, want the hook's error and a client that goes on", s.Err(), c.State())
		}
	})
}

func TestAnAccessHookThatFailsOrHangsHoldsUpNothing(t *testing.T) {
	for name, hook := range map[string]func(context.Context, *conn.Session, string) error{
		"fails":                     func(context.Context, *conn.Session, string) error { return errors.New("no token to be had") },
		"hangs":                     func(ctx context.Context, _ *conn.Session, _ string) error { <-ctx.Done(); return ctx.Err() },
		"does not heed its context": func(context.Context, *conn.Session, string) error { time.Sleep(10 * time.Minute); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tk, err := guarded(w.service, "m.0")
				w.must(errors.Join(err, w.service.SetModel("open", map[string]any{"n": 1})))
				c := w.connected(conn.WithHooks(conn.Hooks{Authenticate: login, AccessDenied: hook}))
				s := w.subscribe(c, "m.0")
				events := read(t, w.subscribe(c, "open"))
				events.expect(`open sync (first) {"n":1}`)
				w.must(tk.expire(w.service, "m.0"))
				synctest.Wait()
				w.must(w.service.Change("open", map[string]any{"n": 2}))
				now := time.Now()
				events.expect(`open change n=2 (was 1)`)
				if took := time.Since(now); took > 0 {
					t.Errorf("another feed waited %v", took)
				}
				time.Sleep(2 * time.Minute)
				if st := s.Status(); st.Live || st.Tries < 1 || st.RetryAt.IsZero() && st.Tries < 2 {
					t.Errorf("the subscription is not tried again: %+v", st)
				}
				tk.hour.Store(0) // the token is good again
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
				defer cancel()
				w.must(s.WaitSync(ctx))
				c.Close()
				<-c.Done()
			})
		})
	}
}

func TestASessionEndsWithItsHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tk, err := guarded(w.service, "m.0")
		w.must(err)
		sessions := make(chan *conn.Session, 2)
		c := w.connected(conn.WithHooks(conn.Hooks{
			Authenticate: func(ctx context.Context, s *conn.Session) error { sessions <- s; return login(ctx, s) },
			AccessDenied: func(ctx context.Context, s *conn.Session, _ string) error { sessions <- s; return login(ctx, s) },
		}))
		w.subscribe(c, "m.0")
		w.must(tk.expire(w.service, "m.0"))
		synctest.Wait()
		for range 2 {
			if err := login(context.Background(), <-sessions); !errors.Is(err, conn.ErrNotConnected) {
				t.Errorf("a session after its hook: %v, want ErrNotConnected", err)
			}
		}
	})
}

// The gateway ends subscriptions because their token has expired, and the client
// renews it, over real sockets.
func TestAnExpiredTokenIsRenewedOnRealSockets(t *testing.T) {
	w := newNATSWorld(t)
	tk, err := guarded(w.service, "m.0", "m.1")
	if err != nil {
		t.Fatal(err)
	}
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL(), conn.WithHooks(conn.Hooks{
		Authenticate: login,
		AccessDenied: func(ctx context.Context, s *conn.Session, _ string) error { return login(ctx, s) },
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Subscribe(ctx, "m.0")
	if err != nil {
		t.Fatal(err)
	}
	events := read(t, s)
	events.expect(`m.0 sync (first) {"n":1}`)
	if err := tk.expire(w.service, "m.0"); err != nil {
		t.Fatal(err)
	}
	events.expect(`m.0 unsubscribe: Access denied (system.accessDenied)`, `m.0 stale: Access denied (system.accessDenied)`,
		`m.0 sync (reconnect) {"n":1}`)
	if err := c.WaitInSync(ctx); err != nil {
		t.Fatal(err)
	}
	if n := tk.logins.Load(); n != 2 {
		t.Errorf("%d logins, want one for the connection and one for the denial", n)
	}
}
