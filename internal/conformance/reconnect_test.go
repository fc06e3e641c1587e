package conformance_test

import (
	"fmt"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// A replay never has more requests out than the window, goes in the order of first
// subscription, and is over when the last was answered.
func replayWindow(w *world) {
	const resources, window = 400, 32 // not more than the hook of the tape has room for
	c := w.connect(conn.WithReplayWindow(window))
	for i := range resources {
		rid := fmt.Sprintf("m.%d", i)
		w.model(rid, map[string]any{"n": 1})
		if _, err := c.Subscribe(w.within(), rid); err != nil {
			w.t.Fatal(err)
		}
	}
	c.outage(func() {})
	c.settle()
	out, most, answered := map[uint64]bool{}, 0, 0
	generation := c.Stats().Generation
	next := 0
	for _, r := range c.tape.all() {
		switch {
		case r.generation != generation:
		case r.request != nil && r.request.Type == wire.TypeSubscribe:
			if want := fmt.Sprintf("m.%d", next); r.request.RID != want {
				w.t.Fatalf("%q is replayed, want %q", r.request.RID, want)
			}
			next++
			out[r.request.ID] = true
			most = max(most, len(out))
		case r.response != nil && out[r.response.ID]:
			delete(out, r.response.ID)
			answered++
		case r.transition != nil && r.transition.To == state.Connected && answered != resources:
			w.t.Errorf("connected after %d answers", answered)
		}
	}
	bound := window
	if !w.fake() {
		bound *= 10 // what is out for half a second stops occupying its place, as it may be on a busy machine
	}
	if most > bound || next != resources || answered != resources {
		w.t.Errorf("%d requests were sent and %d answered, up to %d at a time, want %d and %d",
			next, answered, most, resources, bound)
	}
	if s := c.Stats(); !s.InSync || s.DroppedFrameHooks > 0 {
		w.t.Errorf("not in sync, or not all was seen: %+v", s)
	}
}

// What is refused in a replay holds up nobody. It is named, and tried again until it
// works.
func replayPartialFailure(w *world) {
	c := w.connect()
	var feeds []*feed
	for i := range 30 {
		rid := fmt.Sprintf("m.%d", i)
		w.model(rid, map[string]any{"n": 1})
		feeds = append(feeds, c.subscribe(rid))
	}
	fails := func(i int) *res.Error {
		return [...]*res.Error{nil, res.ErrNotFound, res.ErrTimeout, {Code: "my.error", Message: "Mine"}, nil}[i%5]
	}
	c.outage(func() {
		for i, f := range feeds {
			w.service.Fail(f.rid, fails(i))
			w.change(f.rid, map[string]any{"n": 2})
		}
	})
	synctest.Wait()
	if s := c.Stats(); s.Stale != 18 || s.Retrying != 18 {
		w.t.Errorf("%d are stale and %d retried, want the 18 that failed", s.Stale, s.Retrying)
	}
	v, err := c.View(w.within(), "m.1", "m.2", "m.3", "m.4")
	w.must(err)
	if got := fmt.Sprint(v.Stale()); got != "[m.1 m.2 m.3]" {
		w.t.Errorf("%s are stale", got)
	}
	time.Sleep(time.Hour)
	for i, f := range feeds {
		n := len(c.tape.requests(wire.TypeSubscribe, f.rid))
		if fails(i) == nil && n != 2 || fails(i) != nil && (n < 5 || n > 40) {
			w.t.Errorf("%s was asked for %d times within an hour", f.rid, n)
		}
		w.service.Fail(f.rid, nil)
	}
	c.awaitSync()
	for _, f := range feeds {
		f.awaitCount(2)
	}
}

// A gateway that closes right after the version answer is dialled as the back-off
// says. That a connection was open counts for nothing.
func flap(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	var p *proxy
	p = w.newProxy(func(answer *parcel) {
		if answer.is(faultproxy.FromGateway, wire.TypeVersion, "") {
			p.AfterFrames(faultproxy.FromGateway, 1, answer.Conn.Cut)
		}
	})
	c := w.newClientAt(p.URL(), conn.Hooks{})
	go func() { _, _ = c.Subscribe(w.within(), "a.b") }()
	time.Sleep(time.Minute)
	synctest.Wait()
	// 250 ms, doubled up to 30 s, half of that on average: some nine in a minute.
	dials := p.Stats().Accepted
	if dials < 3 || dials > 25 {
		w.t.Errorf("dialled %d times in a minute", dials)
	}
	for _, tr := range c.tape.transitions() {
		if tr.Event == state.Lost && tr.Attempt == 1 {
			w.t.Errorf("the attempts began anew: %v", tr)
		}
	}
}

// A day without a gateway: it goes on trying, within the bounds.
func longOutage(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	c := w.connect()
	f := c.subscribe("a.b")
	w.must(w.gateway.Kill())
	c.await(state.Dialing)
	synctest.Wait()
	before := len(goroutines())
	time.Sleep(24 * time.Hour)
	synctest.Wait()
	if after := len(goroutines()); after > before || before == 0 {
		w.t.Errorf("%d goroutines after a day, %d before", after, before)
	}
	for _, tr := range c.tape.transitions() {
		if tr.Delay > 30*time.Second {
			w.t.Errorf("attempt %d waits for %v", tr.Attempt, tr.Delay)
		}
	}
	// Full jitter on 30 s is 15 s on average: 5760 attempts.
	if n := c.Stats().Attempt; n < 5000 || n > 6500 {
		w.t.Errorf("%d attempts in a day", n)
	}
	w.must(w.gateway.Restart())
	c.awaitSync()
	f.expect(`a.b sync (first) {"n":1}`, `a.b stale`, `a.b sync (reconnect) {"n":1}`)
}

// A connection on which nothing comes any more is noticed by its pings, and left.
func halfOpen(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	const interval, timeout = 5 * time.Second, 2 * time.Second
	c := w.connect(conn.WithPing(interval, timeout))
	f := c.subscribe("a.b")
	f.expect(`a.b sync (first) {"n":1}`)
	began := time.Now()
	w.network.Cut(memoryAddr)
	c.await(state.Dialing)
	if took := time.Since(began); took > interval+timeout {
		w.t.Errorf("it took %v to notice", took)
	}
	w.change("a.b", map[string]any{"n": 2})
	w.network.Heal(memoryAddr)
	f.expect(`a.b stale`, `a.b change n=2 (was 1) (resync)`, `a.b sync (reconnect) {"n":2}`)
	synctest.Wait()
	if n := len(w.server.Connections()); n != 1 {
		w.t.Errorf("%d sockets are open, want 1", n)
	}
}

// What an old connection says late is ignored.
func staleAnswer(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	network := &lateNetwork{dial: w.dial}
	c := w.newClient(conn.Hooks{}, conn.WithNetDial(network.connect))
	w.until("it is connected", func() bool { return c.State() == state.Connected })
	network.holdBack()
	f, failed := newFeed(w, "a.b"), make(chan error, 1)
	go func() {
		_, err := c.Subscribe(w.within(), "a.b", f.option())
		failed <- err
	}()
	synctest.Wait() // the answer is on the old connection
	w.change("a.b", map[string]any{"n": 2})
	synctest.Wait() // and an event
	c.Reconnect()
	w.must(<-failed)
	f.expect(`a.b sync (first) {"n":2}`)
	w.change("a.b", map[string]any{"n": 3})
	f.expect(`a.b change n=3 (was 2)`)
	network.letGo()
	synctest.Wait()
	w.change("a.b", map[string]any{"n": 4})
	f.expect(`a.b change n=4 (was 3)`)
	late := c.tape.index(func(r record) bool { return r.generation == 1 && r.response != nil && r.response.ID > 9 })
	second := c.tape.index(func(r record) bool { return r.generation == 2 })
	if late < second {
		w.t.Errorf("record %d is of the old connection, %d of the new: the case does not test what it says", late, second)
	}
}

// Who listens to custom events is told between which of them some may be missing.
func gapNotice(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	c := w.connect()
	f := c.subscribe("a.b")
	w.must(w.service.Event("a.b", "rang", 1))
	f.expect(`a.b sync (first) {"n":1}`, `a.b rang 1`)
	c.outage(func() { w.must(w.service.Event("a.b", "rang", 2)) })
	c.awaitSync()
	w.must(w.service.Event("a.b", "rang", 3))
	f.expect(`a.b stale`, `a.b sync (reconnect) {"n":1}`, `a.b rang 3`)
	if stale := f.all()[2].(*subs.Stale); stale.Cause == nil {
		w.t.Error("the gap has no cause")
	}
}

// A resource of the connection, named with {cid}, is the new connection's after a
// reconnect, and that is told as a change.
func cidResource(w *world) {
	var logins atomic.Int32
	w.must(w.service.HandleAuth("auth", "login", func(r *resgatetest.Request) (any, error) {
		return nil, w.service.SetModel("session."+r.CID, map[string]any{"n": logins.Add(1)})
	}))
	c := w.newClient(loginHooks())
	f := c.subscribe("session.{cid}")
	f.expect(`session.{cid} sync (first) {"n":1}`)
	c.outage(func() {})
	f.expect(`session.{cid} stale`, `session.{cid} change n=2 (was 1) (resync)`, `session.{cid} sync (reconnect) {"n":2}`)
}
