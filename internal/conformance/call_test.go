package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// Params and results are passed on as they are, false, zero and null included.
func callPayloads(w *world) {
	w.handle("a.b", "echo", func(r *resgatetest.Request) (any, error) { return r.Params, nil })
	c := w.connect()
	for _, payload := range []string{`null`, `false`, `0`, `""`, `[]`, `{}`, `[null,{"a":""}]`, `{"rid":"x"}`, `12345678901234567890`} {
		var got json.RawMessage
		w.must(c.Call(w.within(), "a.b", "echo", json.RawMessage(payload), &got))
		if string(got) != payload {
			w.t.Errorf("%s came back as %s", payload, got)
		}
		c.settle()
		calls := c.tape.requests(wire.TypeCall, "a.b")
		if sent := string(calls[len(calls)-1].request.Params); sent != payload {
			w.t.Errorf("%s was sent as %s", payload, sent)
		}
	}
	var got json.RawMessage
	w.must(c.Call(w.within(), "a.b", "echo", nil, &got))
	c.settle()
	calls := c.tape.requests(wire.TypeCall, "a.b")
	if sent := calls[len(calls)-1].request.Params; sent != nil || string(got) != "null" {
		w.t.Errorf("no params were sent as %s and came back as %s, want none and null", sent, got)
	}
}

// A call that is answered with a resource gives a handle on it, or its error, and
// the gateway counts what is held and nothing else.
func callResource(w *world) {
	w.model("book.1", map[string]any{"title": "x"})
	w.model("book.secret", map[string]any{"title": "s"})
	newDoor(w, "book.secret").closed.Store(true)
	for method, rid := range map[string]string{"get": "book.1", "lost": "book.lost", "secret": "book.secret"} {
		w.handle("books", method, func(*resgatetest.Request) (any, error) { return resgatetest.Resource(rid), nil })
	}
	w.handle("books", "count", func(*resgatetest.Request) (any, error) { return 7, nil })
	c := w.connect()
	open := func(method string) (*feed, error) {
		f := newFeed(w, "book.1")
		s, err := c.CallResource(w.within(), "books", method, nil, f.option())
		f.Subscription = s
		return f, err
	}
	first, err := open("get")
	w.must(err)
	first.expect(`book.1 sync (first) {"title":"x"}`)
	if rid := first.RID(); rid != "book.1" {
		w.t.Errorf("the resource is %q", rid)
	}
	second, err := open("get")
	w.must(err)
	second.expect(`book.1 sync (first) {"title":"x"}`)
	c.expectDirect("book.1:1")

	for method, want := range map[string]error{
		"lost": res.ErrNotFound, "secret": res.ErrAccessDenied, "count": conn.ErrNoResource, "none": res.ErrMethodNotFound,
	} {
		if _, err := open(method); !errors.Is(err, want) {
			w.t.Errorf("%s: got %v, want %v", method, err, want)
		}
	}
	c.expectDirect("book.1:1")
	w.change("book.1", map[string]any{"title": "y"})
	first.expect(`book.1 change title="y" (was "x")`)
	second.expect(`book.1 change title="y" (was "x")`)
	first.Close()
	c.expectDirect("book.1:1")
	second.Close()
	c.expectDirect()
	if s := c.Stats(); s.Resources > 0 {
		w.t.Errorf("%d resources are left", s.Resources)
	}
}

// lateAnswer has a call given up by its caller in some way and answered, with a
// resource, after that.
func lateAnswer(w *world, giveUp func(c *client, answer func()) error, want error) {
	w.replaceGateway(resgatetest.WithTimeout(time.Hour))
	w.model("book.1", map[string]any{"author": res.Ref("author")})
	w.model("author", map[string]any{"n": 1})
	release := make(chan struct{})
	w.handle("books", "get", func(*resgatetest.Request) (any, error) {
		<-release
		return resgatetest.Resource("book.1"), nil
	})
	c := w.connect(conn.WithRequestTimeout(5 * time.Second))
	author := c.subscribe("author") // its hold must not be harmed
	if err := giveUp(c, func() { close(release) }); !errors.Is(err, want) {
		w.t.Errorf("the caller got %v, want %v", err, want)
	}
	if n := c.Stats().Pending; n != 1 {
		w.t.Errorf("%d requests are out, want the one whose caller has gone", n)
	}
	close(release)
	c.expectDirect("author:1")
	taken := 0
	c.tape.direct(c.Stats().Generation, func(direct map[string]int) { taken = max(taken, direct["book.1"]) })
	if got := c.cached("book.1", "author"); taken != 1 || got != "author" {
		w.t.Errorf("%d direct subscriptions were taken and %q is cached, want 1 and the author", taken, got)
	}
	if n := c.Stats().Pending; n != 0 {
		w.t.Errorf("%d requests are out", n)
	}
	author.expect(`author sync (first) {"n":1}`)
	author.expectNoMore()
}

// A call that is not answered in time fails, and its late answer is cleaned up.
func callTimeout(w *world) {
	began := time.Now()
	lateAnswer(w, func(c *client, _ func()) error { return c.Call(w.within(), "books", "get", nil, nil) }, conn.ErrNoAnswer)
	if took := time.Since(began); took < 5*time.Second || took > 6*time.Second {
		w.t.Errorf("it took %v, want the timeout of 5 s", took)
	}
}

// A call whose context ends fails, and its late answer is cleaned up.
func callCancel(w *world) {
	lateAnswer(w, func(c *client, _ func()) error {
		ctx, cancel := context.WithCancel(w.within())
		waiting, failed := notice(ctx), make(chan error)
		go func() { failed <- c.Call(waiting, "books", "get", nil, nil) }()
		<-waiting.waited
		synctest.Wait()
		cancel()
		return <-failed
	}, context.Canceled)
}

// A call that may have reached the gateway when the socket dies fails with that. One
// that was not sent waits for the next connection. None is sent twice.
func lostInFlight(w *world) {
	var calls atomic.Int32
	hang := make(chan struct{})
	w.handle("a.b", "hang", func(*resgatetest.Request) (any, error) {
		calls.Add(1)
		<-hang
		return nil, nil
	})
	w.handle("a.b", "quick", func(*resgatetest.Request) (any, error) {
		calls.Add(1)
		return "done", nil
	})
	c := w.connect()
	failed := make(chan error, 1)
	go func() { failed <- c.Call(w.within(), "a.b", "hang", nil, nil) }()
	w.until("the service has the call", func() bool { return calls.Load() == 1 })
	waited := make(chan error, 1)
	c.outage(func() {
		if err := <-failed; !errors.Is(err, conn.ErrConnectionLost) {
			w.t.Errorf("got %v, want ErrConnectionLost", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		err := c.Call(ctx, "a.b", "quick", nil, nil)
		if !errors.Is(err, conn.ErrNotConnected) || !errors.Is(err, context.DeadlineExceeded) {
			w.t.Errorf("got %v, want ErrNotConnected and the context's error", err)
		}
		waiting := notice(w.within())
		go func() { waited <- c.Call(waiting, "a.b", "quick", nil, nil) }()
		<-waiting.waited
	})
	w.must(<-waited)
	close(hang)
	time.Sleep(time.Minute)
	if n := calls.Load(); n != 2 {
		w.t.Errorf("the service had %d calls, want 2", n)
	}
	if n := c.sent(wire.TypeCall, "a.b"); n != 2 {
		w.t.Errorf("%d calls were sent, want 2", n)
	}
}

// Without a connection the context bounds the wait, and so many calls wait.
func offlineCall(w *world) {
	w.handle("a.b", "m", func(*resgatetest.Request) (any, error) { return "done", nil })
	c := w.connect(conn.WithOfflineQueue(3))
	answers := make(chan error, 3)
	c.outage(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		if err := c.Call(ctx, "a.b", "m", nil, nil); !errors.Is(err, conn.ErrNotConnected) || time.Since(began) != time.Second {
			w.t.Errorf("got %v after %v, want ErrNotConnected after a second", err, time.Since(began))
		}
		for range 3 {
			go func() { answers <- c.Call(w.within(), "a.b", "m", nil, nil) }()
		}
		synctest.Wait()
		if err := c.Call(w.within(), "a.b", "m", nil, nil); !errors.Is(err, conn.ErrQueueFull) {
			w.t.Errorf("got %v, want ErrQueueFull", err)
		}
	})
	for range 3 {
		w.must(<-answers)
	}
	fast := w.newClient(conn.Hooks{}, conn.WithFailFast())
	fast.await(state.Connected)
	fast.outage(func() {
		if err := fast.Call(w.within(), "a.b", "m", nil, nil); !errors.Is(err, conn.ErrNotConnected) {
			w.t.Errorf("got %v, want ErrNotConnected at once", err)
		}
	})
}
