package conn_test

import (
	"context"
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

// throttled makes a.b a resource that is denied while busy is set.
func throttled(w *world) (busy *atomic.Bool) {
	busy = new(atomic.Bool)
	w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
	w.must(w.service.HandleAccess("a.b", func(*resgatetest.Request) (resgatetest.Access, error) {
		if busy.Load() {
			return resgatetest.Access{}, &res.Error{Code: "test.tooActive", Message: "Too active", Data: []byte(`{"seconds":7}`)}
		}
		return resgatetest.Access{Get: true}, nil
	}))
	return busy
}

func TestARetryPolicyDecidesByTheErrorAndItsData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := throttled(w)
		var seen []conn.Refusal
		c := w.connected(conn.WithRetryPolicy(func(r conn.Refusal) (time.Duration, bool) {
			seen = append(seen, r)
			return 7 * time.Second, r.Tries < 3
		}))
		s := w.subscribe(c, "a.b")
		if st := s.Status(); !st.Live || st.Tries != 0 {
			t.Errorf("the status is %+v, want live", st)
		}
		busy.Store(true)
		w.must(w.service.Reaccess("a.b"))
		synctest.Wait()
		st := s.Status()
		if st.Live || st.Tries != 1 || !st.RetryAt.Equal(time.Now().Add(7*time.Second)) || !errors.Is(st.Err, &res.Error{Code: "test.tooActive"}) {
			t.Errorf("the status is %+v, want a retry in 7 s", st)
		}
		<-s.Done()
		var refused *res.Error
		if len(seen) != 3 || !errors.As(seen[2].Err, &refused) || string(refused.Data) != `{"seconds":7}` {
			t.Errorf("the policy saw %+v", seen)
		}
		for range s.Events(context.Background()) {
		}
		if !errors.Is(s.Err(), conn.ErrGaveUp) {
			t.Errorf("the subscription ended with %v, want ErrGaveUp", s.Err())
		}
		if st := s.Status(); st.Live || !errors.Is(st.Cause, conn.ErrGaveUp) {
			t.Errorf("the status after the end is %+v", st)
		}
	})
}

func TestALingeringResourceCostsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected(conn.WithLinger(5 * time.Second))
		w.subscribe(c, "a.b").Close()
		time.Sleep(4 * time.Second)
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		synctest.Wait()
		s := w.subscribe(c, "a.b")
		read(t, s).expect(`a.b sync (first) {"n":2}`)
		time.Sleep(10 * time.Second)
		if r := w.gateway.Requests(); r["subscribe"] != 1 || r["unsubscribe"] != 0 {
			t.Errorf("requests %v, want one subscribe and nothing else", r)
		}
		s.Close()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if r := w.gateway.Requests(); r["unsubscribe"] != 1 || c.Stats().Resources != 0 {
			t.Errorf("requests %v after the time, and %d resources", r, c.Stats().Resources)
		}
	})
}

func TestLingeringEndsWithTheConnectionAndWithTheGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := throttled(w)
		c := w.connected(conn.WithLinger(time.Hour))
		w.subscribe(c, "a.b").Close()
		synctest.Wait()
		busy.Store(true)
		w.must(w.service.Reaccess("a.b"))
		synctest.Wait()
		if s := c.Stats(); s.Subscriptions != 0 || s.Retries != 0 {
			t.Errorf("what lingers was tried again: %+v", s)
		}
		busy.Store(false)
		w.subscribe(c, "a.b").Close()
		synctest.Wait()
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		if r := w.gateway.Requests(); r["subscribe"] != 2 {
			t.Errorf("requests %v: what lingered was subscribed again", r)
		}
	})
}
