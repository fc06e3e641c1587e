package conn_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

func TestASlowConsumerLagsAndCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("slow", map[string]any{"n": 0}))
		c := w.connected(conn.WithQueueLimits(10, 1<<20))
		slow := w.subscribe(c, "slow")
		fast := w.subscribe(c, "slow")
		fastDone := make(chan error, 1)
		go func() { fastDone <- followTo(fast, 100) }()
		for n := 1; n <= 100; n++ {
			w.must(w.service.Change("slow", map[string]any{"n": n}))
			synctest.Wait()
		}
		if err := <-fastDone; err != nil {
			t.Errorf("the other subscription was held up: %v", err)
		}
		events := read(t, slow)
		events.expect(`slow lag: 101 events folded, 0 custom events lost`, `slow sync (lag) {"n":100}`)
		w.must(w.service.Change("slow", map[string]any{"n": 101}))
		events.expect(`slow change n=101 (was 100)`)
	})
}

func TestAHandlerGetsEventsOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 0}))
		c := w.connected()
		var running atomic.Int32
		var got []string
		s := w.subscribe(c, "a.b", conn.WithHandler(func(ev subs.Event) {
			if running.Add(1) > 1 {
				t.Error("two handlers at once")
			}
			time.Sleep(time.Millisecond)
			got = append(got, ev.String())
			running.Add(-1)
		}))
		for n := 1; n <= 3; n++ {
			w.must(w.service.Change("a.b", map[string]any{"n": n}))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		want := []string{`a.b sync (first) {"n":0}`, `a.b change n=1 (was 0)`, `a.b change n=2 (was 1)`, `a.b change n=3 (was 2)`}
		if !slices.Equal(got, want) {
			t.Errorf("got %q", got)
		}
		s.Close()
		w.must(w.service.Change("a.b", map[string]any{"n": 9}))
		time.Sleep(time.Second)
		synctest.Wait()
		if len(got) != len(want) {
			t.Errorf("an event after Close: %q", got[len(want)])
		}
	})
}

func TestNoEventAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		s := w.subscribe(c, "a.b")
		s.Close()
		s.Close()
		for ev := range s.Events(context.Background()) {
			t.Errorf("event %v after Close", ev)
		}
		if !errors.Is(s.Err(), conn.ErrSubscriptionClosed) {
			t.Errorf("got %v, want ErrSubscriptionClosed", s.Err())
		}
	})
}

func TestALoopThatIsLeftGoesOnInAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 0}))
		c := w.connected()
		s := w.subscribe(c, "a.b")
		for range s.Events(context.Background()) {
			break
		}
		if s.Err() != nil {
			t.Errorf("a loop that was left ended with %v", s.Err())
		}
		w.must(w.service.Change("a.b", map[string]any{"n": 1}))
		read(t, s).expect(`a.b change n=1 (was 0)`)
		synctest.Wait()
		defer func() {
			if recover() == nil {
				t.Error("a second consumer did not panic")
			}
		}()
		for range s.Events(context.Background()) {
		}
	})
}
