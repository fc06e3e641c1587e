package conformance_test

import (
	"slices"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/wire"
)

// A resource that is subscribed again soon after its last handle was closed was
// never let go; one that is not is let go once.
func linger(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	lingerKeeps(w)
	w.finish()
	w.clients = nil
	lingerEnds(w)
}

func lingerKeeps(w *world) {
	const delay = time.Hour // however long it takes to subscribe again with a real clock
	c := w.connect(conn.WithLinger(delay))
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	f.Close()
	f = c.subscribe("a.b")
	w.change("a.b", map[string]any{"n": 2})
	f.expect(`a.b sync (first) {"n":1}`, `a.b change n=2 (was 1)`)
	if w.fake() {
		time.Sleep(2 * delay) // nothing of the first Close may come after its time
	}
	if n := c.sent(wire.TypeUnsubscribe, "a.b"); n != 0 {
		w.t.Errorf("%d unsubscribe requests while there is a handle", n)
	}
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 1 {
		w.t.Errorf("%d subscribe requests, want 1", n)
	}
}

func lingerEnds(w *world) {
	const delay = time.Second
	c := w.connect(conn.WithLinger(delay))
	f := c.subscribe("a.b")
	began := time.Now()
	f.Close()
	w.until("it is let go", func() bool { return len(c.tape.requests(wire.TypeUnsubscribe, "a.b")) > 0 })
	if waited := time.Since(began); waited < delay || w.fake() && waited > delay+w.pause {
		w.t.Errorf("let go after %v, want %v", waited, delay)
	}
	c.expectDirect()
	expectCounts(c, "a.b", 1)
	if got := c.cached("a.b"); got != "" {
		w.t.Errorf("%q is still cached", got)
	}
}

// hold is a parcel that a proxy keeps back: the first one of a kind.
type hold struct {
	from faultproxy.Direction
	kind wire.RequestType
	rid  string

	mu      sync.Mutex
	parcel  *parcel
	waiting bool
	skipped int           // so many that come before are let through
	held    chan struct{} // closed when the proxy has it
}

// holdFirst makes a proxy that keeps back the first request of a type about a
// resource, or the answer to it, until it is let go.
func holdFirst(w *world, from faultproxy.Direction, kind wire.RequestType, rid string) (*proxy, *hold) {
	h := &hold{from: from, kind: kind, rid: rid}
	h.again()
	return w.newProxy(func(p *parcel) { h.look(p) }), h
}

// skip lets some through before.
func (h *hold) skip(n int) { h.skipped = n }

// again has the next one kept back, too.
func (h *hold) again() *hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting, h.held = true, make(chan struct{})
	return h
}

func (h *hold) look(p *parcel) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.waiting || !p.is(h.from, h.kind, h.rid) {
		return
	}
	if h.skipped--; h.skipped < 0 {
		h.waiting, h.parcel = false, p
		p.Drop()
		close(h.held)
	}
}

// letGo delivers what was kept back.
func (h *hold) letGo() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parcel.Deliver()
}

// giveBackTwo has the gateway count two direct subscriptions on a.b too many at a
// time, while the answer to the unsubscribe of a third is kept back.
func giveBackTwo(w *world, c *client, unsubscribe *hold, more func() error) {
	w.t.Helper()
	if c.Stats().Subscriptions == 0 {
		c.subscribe("a.b")
	}
	w.must(more())
	receive(w, "the first unsubscribe", unsubscribe.held)
	w.must(more())
	w.must(more())
	unsubscribe.letGo()
	c.expectDirect("a.b:1")
}

// expectCounts compares the counts of the unsubscribe requests about a resource.
func expectCounts(c *client, rid string, want ...int) {
	c.w.t.Helper()
	c.settle()
	var got []int
	for _, r := range c.tape.requests(wire.TypeUnsubscribe, rid) {
		got = append(got, max(r.request.Count, 1))
	}
	if !slices.Equal(got, want) {
		c.w.t.Errorf("unsubscribe counts %v, want %v", got, want)
	}
}

// Two direct subscriptions too many are given back with one request, and with two
// at protocol 1.2.0, which does not know the count.
func unsubscribeCount(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	w.handle("a.b", "me", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("a.b"), nil })
	p, unsubscribe := holdFirst(w, faultproxy.FromGateway, wire.TypeUnsubscribe, "a.b")
	c := w.connectAt(p.URL())
	giveBackTwo(w, c, unsubscribe, func() error { return c.Call(w.within(), "a.b", "me", nil, nil) })
	expectCounts(c, "a.b", 1, 2)
	if !w.fake() {
		return // the rest needs an old gateway
	}
	w.clients = nil
	c.Close()
	w.replaceGateway(resgatetest.WithLegacy("1.2.0"))
	c = w.connectAt(p.URL())
	giveBackTwo(w, c, unsubscribe.again(), func() error { return c.Call(w.within(), "a.b", "me", nil, nil) })
	expectCounts(c, "a.b", 1, 1, 1)
}

// Calls that are answered with a resource which is subscribed never make the
// direct subscriptions pile up.
func surplusReleased(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	w.handle("a.b", "me", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("a.b"), nil })
	c := w.connect()
	f := c.subscribe("a.b")
	for range 300 {
		var ref res.Ref
		w.must(c.Call(w.within(), "a.b", "me", nil, &ref))
	}
	c.expectDirect("a.b:1")
	most := 0
	c.tape.direct(c.Stats().Generation, func(direct map[string]int) { most = max(most, direct["a.b"]) })
	if most > 3 {
		w.t.Errorf("the gateway counted up to %d direct subscriptions", most)
	}
	w.change("a.b", map[string]any{"n": 2})
	f.expect(`a.b sync (first) {"n":1}`, `a.b change n=2 (was 1)`)
	f.Close()
	c.expectDirect()
}

// An unsubscribe that the gateway answers with noSubscription is done, and the next
// subscribe asks again.
func noSubscriptionIsFine(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	door := newDoor(w, "a.b")
	p, unsubscribe := holdFirst(w, faultproxy.FromClient, wire.TypeUnsubscribe, "a.b")
	c := w.connectAt(p.URL())
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	f.Close()
	receive(w, "the unsubscribe", unsubscribe.held)
	door.shut() // so the gateway ends it by itself, while the request is on its way
	w.until("the gateway has ended the subscription", func() bool {
		return c.tape.index(func(r record) bool { return r.event != nil && r.event.Name == wire.EventUnsubscribe }) >= 0
	})
	unsubscribe.letGo()
	c.expectDirect()
	if c.tape.index(func(r record) bool {
		return r.response != nil && r.response.Error != nil && r.response.Error.Code == res.CodeNoSubscription
	}) < 0 {
		w.t.Error("the unsubscribe was not answered with noSubscription: the case does not test what it says")
	}
	if got := c.cached("a.b"); got != "" {
		w.t.Errorf("%q is still cached", got)
	}
	door.open()
	c.subscribe("a.b").expect(`a.b sync (first) {"n":1}`)
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 2 {
		w.t.Errorf("%d subscribe requests, want 2", n)
	}
}

// Who subscribes while an unsubscribe is out ends up subscribed, and misses nothing.
func subscribeDuringUnsubscribe(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	p, answer := holdFirst(w, faultproxy.FromGateway, wire.TypeUnsubscribe, "a.b")
	c := w.connectAt(p.URL())
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	f.Close()
	receive(w, "the answer to the unsubscribe", answer.held)
	w.change("a.b", map[string]any{"n": 2})

	again, failed := newFeed(w, "a.b"), make(chan error, 1)
	ctx := notice(w.within())
	go func() {
		s, err := c.Subscribe(ctx, "a.b", again.option())
		again.Subscription = s
		failed <- err
	}()
	receive(w, "the client to take the subscribe", ctx.waited)
	if n := c.sent(wire.TypeSubscribe, "a.b"); n != 1 {
		w.t.Errorf("%d subscribe requests while the unsubscribe is out, want the first one only", n)
	}
	answer.letGo()
	w.must(receive(w, "the subscribe", failed))
	w.change("a.b", map[string]any{"n": 3})
	again.expect(`a.b sync (first) {"n":2}`, `a.b change n=3 (was 2)`)
	again.expectNoMore()
	c.expectDirect("a.b:1")
}
