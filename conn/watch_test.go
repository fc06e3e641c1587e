package conn_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// number is a model with a number, among other things maybe.
type number struct{ N int }

// watching reads an iterator in a goroutine of its own, one pair for each call.
func watching[T any](w *world, c *conn.Client, rid string) (next func() string) {
	ctx, cancel := context.WithCancel(context.Background())
	pairs := make(chan string)
	go func() {
		defer close(pairs)
		for v, err := range conn.Watch[T](ctx, c, rid) {
			select {
			case pairs <- shown(v, err):
			case <-ctx.Done():
				return
			}
		}
	}()
	w.t.Cleanup(func() {
		cancel()
		for range pairs {
		}
	})
	return func() string {
		synctest.Wait()
		select {
		case pair, ok := <-pairs:
			if !ok {
				return "the end"
			}
			return pair
		default:
			return "nothing"
		}
	}
}

func shown(v any, err error) string {
	text, _ := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%s, %v", text, err)
	}
	return string(text)
}

func (w *world) expect(next func() string, want ...string) {
	w.t.Helper()
	for _, want := range want {
		if got := next(); got != want {
			w.t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWatchGivesWhatIsAndWhatBecomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		w.must(w.service.SetCollection("list", []any{"a", "b"}))
		c := w.connected()
		m, list := watching[number](w, c, "m"), watching[[]string](w, c, "list")
		w.expect(m, `{"N":1}`, "nothing")
		w.expect(list, `["a","b"]`, "nothing")
		w.must(w.service.Change("m", map[string]any{"n": 2}))
		w.must(w.service.Remove("list", 0))
		w.expect(m, `{"N":2}`, "nothing")
		w.expect(list, `["b"]`, "nothing")
		w.must(w.service.Add("list", 0, "c"))
		w.expect(list, `["c","b"]`, "nothing")
		w.expect(m, "nothing")
	})
}

func TestWatchExpandsReferencesAndFollowsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a", map[string]any{"n": 1}))
		w.must(w.service.SetModel("b", map[string]any{"n": 2}))
		w.must(w.service.SetCollection("list", []any{res.Ref("a")}))
		w.must(w.service.SetModel("root", map[string]any{"list": res.Ref("list"), "name": "x"}))
		c := w.connected()
		all := watching[struct{ List []number }](w, c, "root")
		ids := watching[[]res.Ref](w, c, "list")
		w.expect(all, `{"List":[{"N":1}]}`, "nothing")
		w.expect(ids, `[{"rid":"a"}]`, "nothing")
		w.must(w.service.Change("a", map[string]any{"n": 5}))
		w.expect(all, `{"List":[{"N":5}]}`, "nothing")
		w.must(w.service.Add("list", 1, res.Ref("b")))
		w.expect(all, `{"List":[{"N":5},{"N":2}]}`, "nothing")
		w.expect(ids, `[{"rid":"a"},{"rid":"b"}]`, "nothing")
		w.must(w.service.Change("b", map[string]any{"n": 6})) // which it came to reach
		w.expect(all, `{"List":[{"N":5},{"N":6}]}`, "nothing")
		w.must(w.service.Remove("list", 0))
		w.expect(all, `{"List":[{"N":6}]}`, "nothing")
		w.must(w.service.Change("a", map[string]any{"n": 7})) // which it reaches no more
		w.expect(all, "nothing")
	})
}

// Ten thousand events while a loop is busy are one value, the latest: there is no queue
// of old ones, not even a bounded one.
func TestWatchGivesASlowLoopTheLatestOnly(t *testing.T) {
	const events = 10_000
	for name, change := range map[string]func(w *world, n int) error{
		"of the model itself": func(w *world, n int) error {
			return w.service.Change("m", map[string]any{"n": n})
		},
		"of what it refers to": func(w *world, n int) error {
			return w.service.Change("child", map[string]any{"n": n})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.must(w.service.SetModel("child", map[string]any{"n": 0}))
				w.must(w.service.SetModel("m", map[string]any{"n": 0, "child": res.Ref("child")}))
				c := w.connected()
				var got []int
				for v, err := range conn.Watch[struct {
					N     int
					Child number
				}](context.Background(), c, "m") {
					w.must(err)
					n := v.N + v.Child.N
					got = append(got, n)
					if n > 0 {
						break
					}
					for n := range events {
						w.must(change(w, n+1))
					}
					synctest.Wait() // the client has them all
					if n := c.Stats().Events; n != events {
						t.Fatalf("the client has %d events, want %d", n, events)
					}
				}
				if !slices.Equal(got, []int{0, events}) {
					t.Errorf("got %d, want the first and the last", got)
				}
			})
		})
	}
}

// A loop that is always behind sees values that go forward, and comes to the last.
func TestWatchIsNeverStarvedNorBehindForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 0}))
		c := w.connected()
		const last = 2000
		go func() {
			for n := range last {
				w.must(w.service.Change("m", map[string]any{"n": n + 1}))
				time.Sleep(time.Millisecond)
			}
		}()
		before, values := -1, 0
		for v, err := range conn.Watch[number](context.Background(), c, "m") {
			w.must(err)
			if v.N <= before {
				t.Fatalf("%d after %d", v.N, before)
			}
			before = v.N
			values++
			if v.N == last {
				break
			}
			time.Sleep(7 * time.Millisecond)
		}
		if values < last/10 || values > last/5 {
			t.Errorf("%d values, want one for about every seven changes of %d", values, last)
		}
	})
}

func TestWatchGivesNothingWhenTShowsNothingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a", map[string]any{"n": 1}))
		w.must(w.service.SetModel("m", map[string]any{"n": 1, "other": 1, "ref": res.Ref("a")}))
		c := w.connected()
		m := watching[struct {
			Number int     `json:"n"`
			Other  int     `json:"-"`
			Ref    res.Ref `json:"ref,omitempty"`
		}](w, c, "m")
		w.expect(m, `{"n":1,"ref":{"rid":"a"}}`)
		w.must(w.service.Change("m", map[string]any{"other": 2}))
		w.expect(m, "nothing")
		w.must(w.service.Event("m", "ping", nil))
		w.expect(m, "nothing")
		w.must(w.service.Change("a", map[string]any{"n": 2}))
		w.expect(m, "nothing")
		w.gateway.Drop()
		w.must(c.WaitInSync(context.Background()))
		w.expect(m, "nothing")
	})
}

func TestWatchGoesOnAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("child", map[string]any{"n": 1}))
		w.must(w.service.SetModel("m", map[string]any{"n": 1, "child": res.Ref("child")}))
		c := w.connected()
		flat, deep := watching[number](w, c, "m"), watching[struct{ Child number }](w, c, "m")
		w.expect(flat, `{"N":1}`)
		w.expect(deep, `{"Child":{"N":1}}`)
		w.must(w.gateway.Kill())
		time.Sleep(8 * time.Hour) // which would not pass if anything were spinning
		w.expect(flat, "nothing")
		w.expect(deep, "nothing")
		w.must(w.service.Change("m", map[string]any{"n": 2}))
		w.must(w.gateway.Restart())
		w.must(c.WaitInSync(context.Background()))
		w.expect(flat, `{"N":2}`, "nothing")
		w.expect(deep, "nothing")

		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.service.Change("child", map[string]any{"n": 3}))
		w.must(w.gateway.Restart())
		w.must(c.WaitInSync(context.Background()))
		w.expect(flat, "nothing")
		w.expect(deep, `{"Child":{"N":3}}`, "nothing")
		w.must(w.service.Change("child", map[string]any{"n": 4})) // on the new connection
		w.expect(deep, `{"Child":{"N":4}}`, "nothing")
	})
}

func TestWatchOfWhatIsStaleBeginsWithTheLastContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected()
		w.subscribe(c, "m")
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		m := watching[number](w, c, "m")
		w.expect(m, `{"N":1}`, "nothing")
		w.must(w.service.Change("m", map[string]any{"n": 2}))
		w.must(w.gateway.Restart())
		w.must(c.WaitInSync(context.Background()))
		w.expect(m, `{"N":2}`, "nothing")
	})
}

func TestWatchComesBackWhenWhatWasDeletedIsCreatedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected()
		m := watching[number](w, c, "m")
		w.expect(m, `{"N":1}`)
		w.must(w.service.Delete("m"))
		w.expect(m, "nothing")
		w.must(w.service.SetModel("m", map[string]any{"n": 2}))
		w.must(c.WaitInSync(context.Background()))
		w.expect(m, `{"N":2}`, "nothing")
	})
}

func TestWatchDoesNothingWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected(conn.WithPing(10_000*time.Hour, time.Hour))
		m := watching[number](w, c, "m")
		w.expect(m, `{"N":1}`, "nothing")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		time.Sleep(1000 * time.Hour) // which would not pass if anything were spinning
		synctest.Wait()
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 100 {
			t.Errorf("%d allocations in a thousand hours without an event", n)
		}
	})
}

func TestSeveralMayWatchTheSameAndCallFromTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 0}))
		w.must(w.service.HandleCall("m", "next", func(*resgatetest.Request) (any, error) {
			return nil, w.service.Change("m", map[string]any{"n": 100})
		}))
		c := w.connected()
		seq := conn.Watch[number](context.Background(), c, "m")
		done := make(chan int)
		for range 10 {
			go func() {
				for v, err := range seq {
					w.must(err)
					if v.N == 100 {
						done <- v.N
						return
					}
					w.must(c.Call(context.Background(), "m", "next", nil, nil))
				}
			}()
		}
		for range 10 {
			<-done
		}
		synctest.Wait()
		if n := c.Stats().Subscriptions; n != 0 {
			t.Errorf("%d subscriptions are left", n)
		}
	})
}
