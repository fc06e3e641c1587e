package conn_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

func TestCallResourceIsASubscriptionFromTheAnswerOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		w.must(w.service.HandleCall("books", "new", func(*resgatetest.Request) (any, error) {
			return resgatetest.Resource("book.1"), nil
		}))
		c := w.connected()
		ctx := context.Background()
		first, err := c.CallResource(ctx, "books", "new", nil)
		w.must(err)
		second, err := c.New(ctx, "books", nil)
		w.must(err)
		if first.RID() != "book.1" || second.RID() != "book.1" {
			t.Errorf("the resources are %q and %q", first.RID(), second.RID())
		}
		w.must(w.service.Change("book.1", map[string]any{"title": "y"}))
		read(t, first).expect(`book.1 sync (first) {"title":"x"}`, `book.1 change title="y" (was "x")`)
		read(t, second).expect(`book.1 sync (first) {"title":"x"}`)
		synctest.Wait()
		if n := w.gateway.Connections()[0].Subscriptions["book.1"]; n != 1 {
			t.Errorf("the gateway counts %d direct subscriptions, want 1 for two handles", n)
		}
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.must(c.WaitInSync(ctx))
		first.Close()
		second.Close()
		synctest.Wait()
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
	})
}

func TestCallResourceWithoutAResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.HandleCall("books", "count", func(*resgatetest.Request) (any, error) { return 7, nil }))
		w.must(w.service.HandleCall("books", "lost", func(*resgatetest.Request) (any, error) {
			return resgatetest.Resource("book.gone"), nil
		}))
		w.must(w.service.HandleCall("books", "secret", func(*resgatetest.Request) (any, error) {
			return resgatetest.Resource("book.secret"), nil
		}))
		w.must(w.service.SetModel("book.secret", map[string]any{}))
		w.must(w.service.HandleAccess("book.secret", func(*resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{}, nil
		}))
		c := w.connected()
		ctx := context.Background()
		for method, want := range map[string]error{
			"count": conn.ErrNoResource, "lost": res.ErrNotFound, "secret": res.ErrAccessDenied, "none": res.ErrMethodNotFound,
		} {
			if _, err := c.CallResource(ctx, "books", method, nil); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", method, err, want)
			}
		}
		var ref res.Ref
		if err := c.Call(ctx, "books", "lost", nil, &ref); err != nil || ref != "book.gone" {
			t.Errorf("a plain call was carried out, and gives %q, %v", ref, err)
		}
		synctest.Wait()
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
		if s := c.Stats(); s.Resources != 0 || s.Pending != 0 {
			t.Errorf("something was left behind: %+v", s)
		}
	})
}

func TestCallResourceCreatesWhatWasNotThereAMomentAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.HandleCall("books", "new", func(*resgatetest.Request) (any, error) {
			w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
			return resgatetest.Resource("book.1"), nil
		}))
		w.must(w.service.HandleCall("books", "wait", func(r *resgatetest.Request) (any, error) {
			<-r.Context().Done()
			return nil, nil
		}))
		c := w.connected()
		ctx, cancel := context.WithCancel(context.Background())
		go c.Call(ctx, "books", "wait", nil, nil) // a busy program has always a call out
		synctest.Wait()
		if _, err := c.Get(ctx, "book.1"); !errors.Is(err, res.ErrNotFound) {
			t.Errorf("got %v, want %v", err, res.ErrNotFound)
		}
		book, err := c.CallResource(ctx, "books", "new", nil)
		w.must(err)
		book.Close()
		cancel()
	})
}

func TestSetCallsTheMethodSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"old": 1, "keep": 2}))
		w.must(w.service.HandleCall("a.b", "set", func(r *resgatetest.Request) (any, error) {
			values := make(map[string]any)
			var raw map[string]json.RawMessage
			if err := r.ParseParams(&raw); err != nil {
				return nil, err
			}
			for name, text := range raw {
				v, err := res.ParseValue(text)
				if err != nil {
					return nil, err
				}
				values[name] = v
			}
			return nil, w.service.Change("a.b", values)
		}))
		c := w.connected()
		events := read(t, w.subscribe(c, "a.b"))
		events.expect(`a.b sync (first) {"keep":2,"old":1}`)
		w.must(c.Set(context.Background(), "a.b", map[string]any{"old": res.DeleteAction, "ref": res.SoftRef("c.d")}))
		events.expect(`a.b change old deleted (was 1) ref={"rid":"c.d","soft":true} (new)`)
	})
}

// library is a tree of resources with a cycle, a shared child and a missing one.
func library(w *world) {
	w.must(w.service.SetModel("library", map[string]any{"name": "L", "books": res.Ref("library.books")}))
	w.must(w.service.SetCollection("library.books", []any{res.Ref("book.1"), res.Ref("book.2"), res.Ref("book.gone")}))
	w.must(w.service.SetModel("book.1", map[string]any{"title": "one", "author": res.Ref("author"), "home": res.Ref("library")}))
	w.must(w.service.SetModel("book.2", map[string]any{"title": "two", "author": res.Ref("author"),
		"tags": res.DataValue[[]string]{Data: []string{"a"}}, "next": res.SoftRef("book.3")}))
	w.must(w.service.SetModel("author", map[string]any{"name": "A"}))
}

func TestAViewReadsThroughReferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		library(w)
		c := w.connected()
		w.subscribe(c, "library")
		v, err := c.View(context.Background(), "library", "not.subscribed")
		w.must(err)
		want := `{"books":[{"author":{"name":"A"},"home":{"rid":"library"},"title":"one"},` +
			`{"author":{"name":"A"},"next":{"rid":"book.3","soft":true},"tags":["a"],"title":"two"},` +
			`{"error":{"code":"system.notFound","message":"Not found"}}],"name":"L"}`
		if got, err := v.JSON("library"); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
		if got := strings.Join(v.RIDs(), " "); got != "author book.1 book.2 book.gone library library.books" {
			t.Errorf("the view has %s", got)
		}
		if got, _ := v.WithDepth(1).JSON("library"); string(got) != `{"books":[{"rid":"book.1"},{"rid":"book.2"},{"rid":"book.gone"}],"name":"L"}` {
			t.Errorf("one level deep: %s", got)
		}
		var l struct {
			Name  string
			Books []struct {
				Title  string
				Author struct{ Name string }
			}
		}
		w.must(v.Decode("library", &l))
		if l.Name != "L" || len(l.Books) != 3 || l.Books[1].Author.Name != "A" {
			t.Errorf("decoded %+v", l)
		}
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		later, err := c.View(context.Background(), "library")
		w.must(err)
		if len(later.Stale()) != 6 || later.Live("library") || !v.Live("library") {
			t.Errorf("stale after the loss: %v", later.Stale())
		}
	})
}

func TestWhatNothingHoldsIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		library(w)
		c := w.connected()
		s := w.subscribe(c, "library")
		if n := c.Stats().Resources; n != 6 {
			t.Errorf("%d resources are cached, want 6", n)
		}
		w.must(w.service.Change("library", map[string]any{"books": nil}))
		synctest.Wait()
		if n := c.Stats().Resources; n != 1 {
			t.Errorf("%d resources are cached after the reference went, want 1", n)
		}
		w.must(w.service.Change("library", map[string]any{"books": res.Ref("library.books")}))
		synctest.Wait()
		s.Close()
		synctest.Wait()
		if n := c.Stats().Resources; n != 0 {
			t.Errorf("%d resources of a cycle are cached after the last handle", n)
		}
	})
}

func TestADeepSubscriptionHearsOfWhatItReaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("root", map[string]any{"list": res.Ref("list")}))
		w.must(w.service.SetCollection("list", []any{res.Ref("item.1")}))
		w.must(w.service.SetModel("item.1", map[string]any{"n": 1}))
		w.must(w.service.SetModel("item.2", map[string]any{"n": 2}))
		c := w.connected()
		events := read(t, w.subscribe(c, "root", conn.Deep()))
		ev, _ := events.next()
		if first, ok := ev.(*subs.Sync); !ok || strings.Join(first.View.RIDs(), " ") != "item.1 list root" {
			t.Fatalf("the first event is %v", ev)
		}
		w.must(w.service.Change("item.1", map[string]any{"n": 5}))
		events.expect(`item.1 change n=5 (was 1)`)
		w.must(w.service.Add("list", 0, res.Ref("item.2")))
		events.expect(`item.2 sync (reached) {"n":2}`, `list add [0] {"rid":"item.2"}`)
		w.must(w.service.Remove("list", 1))
		events.expect(`list remove [1] {"rid":"item.1"}`, `item.1 drop`)

		w.must(w.gateway.Kill())
		w.must(w.service.Change("item.2", map[string]any{"n": 6}))
		w.must(w.gateway.Restart())
		events.expect(`root stale: read: websocket: close 1006 (abnormal closure): unexpected EOF`,
			`root sync (reconnect) {"list":{"rid":"list"}}`)
		w.must(w.service.Change("item.2", map[string]any{"n": 7}))
		events.expect(`item.2 change n=7 (was 6)`)
	})
}

func TestAStreamShowsWhatSubscriptionsBring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("shop.1", map[string]any{"n": 1}))
		w.must(w.service.SetModel("shop.2", map[string]any{"n": 2}))
		c := w.connected()
		s, err := c.Stream(context.Background(), "shop.*")
		w.must(err)
		events := read(t, s)
		events.expect(`sync (first) of 0 resources`)
		one := w.subscribe(c, "shop.1")
		w.subscribe(c, "shop.2")
		w.must(w.service.Change("shop.2", map[string]any{"n": 3}))
		synctest.Wait()
		one.Close()
		events.expect(`shop.1 sync (reached) {"n":1}`, `shop.2 sync (reached) {"n":2}`, `shop.2 change n=3 (was 2)`, `shop.1 drop`)
		w.must(w.gateway.Kill())
		w.must(w.gateway.Restart())
		events.expect(`stale: read: websocket: close 1006 (abnormal closure): unexpected EOF`, `shop.2 sync (reconnect) {"n":3}`)
		s.Close()
		if _, err := c.Stream(context.Background(), "a..b"); !errors.Is(err, res.ErrInvalidRID) {
			t.Errorf("a bad pattern gives %v", err)
		}
		last, err := c.Stream(context.Background(), ">")
		w.must(err)
		c.Close()
		<-last.Done()
	})
}

func TestEventsHandOutTheRegisteredType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type book struct{ Title string }
		w := newWorld(t)
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		c := w.connected(conn.WithType[book]("book.*"))
		s := w.subscribe(c, "book.1")
		w.must(w.service.Change("book.1", map[string]any{"title": "y"}))
		var titles []string
		for ev := range s.Events(context.Background()) {
			v, err := ev.(interface{ Decoded() (any, error) }).Decoded()
			w.must(err)
			if titles = append(titles, v.(book).Title); len(titles) == 2 {
				break
			}
		}
		if titles[0] != "x" || titles[1] != "y" {
			t.Errorf("decoded %q", titles)
		}
	})
}

func TestCallResourceOfALegacyGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, resgatetest.WithLegacy("1.1.1"))
		w.must(w.service.SetModel("book.1", map[string]any{"title": "x"}))
		w.must(w.service.HandleCall("books", "new", func(*resgatetest.Request) (any, error) {
			return resgatetest.Resource("book.1"), nil
		}))
		w.must(w.service.HandleCall("books", "count", func(*resgatetest.Request) (any, error) { return 7, nil }))
		c := w.connected()
		s, err := c.CallResource(context.Background(), "books", "new", nil)
		w.must(err)
		if s.RID() != "book.1" {
			t.Errorf("the resource is %q", s.RID())
		}
		read(t, s).expect(`book.1 sync (first) {"title":"x"}`)
		if _, err := c.CallResource(context.Background(), "books", "count", nil); !errors.Is(err, conn.ErrNoResource) {
			t.Errorf("a payload gives %v", err)
		}
		s.Close()
		synctest.Wait()
		if direct := w.gateway.Connections()[0].Subscriptions; len(direct) != 0 {
			t.Errorf("the gateway still counts %v", direct)
		}
	})
}
