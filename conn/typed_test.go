package conn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestGetAsAType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a", map[string]any{"n": 1}))
		w.must(w.service.SetCollection("list", []any{res.Ref("a"), res.Ref("no.such")}))
		w.must(w.service.SetModel("text", map[string]any{"n": "x"}))
		c := w.client()
		ctx := context.Background()
		get := func(rid, want string) {
			t.Helper()
			v, err := conn.Get[[]number](ctx, c, rid)
			if got := shown(v, err); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		get("list", `[{"N":1},{"N":0}]`) // what cannot be had has no N
		if s := c.Stats(); s.Subscriptions != 0 || s.Resources != 0 {
			t.Errorf("something is left: %+v", s)
		}
		w.subscribe(c, "list")
		w.must(w.service.Change("a", map[string]any{"n": 2}))
		synctest.Wait()
		gets := w.gateway.Requests()["get"]
		get("list", `[{"N":2},{"N":0}]`)
		if n := w.gateway.Requests()["get"]; n != gets {
			t.Error("what is subscribed and live was asked for")
		}
		get("no.such", `null, conn: get "no.such": Not found (system.notFound)`)
		get("no such", `null, conn: get: invalid resource id "no such": character ' ' is not allowed`)
		get("text", `null, conn: get: decode "text": json: cannot unmarshal object into Go value of type []conn_test.number`)
		if v, err := conn.Get[number](ctx, c, "text"); v != (number{}) || err == nil {
			t.Errorf("got %v, %v, want an error and the zero value", v, err)
		}
		if refs, err := conn.Get[[]res.Ref](ctx, c, "list"); err != nil || !slices.Equal(refs, []res.Ref{"a", "no.such"}) {
			t.Errorf("got %v, %v", refs, err)
		}
		if all, err := conn.Get[any](ctx, c, "list"); fmt.Sprint(all) != "[map[n:2] map[error:map[code:system.notFound message:Not found]]]" {
			t.Errorf("got %v, %v", all, err)
		}
	})
}

func TestCallAsAType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("child", map[string]any{"n": 7}))
		w.must(w.service.SetModel("made", map[string]any{"n": 1, "child": res.Ref("child")}))
		w.must(w.service.SetModel("m", map[string]any{}))
		w.must(w.service.HandleCall("m", "add", func(r *resgatetest.Request) (any, error) {
			var terms []int
			if err := r.ParseParams(&terms); err != nil {
				return nil, err
			}
			return map[string]int{"n": terms[0] + terms[1]}, nil
		}))
		w.must(w.service.HandleCall("m", "make", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("made"), nil }))
		w.must(w.service.HandleCall("m", "lose", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("lost"), nil }))
		c := w.connected()
		ctx := context.Background()
		check := func(want string, v any, err error) {
			t.Helper()
			if got := shown(v, err); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		sum, err := conn.Call[number](ctx, c, "m", "add", []int{1, 2})
		check(`{"N":3}`, sum, err)
		sum, err = conn.Call[number](ctx, c, "m", "add", "x")
		check(`{"N":0}, conn: call "m" "add": Invalid parameters (system.invalidParams)`, sum, err)
		wrong, err := conn.Call[map[string]string](ctx, c, "m", "add", []int{1, 2})
		check(`null, conn: call "m" "add": result: json: cannot unmarshal number into Go value of type string`, wrong, err)

		ref, err := conn.Call[res.Ref](ctx, c, "m", "make", nil)
		check(`{"rid":"made"}`, ref, err)
		id, err := conn.Call[string](ctx, c, "m", "make", nil)
		check(`"made"`, id, err)
		none, err := conn.Call[int](ctx, c, "m", "make", nil)
		check(`0, conn: call "m" "make": decode "made": json: cannot unmarshal object into Go value of type int`, none, err)
		made, err := conn.Call[struct{ Child number }](ctx, c, "m", "make", nil)
		check(`{"Child":{"N":7}}`, made, err)
		lost, err := conn.Call[number](ctx, c, "m", "lose", nil)
		check(`{"N":0}, conn: call "m" "lose": Not found (system.notFound)`, lost, err)
		synctest.Wait() // for the end of what the gateway may count for it
		lostRef, err := conn.Call[res.Ref](ctx, c, "m", "lose", nil)
		check(`{"rid":"lost"}`, lostRef, err)

		synctest.Wait()
		if s := c.Stats(); s.Subscriptions != 0 || s.Resources != 0 {
			t.Errorf("something is left: %+v", s)
		}
		for rid, direct := range w.gateway.Connections()[0].Subscriptions {
			t.Errorf("the gateway still counts %v of %q", direct, rid)
		}
	})
}

func TestCallsAsATypeSayWhatIsKnownOfTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("m", map[string]any{}))
		w.must(w.service.HandleCall("m", "wait", func(r *resgatetest.Request) (any, error) {
			<-r.Context().Done()
			return nil, nil
		}))
		c := w.connected()
		go func() {
			time.Sleep(time.Second)
			w.gateway.Drop()
		}()
		if v, err := conn.Call[number](context.Background(), c, "m", "wait", nil); !errors.Is(err, conn.ErrConnectionLost) || v != (number{}) {
			t.Errorf("got %v, %v, want ErrConnectionLost", v, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if v, err := conn.Call[number](ctx, c, "m", "wait", nil); !errors.Is(err, context.DeadlineExceeded) || v != (number{}) {
			t.Errorf("got %v, %v, want the error of the context", v, err)
		}
	})
}
