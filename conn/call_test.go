package conn_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

func TestParamsAndResultsAreWhatTheCallerWrote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.HandleCall("a.b", "echo", func(r *resgatetest.Request) (any, error) { return r.Params, nil }))
		c := w.connected()
		for _, params := range []any{nil, 0, false, "", []int{}, map[string]int{}, json.RawMessage("null"), json.RawMessage(`{"a":1}`)} {
			want := []byte("null")
			if params != nil {
				want, _ = json.Marshal(params)
			}
			var got json.RawMessage
			w.must(c.Call(context.Background(), "a.b", "echo", params, &got))
			if string(got) != string(want) {
				t.Errorf("params %v came back as %s, want %s", params, got, want)
			}
		}
		w.must(c.Call(context.Background(), "a.b", "echo", 1, nil))
		if err := c.Call(context.Background(), "a.b", "none", nil, nil); !errors.Is(err, res.ErrMethodNotFound) {
			t.Errorf("got %v, want method not found", err)
		}
		if err := c.Call(context.Background(), "a.b", "echo", "text", new(int)); err == nil {
			t.Error("a result that does not fit its Go value is no error")
		}
	})
}

func TestAResourceResponseGivesItsReferenceAndIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		w.must(w.service.HandleCall("books", "new", func(*resgatetest.Request) (any, error) {
			return resgatetest.Resource("book.1"), nil
		}))
		c := w.connected()
		for range 300 { // more than the gateway allows direct subscriptions
			var ref res.Ref
			w.must(c.Call(context.Background(), "books", "new", nil, &ref))
			if ref != "book.1" {
				t.Fatalf("got reference %q", ref)
			}
		}
		synctest.Wait()
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
	})
}

func TestMoreCallsAtOnceAnsweredWithOneResourceThanTheGatewayCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		var carriedOut atomic.Int32
		w.must(w.service.HandleCall("books", "new", func(*resgatetest.Request) (any, error) {
			carriedOut.Add(1)
			return resgatetest.Resource("book.1"), nil
		}))
		release, err := w.service.Hold("book.1", resgatetest.KindAccess) // which every answer waits for, and counts meanwhile
		w.must(err)
		c := w.connected()
		const calls, most = 300, 256
		ends := make(chan error, calls)
		for range calls {
			go func() { ends <- c.Call(context.Background(), "books", "new", nil, nil) }()
		}
		synctest.Wait()
		release()
		refused := 0
		for range calls {
			if err := <-ends; errors.Is(err, res.ErrSubscriptionLimitExceeded) {
				refused++
			} else {
				w.must(err)
			}
		}
		if refused != calls-most || carriedOut.Load() != calls {
			t.Errorf("%d calls refused of %d, and %d carried out; want %d and all", refused, calls, carriedOut.Load(), calls-most)
		}
		w.must(c.Call(context.Background(), "books", "new", nil, nil)) // all that was counted was given back
	})
}

func TestACallOnAMemberIsCarriedOutAlthoughItsListIsClosedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		w.must(w.service.SetCollection("books", []any{res.Ref("book.1")}))
		w.must(w.service.HandleCall("book.1", "read", func(*resgatetest.Request) (any, error) { return nil, nil }))
		w.must(w.service.Delay("book.1", 100*time.Millisecond, resgatetest.KindAccess))
		c := w.connected()
		books := w.subscribe(c, "books")
		time.AfterFunc(50*time.Millisecond, books.Close)
		w.must(c.Call(context.Background(), "book.1", "read", nil, nil))
		time.Sleep(time.Minute)
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
	})
}

func TestACallThatIsOutWhenTheConnectionIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var calls atomic.Int32
		w.must(w.service.HandleCall("a.b", "m", func(r *resgatetest.Request) (any, error) {
			calls.Add(1)
			<-r.Context().Done()
			return nil, nil
		}))
		c := w.connected()
		failed := make(chan error)
		go func() { failed <- c.Call(context.Background(), "a.b", "m", nil, nil) }()
		synctest.Wait()
		w.must(w.gateway.Kill())
		if err := <-failed; !errors.Is(err, conn.ErrConnectionLost) {
			t.Errorf("got %v, want ErrConnectionLost", err)
		}
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		time.Sleep(time.Minute)
		if n := calls.Load(); n != 1 {
			t.Errorf("the service was called %d times", n)
		}
	})
}

func TestACallWithoutAConnectionWaitsForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.HandleCall("a.b", "m", func(*resgatetest.Request) (any, error) { return "done", nil }))
		c := w.connected(conn.WithOfflineQueue(1))
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := c.Call(ctx, "a.b", "m", nil, nil)
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrNotConnected and the context's error", err)
		}

		answered := make(chan error)
		var result string
		go func() { answered <- c.Call(context.Background(), "a.b", "m", nil, &result) }()
		synctest.Wait()
		if err := c.Call(context.Background(), "a.b", "m", nil, nil); !errors.Is(err, conn.ErrQueueFull) {
			t.Errorf("got %v, want ErrQueueFull", err)
		}
		w.must(w.gateway.Restart())
		if err := <-answered; err != nil || result != "done" {
			t.Errorf("the call that waited got %v, %q", err, result)
		}
	})
}

func TestFailFastDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected(conn.WithFailFast())
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		if err := c.Call(context.Background(), "a.b", "m", nil, nil); !errors.Is(err, conn.ErrNotConnected) {
			t.Errorf("got %v, want ErrNotConnected", err)
		}
	})
}

func TestACallThatNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, resgatetest.WithTimeout(time.Hour))
		w.must(w.service.Mute("a.b"))
		c := w.connected(conn.WithRequestTimeout(5 * time.Second))
		start := time.Now()
		err := c.Call(context.Background(), "a.b", "m", nil, nil)
		if !errors.Is(err, conn.ErrNoAnswer) {
			t.Errorf("got %v, want ErrNoAnswer", err)
		}
		const text = `conn: call "a.b" "m": the gateway did not answer in time: the outcome of the request is unknown`
		if err.Error() != text {
			t.Errorf("got  %v\nwant %s", err, text)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v, want the request timeout", took)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.Call(ctx, "a.b", "m", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestAuthenticateRunsBeforeAnythingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		w.must(w.service.HandleAuth("auth", "login", func(r *resgatetest.Request) (any, error) {
			return nil, r.SetToken(map[string]string{"user": "ann"})
		}))
		w.must(w.service.HandleAccess(">", func(r *resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: string(r.Token) != "null"}, nil
		}))
		var kept *conn.Session
		c := w.connected(conn.WithHooks(conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
			kept = s
			return s.Auth(ctx, "auth", "login", nil, nil)
		}}))
		events := read(t, w.subscribe(c, "a.b"))
		events.expect(`a.b sync (first) {"n":1}`)
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		w.must(c.WaitInSync(context.Background()))
		if err := kept.Auth(context.Background(), "auth", "login", nil, nil); !errors.Is(err, conn.ErrNotConnected) {
			t.Errorf("a session used later gave %v, want ErrNotConnected", err)
		}
	})
}

func TestAuthenticateThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tries := 0
		c := w.client(conn.WithHooks(conn.Hooks{Authenticate: func(context.Context, *conn.Session) error {
			if tries++; tries < 3 {
				return errors.New("not yet")
			}
			return nil
		}}))
		w.await(c, state.Connected)
		if tries != 3 {
			t.Errorf("the hook ran %d times, want 3", tries)
		}
		if n := len(w.gateway.Connections()); n != 1 {
			t.Errorf("%d connections are open", n)
		}
	})
}

func TestDeniedSubscriptionsAreTriedAgainAfterAuth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		w.must(w.service.HandleAuth("auth", "login", func(r *resgatetest.Request) (any, error) {
			return nil, r.SetToken(map[string]string{"user": "ann"})
		}))
		var open atomic.Bool
		open.Store(true)
		w.must(w.service.HandleAccess("a.b", func(r *resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: open.Load() || string(r.Token) != "null"}, nil
		}))
		c := w.connected()
		s := w.subscribe(c, "a.b")
		open.Store(false)
		w.must(w.service.Reaccess("a.b"))
		synctest.Wait()
		start := time.Now()
		w.must(c.Auth(context.Background(), "auth", "login", nil, nil))
		w.must(s.WaitSync(context.Background()))
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("it took %v after the login", took)
		}
	})
}
