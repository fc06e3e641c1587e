package conn_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// record returns handlers that write down what each of them was called with.
func record(log func(string)) conn.Handlers {
	return conn.Handlers{
		Sync:        func(ev *subs.Sync) { log("Sync: " + ev.String()) },
		Change:      func(ev *subs.Change) { log("Change: " + ev.String()) },
		Add:         func(ev *subs.Add) { log("Add: " + ev.String()) },
		Remove:      func(ev *subs.Remove) { log("Remove: " + ev.String()) },
		Custom:      func(ev *subs.Custom) { log("Custom: " + ev.String()) },
		Delete:      func(ev *subs.Delete) { log("Delete: " + ev.String()) },
		Unsubscribe: func(ev *subs.Unsubscribe) { log("Unsubscribe: " + ev.String()) },
		Stale:       func(ev *subs.Stale) { log("Stale: " + ev.String()) },
		Lag:         func(ev *subs.Lag) { log("Lag: " + ev.String()) },
		Drop:        func(ev *subs.Drop) { log("Drop: " + ev.String()) },
	}
}

func TestEachKindOfEventHasItsHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a", map[string]any{"n": 1}))
		w.must(w.service.SetCollection("list", []any{res.Ref("a")}))
		c := w.connected(conn.WithQueueLimits(4, 1<<20))
		s := w.subscribe(c, "list", conn.Deep())
		var got []string
		ctx := context.Background()
		done := make(chan error)
		go func() { done <- s.Handle(ctx, record(func(line string) { got = append(got, line) })) }()
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			got = nil
		}
		expect(`Sync: list sync (first) [{"rid":"a"}]`)
		w.must(w.service.Change("a", map[string]any{"n": 2}))
		w.must(w.service.Event("list", "ping", nil))
		expect(`Change: a change n=2 (was 1)`, `Custom: list ping null`)
		w.must(w.service.Add("list", 1, "x"))
		w.must(w.service.Remove("list", 0))
		expect(`Add: list add [1] "x"`, `Remove: list remove [0] {"rid":"a"}`, `Drop: a drop`)
		w.must(w.service.Delete("list"))
		expect(`Delete: list delete`, `Stale: list stale: Deleted (system.deleted)`, `Unsubscribe: list unsubscribe: Deleted (system.deleted)`)
		c.Close()
		if err := <-done; !errors.Is(err, conn.ErrClosed) {
			t.Errorf("it ended with %v, want ErrClosed", err)
		}
	})
}

func TestHandlersOfEveryKindAreCalledAndNilOnesAreNot(t *testing.T) {
	kinds := map[string]subs.Event{
		"Sync": &subs.Sync{Resource: new(subs.Resource)}, "Change": &subs.Change{}, "Add": &subs.Add{}, "Remove": &subs.Remove{}, "Custom": &subs.Custom{},
		"Delete": &subs.Delete{}, "Unsubscribe": &subs.Unsubscribe{}, "Stale": &subs.Stale{}, "Lag": &subs.Lag{}, "Drop": &subs.Drop{},
	}
	if n := reflect.TypeFor[conn.Handlers]().NumField(); n != len(kinds) {
		t.Fatalf("there are %d handlers, and %d kinds of events", n, len(kinds))
	}
	for kind, ev := range kinds {
		var got []string
		record(func(line string) { got = append(got, line) }).Dispatch(ev)
		if want := []string{fmt.Sprintf("%s: %s", kind, ev)}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		conn.Handlers{}.Dispatch(ev)
	}
}

func TestHandleReturnsWhyItEndedAndCanGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected()
		s := w.subscribe(c, "m")
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Handle(ctx, conn.Handlers{Sync: func(*subs.Sync) { cancel() }})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the error of the context", err)
		}
		w.must(w.service.Change("m", map[string]any{"n": 2}))
		err = s.Handle(context.Background(), conn.Handlers{Change: func(ev *subs.Change) {
			if ev.Value("n").String() != "2" {
				t.Errorf("got %v", ev)
			}
			s.Close()
		}})
		if !errors.Is(err, conn.ErrSubscriptionClosed) {
			t.Errorf("got %v, want ErrSubscriptionClosed", err)
		}
	})
}

func TestHandlersWorkWithoutALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected()
		var got []string
		w.subscribe(c, "m", conn.WithHandler(record(func(line string) { got = append(got, line) }).Dispatch))
		synctest.Wait()
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		synctest.Wait()
		if len(got) != 2 || got[0] != `Sync: m sync (first) {"n":1}` || got[1][:6] != "Stale:" {
			t.Errorf("got %q", got)
		}
	})
}
