package conn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

var rounds = flag.Int("rounds", 300, "rounds of tests that look for races; more for a soak")

func TestEventsOfModelsAndCollections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetCollection("list", []any{"a", "b"}))
		w.must(w.service.SetModel("m", map[string]any{"n": res.DataValue[[]int]{Data: []int{1}}, "big": uint64(12345678901234567890)}))
		c := w.connected()
		list, m := read(t, w.subscribe(c, "list")), read(t, w.subscribe(c, "m"))
		list.expect(`list sync (first) ["a","b"]`)
		m.expect(`m sync (first) {"big":12345678901234567890,"n":{"data":[1]}}`)
		w.must(w.service.Add("list", 0, "x"))
		w.must(w.service.Remove("list", 1))
		w.must(w.service.Event("list", "shuffled", map[string]int{"by": 7}))
		list.expect(`list add [0] "x"`, `list remove [1] "a"`, `list shuffled {"by":7}`)
		w.must(w.service.Change("m", map[string]any{"n": res.DeleteAction, "new": nil}))
		m.expect(`m change n deleted (was {"data":[1]}) new=null (new)`)
		w.must(w.service.Delete("m"))
		m.expect(`m delete`, `m stale: Deleted (system.deleted)`)
	})
}

func TestSubscribeReturnsTheGatewaysError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected()
		_, err := c.Subscribe(context.Background(), "no.such")
		if !errors.Is(err, res.ErrNotFound) {
			t.Fatalf("got %v, want not found", err)
		}
		if s := c.Stats(); s.Subscriptions != 0 || s.Resources != 0 || s.Retrying != 0 {
			t.Errorf("something was left behind: %+v", s)
		}
		w.must(w.service.SetModel("no.such", map[string]any{}))
		w.subscribe(c, "no.such")
	})
}

func TestASecondSubscriptionSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected()
		first, second := w.subscribe(c, "a.b"), w.subscribe(c, "a.b")
		read(t, first).expect(`a.b sync (first) {"n":1}`)
		read(t, second).expect(`a.b sync (first) {"n":1}`)
		if n := w.gateway.Requests()["subscribe"]; n != 1 {
			t.Errorf("%d subscribe requests, want 1", n)
		}
		first.Close()
		synctest.Wait()
		if n := w.gateway.Requests()["unsubscribe"]; n != 0 {
			t.Errorf("%d unsubscribe requests while another handle is open", n)
		}
		second.Close()
		synctest.Wait()
		if n := w.gateway.Requests()["unsubscribe"]; n != 1 {
			t.Errorf("%d unsubscribe requests after the last handle, want 1", n)
		}
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
		if s := c.Stats(); s.Resources != 0 {
			t.Errorf("%d resources are still cached", s.Resources)
		}
	})
}

// A hundred goroutines subscribe to one resource at once while it changes all the
// time: one request goes out, each of them gets a snapshot, and the events that
// follow join it without a gap.
func TestAHundredSubscribersAtOnce(t *testing.T) {
	for range *rounds {
		synctest.Test(t, subscribersAtOnce)
	}
}

func subscribersAtOnce(t *testing.T) {
	w := newWorld(t)
	w.must(w.service.SetModel("a.b", map[string]any{"n": 0}))
	c := w.connected()
	const last = 20
	var all sync.WaitGroup
	all.Go(func() {
		for n := 1; n <= last; n++ {
			w.must(w.service.Change("a.b", map[string]any{"n": n}))
		}
	})
	for range 100 {
		all.Go(func() {
			s, err := c.Subscribe(context.Background(), "a.b")
			if err != nil {
				t.Error(err)
				return
			}
			if err := followTo(s, last); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := w.gateway.Requests()["subscribe"]; n != 1 {
		t.Errorf("%d subscribe requests, want 1", n)
	}
	c.Close()
}

// followTo reads until n is last, and reports a gap.
func followTo(s *conn.Subscription, last int) error {
	n := -1
	for ev := range s.Events(context.Background()) {
		switch ev := ev.(type) {
		case *subs.Sync:
			if n >= 0 {
				return fmt.Errorf("a second snapshot: %v", ev)
			}
			if err := ev.Resource.Value("n").Decode(&n); err != nil {
				return err
			}
		case *subs.Change:
			var was, is int
			if err := errors.Join(ev.Old("n").Decode(&was), ev.Value("n").Decode(&is)); err != nil {
				return err
			}
			if was != n || is != n+1 {
				return fmt.Errorf("from %d to %d after %d", was, is, n)
			}
			n = is
		default:
			return fmt.Errorf("unexpected %v", ev)
		}
		if n == last {
			return nil
		}
	}
	return s.Err()
}

func TestACancelledSubscribeGivesItsCountBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		release, err := w.service.Hold("a.b")
		w.must(err)
		c := w.connected()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := c.Subscribe(ctx, "a.b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		release()
		synctest.Wait()
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
		if s := c.Stats(); s.Resources != 0 || s.Pending != 0 {
			t.Errorf("something was left behind: %+v", s)
		}
	})
}

func TestOneCallersContextDoesNotCancelAnothersSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		release, err := w.service.Hold("a.b")
		w.must(err)
		c := w.connected()
		ctx, cancel := context.WithCancel(context.Background())
		go c.Subscribe(ctx, "a.b")
		synctest.Wait()
		other := make(chan *conn.Subscription)
		go func() {
			s, err := c.Subscribe(context.Background(), "a.b")
			if err != nil {
				t.Error(err)
			}
			other <- s
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		release()
		read(t, <-other).expect(`a.b sync (first) {"n":1}`)
	})
}

func TestALostAccessIsToldAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		w.must(w.service.SetModel("other", map[string]any{"n": 1}))
		var allowed atomic.Bool
		allowed.Store(true)
		w.must(w.service.HandleAccess("a.b", func(*resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: allowed.Load()}, nil
		}))
		c := w.connected()
		s := w.subscribe(c, "a.b")
		events, other := read(t, s), read(t, w.subscribe(c, "other"))
		events.expect(`a.b sync (first) {"n":1}`)
		other.expect(`other sync (first) {"n":1}`)
		allowed.Store(false)
		w.must(w.service.Reaccess("a.b"))
		events.expect(`a.b unsubscribe: Access denied (system.accessDenied)`, `a.b stale: Access denied (system.accessDenied)`)
		if c.Stats().InSync {
			t.Error("in sync although a subscription was revoked")
		}
		w.must(w.service.Change("other", map[string]any{"n": 2}))
		other.expect(`other change n=2 (was 1)`)
		w.must(w.service.Change("a.b", map[string]any{"n": 5}))
		allowed.Store(true)
		w.must(s.WaitSync(context.Background()))
		w.must(c.WaitInSync(context.Background()))
		events.expect(`a.b change n=5 (was 1)`, `a.b sync (reconnect) {"n":5}`)
	})
}

func TestAReplayThatIsRefusedHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("gone", map[string]any{"n": 1}))
		w.must(w.service.SetModel("here", map[string]any{"n": 1}))
		c := w.connected()
		gone, here := read(t, w.subscribe(c, "gone")), read(t, w.subscribe(c, "here"))
		gone.expect(`gone sync (first) {"n":1}`)
		here.expect(`here sync (first) {"n":1}`)
		w.must(w.gateway.Kill())
		w.service.Fail("gone", res.ErrNotFound)
		w.must(w.gateway.Restart())
		w.await(c, state.Dialing)
		w.await(c, state.Connected)
		if s := c.Stats(); s.Stale != 1 || s.InSync {
			t.Errorf("%d stale, want 1: %+v", s.Stale, s)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if err := c.WaitInSync(ctx); err == nil || !strings.Contains(err.Error(), `still connected, 1 stale (gone): `) {
			t.Errorf("the error does not name what is stale: %v", err)
		}
		here.expect(`here stale: read: websocket: close 1006 (abnormal closure): unexpected EOF`, `here sync (reconnect) {"n":1}`)
		w.service.Fail("gone", nil)
		w.must(c.WaitInSync(context.Background()))
		gone.expect(`gone stale: read: websocket: close 1006 (abnormal closure): unexpected EOF`, `gone sync (reconnect) {"n":1}`)
	})
}

func TestGetIsASnapshotThatPinsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected()
		r, err := c.Get(context.Background(), "a.b")
		w.must(err)
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		synctest.Wait()
		if r.String() != `{"n":1}` || r.Kind() != wire.KindModel {
			t.Errorf("the snapshot is %v", r)
		}
		if s := c.Stats(); s.Resources != 0 {
			t.Errorf("%d resources are cached after a get", s.Resources)
		}
		if _, err := c.Get(context.Background(), "no.such"); !errors.Is(err, res.ErrNotFound) {
			t.Errorf("got %v, want not found", err)
		}
		w.must(w.service.SetModel("no.such", map[string]any{}))
		if _, err := c.Get(context.Background(), "no.such"); err != nil {
			t.Errorf("the failed get stuck: %v", err)
		}
	})
}

func TestGetOfWhatIsSubscribedAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected()
		w.subscribe(c, "a.b")
		r, err := c.Get(context.Background(), "a.b")
		w.must(err)
		if n := w.gateway.Requests()["get"]; n != 0 || r.String() != `{"n":1}` {
			t.Errorf("got %v with %d requests", r, n)
		}
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if r, err := c.Get(ctx, "a.b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a get while stale gave %v, %v, want to wait", r, err)
		}
	})
}
