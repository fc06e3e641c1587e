package conformance_test

import (
	"errors"
	"flag"
	"fmt"
	"sync"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

var rounds = flag.Int("rounds", 300, "how often 20 first-callback-is-snapshot tries; more for a soak")

// While a model changes all the time, the first that a subscription says is a
// snapshot, and the events join it without a gap: the feed's replica checks that.
func firstCallbackIsSnapshot(w *world) {
	const last = 20
	c := w.connect()
	for i := range *rounds {
		rid := fmt.Sprintf("m.%d", i)
		w.model(rid, map[string]any{"n": 0})
		var publishing sync.WaitGroup
		publishing.Go(func() { countTo(w, rid, last) })
		f := c.subscribe(rid)
		publishing.Wait()
		f.awaitCount(last)
		f.Close()
	}
	c.expectDirect()
}

// countTo changes the property n of a model from 1 on.
func countTo(w *world, rid string, last int) {
	for n := 1; n <= last; n++ {
		if err := w.service.Change(rid, map[string]any{"n": n}); err != nil {
			w.t.Error(err)
		}
	}
}

// awaitCount waits until the replica's n is last.
func (f *feed) awaitCount(last int) {
	f.w.t.Helper()
	f.w.until(fmt.Sprintf("%q is %d", f.rid, last), func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.replica.model["n"].Raw() == fmt.Sprint(last)
	})
}

// A second subscription on a resource sends nothing, and has a snapshot of its own.
func secondSubscriber(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	c := w.connect()
	first := c.subscribe("a.b")
	first.expect(`a.b sync (first) {"n":1}`)
	w.change("a.b", map[string]any{"n": 2})
	first.expect(`a.b change n=2 (was 1)`)
	second := c.subscribe("a.b")
	second.expect(`a.b sync (first) {"n":2}`)
	first.expectNoMore()
	second.expect(`a.b end null`)
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 1 {
		w.t.Errorf("%d subscribe requests, want 1", n)
	}
	first.Close()
	c.expectDirect("a.b:1")
	second.Close()
	c.expectDirect()
}

// A hundred goroutines that subscribe at once share one request, and each gets a
// snapshot.
func concurrentFirst(w *world) {
	w.model("a.b", map[string]any{"n": 0})
	c := w.connect()
	feeds := make([]*feed, 100)
	var all sync.WaitGroup
	all.Go(func() { countTo(w, "a.b", 20) })
	for i := range feeds {
		feeds[i] = newFeed(w, "a.b")
		all.Go(func() {
			if _, err := c.Subscribe(w.within(), "a.b", feeds[i].option()); err != nil {
				w.t.Error(err)
			}
		})
	}
	all.Wait()
	for _, f := range feeds {
		f.awaitCount(20)
	}
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 1 {
		w.t.Errorf("%d subscribe requests, want 1", n)
	}
}

// The error of a first subscribe is returned and not kept: the next one asks again.
func subscribeError(w *world) {
	c := w.connect()
	for range 2 {
		if _, err := c.Subscribe(w.within(), "a.b"); !errors.Is(err, res.ErrNotFound) {
			w.t.Errorf("got %v, want not found", err)
		}
	}
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 2 {
		w.t.Errorf("%d subscribe requests, want 2", n)
	}
	if s := c.Stats(); s.Subscriptions+s.Resources+s.Retrying > 0 {
		w.t.Errorf("something was left behind: %+v", s)
	}
	c.expectDirect()
	// A get that fails leaves a subscription in error behind, which would answer
	// everything later.
	if _, err := c.Get(w.within(), "a.b"); !errors.Is(err, res.ErrNotFound) {
		w.t.Errorf("got %v, want not found", err)
	}
	w.model("a.b", map[string]any{"n": 1})
	if got := c.get("a.b").String(); got != `{"n":1}` {
		w.t.Errorf("got %s", got)
	}
	c.subscribe("a.b").expect(`a.b sync (first) {"n":1}`)
	c.expectDirect("a.b:1")
}

// A child that has a handle of its own has a direct subscription of its own, so
// that the end of its parent's does not touch it.
func listenedChild(w *world) {
	w.model("child", map[string]any{"n": 0})
	w.model("parent", map[string]any{"child": res.Ref("child")})
	c := w.connect()
	parent := c.subscribe("parent")
	child := c.subscribe("child")
	c.expectDirect("child:1", "parent:1")
	var publishing sync.WaitGroup
	publishing.Go(func() { countTo(w, "child", 200) })
	parent.Close()
	publishing.Wait()
	child.awaitCount(200)
	c.expectDirect("child:1")
	child.expectOnlyCount(200)
}

// expectOnlyCount checks that the feed began with one snapshot, that only counting
// followed, and that no step was left out.
func (f *feed) expectOnlyCount(last int) {
	f.w.t.Helper()
	events := f.all()
	first := last - (len(events) - 1)
	f.expect(fmt.Sprintf(`%s sync (first) {"n":%d}`, f.rid, first))
	for n := first + 1; n <= last; n++ {
		f.expect(fmt.Sprintf(`%s change n=%d (was %d)`, f.rid, n, n-1))
	}
}

// A child that has a handle goes on when its parent lets it go.
func droppedChild(w *world) {
	w.model("child", map[string]any{"n": 0})
	w.collection("parent", "x", res.Ref("child"))
	c := w.connect()
	parent := c.subscribe("parent")
	child := c.subscribe("child")
	var publishing sync.WaitGroup
	publishing.Go(func() { countTo(w, "child", 200) })
	w.must(w.service.Remove("parent", 1))
	parent.expect(`parent sync (first) ["x",{"rid":"child"}]`, `parent remove [1] {"rid":"child"}`)
	publishing.Wait()
	child.awaitCount(200)
	child.expectOnlyCount(200)
	c.expectDirect("child:1", "parent:1")
}

// A Get of what is known through a parent alone asks nobody, pins nothing, and
// stays as it was read.
func getIndirect(w *world) {
	w.model("child", map[string]any{"n": 1})
	w.model("parent", map[string]any{"child": res.Ref("child")})
	c := w.connect()
	parent := c.subscribe("parent")
	got := c.get("child")
	if n := c.sent(wire.TypeGet, "") + c.sent(wire.TypeSubscribe, "child"); n > 0 {
		w.t.Errorf("%d requests for what is known", n)
	}
	w.change("child", map[string]any{"n": 2})
	w.until("the change has come", func() bool { return c.get("child").Value("n").Raw() == "2" })
	if got.String() != `{"n":1}` {
		w.t.Errorf("what was read has become %v", got)
	}
	c.expectDirect("parent:1")
	parent.Close()
	c.expectDirect()
	if got := c.cached("child", "parent"); got != "" {
		w.t.Errorf("%q is still cached", got)
	}
}
