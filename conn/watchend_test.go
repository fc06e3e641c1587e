package conn_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestWatchGivesAnErrorForWhatDoesNotFitAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{"n": 1}))
		c := w.connected()
		m := watching[number](w, c, "m")
		w.expect(m, `{"N":1}`)
		const misfit = `{"N":0}, conn: watch "m": decode "m": json: cannot unmarshal string into Go struct field number.N of type int`
		w.must(w.service.Change("m", map[string]any{"n": "x"}))
		w.expect(m, misfit, "nothing")
		w.must(w.service.Change("m", map[string]any{"other": 1}))
		w.expect(m, "nothing")
		w.must(w.service.Change("m", map[string]any{"n": 1}))
		w.expect(m, `{"N":1}`, "nothing")

		list := watching[[]string](w, c, "m") // of another kind altogether
		w.expect(list, `null, conn: watch "m": decode "m": json: cannot unmarshal object into Go value of type []string`, "nothing")
	})
}

func TestWatchEndsWithTheReason(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(w *world, c *conn.Client, cancel func())
		opts []conn.Option
		want error
	}{
		"of its context":          {end: func(_ *world, _ *conn.Client, cancel func()) { cancel() }, want: context.Canceled},
		"of a client":             {end: func(_ *world, c *conn.Client, _ func()) { c.Close() }, want: conn.ErrClosed},
		"of a client, in the end": {end: func(_ *world, c *conn.Client, _ func()) { _ = c.Shutdown(context.Background()) }, want: conn.ErrClosed},
		"of a retry policy": {
			end:  func(w *world, _ *conn.Client, _ func()) { w.must(w.service.Delete("m")) },
			opts: []conn.Option{conn.WithRetryPolicy(func(conn.Refusal) (time.Duration, bool) { return 0, false })},
			want: conn.ErrGaveUp,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.must(w.service.SetModel("m", map[string]any{"n": 1}))
				c := w.connected(test.opts...)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				var last error
				pairs := 0
				for v, err := range conn.Watch[number](ctx, c, "m") {
					if pairs++; pairs == 1 {
						w.must(err)
						test.end(w, c, cancel)
						continue
					}
					if last = err; v != (number{}) {
						t.Errorf("%v comes with the error", v)
					}
				}
				if pairs != 2 || !errors.Is(last, test.want) {
					t.Errorf("%d pairs, the last error %v, want %v", pairs, last, test.want)
				}
				synctest.Wait()
				if n := c.Stats().Subscriptions; n != 0 {
					t.Errorf("%d subscriptions are left", n)
				}
			})
		})
	}
}

func TestWatchOfWhatIsNotGrantedIsOneError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("secret", map[string]any{}))
		w.must(w.service.HandleAccess("secret", func(*resgatetest.Request) (resgatetest.Access, error) { return resgatetest.Access{}, nil }))
		c := w.connected()
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		closed := w.connected()
		closed.Close()
		for name, test := range map[string]struct {
			ctx  context.Context
			c    *conn.Client
			rid  string
			want error
		}{
			"not found":     {t.Context(), c, "no.such", res.ErrNotFound},
			"denied":        {t.Context(), c, "secret", res.ErrAccessDenied},
			"no id":         {t.Context(), c, "no such", res.ErrInvalidRID},
			"ended context": {canceled, c, "m", context.Canceled},
			"closed client": {t.Context(), closed, "m", conn.ErrClosed},
		} {
			var all []error
			for _, err := range conn.Watch[number](test.ctx, test.c, test.rid) {
				all = append(all, err)
			}
			if len(all) != 1 || !errors.Is(all[0], test.want) {
				t.Errorf("%s: got %v, want %v once", name, all, test.want)
			}
		}
		if n := c.Stats().Subscriptions; n != 0 {
			t.Errorf("%d subscriptions are left", n)
		}
	})
}

func TestLeavingWatchInAnyWayReleasesTheResource(t *testing.T) {
	type seq func(yield func(number, error) bool)
	for name, leave := range map[string]func(seq){
		"break": func(s seq) {
			for range s {
				break
			}
		},
		"panic": func(s seq) {
			defer func() { _ = recover() }()
			for range s {
				panic("of the loop")
			}
		},
		"Goexit": func(s seq) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range s {
					runtime.Goexit()
				}
			}()
			<-done
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.must(w.service.SetModel("m", map[string]any{"n": 1}))
				c := w.connected()
				s := seq(conn.Watch[number](context.Background(), c, "m"))
				for range 3 { // the same iterator subscribes each time
					leave(s)
				}
				synctest.Wait()
				if r := w.gateway.Requests(); r["subscribe"] != 3 || r["unsubscribe"] != 3 {
					t.Errorf("requests were %v, want 3 of each", r)
				}
				if s := c.Stats(); s.Subscriptions != 0 || s.Resources != 0 {
					t.Errorf("something is left: %+v", s)
				}
			})
		})
	}
}
