package conformance_test

import (
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// The first frame of every connection is the version request, and nothing else is
// sent before its answer.
func versionFirst(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	c := w.newClient(conn.Hooks{})
	c.subscribe("a.b") // wants something from the beginning
	c.outage(func() {})
	c.awaitSync()
	c.settle()
	for generation := range c.Stats().Generation {
		var frames []record
		for _, r := range c.tape.all() {
			if r.generation == generation+1 && r.transition == nil {
				frames = append(frames, r)
			}
		}
		if len(frames) < 2 {
			continue // a dial that failed
		}
		first, second := frames[0], frames[1]
		if first.request == nil || first.request.Type != wire.TypeVersion || first.request.Protocol != "1.2.3" {
			w.t.Errorf("connection %d begins with %s", generation+1, first.text)
		}
		if second.response == nil || second.response.ID != first.request.ID {
			w.t.Errorf("connection %d goes on with %s before the answer", generation+1, second.text)
		}
	}
}

// A gateway that does not know the version request is spoken to as of old: results
// are bare, and unsubscribes are repeated instead of counted.
func versionInvalidRequest(w *world) {
	w.replaceGateway(resgatetest.WithLegacy("1.1.1"))
	w.model("a.b", map[string]any{"n": 1})
	w.handle("a.b", "raw", func(*resgatetest.Request) (any, error) { return map[string]any{"payload": 7}, nil })
	p, unsubscribe := holdFirst(w, faultproxy.FromGateway, wire.TypeUnsubscribe, "a.b")
	c := w.connectAt(p.URL())
	if got := c.Stats().Protocol; got != wire.LegacyProtocol {
		w.t.Errorf("the protocol is %q", got)
	}
	var result json.RawMessage
	w.must(c.Call(w.within(), "a.b", "raw", nil, &result))
	if string(result) != `{"payload":7}` {
		w.t.Errorf("a bare result was read as %s", result)
	}
	w.handle("a.b", "new", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("a.b"), nil })
	giveBackTwo(w, c, unsubscribe, func() error {
		//lint:ignore SA1019 at that protocol, no other request is answered with a subscription
		s, err := c.New(w.within(), "a.b", nil)
		if err == nil {
			s.Close()
		}
		return err
	})
	expectCounts(c, "a.b", 1, 1, 1)
}

// A gateway that supports none of our protocols is given up, and it is told why.
func versionUnsupported(w *world) {
	p := w.newProxy(func(p *parcel) {
		if p.is(faultproxy.FromClient, wire.TypeVersion, "") {
			p.replace(`"1.2.3"`, `"2.0.0"`)
		}
	})
	c := w.newClientAt(p.URL(), conn.Hooks{})
	w.must(c.WaitFor(w.within(), state.Closed))
	err := c.WaitFor(w.within(), state.Connected)
	if !errors.Is(err, conn.ErrClosed) || !errors.Is(err, res.ErrUnsupportedProtocol) {
		w.t.Errorf("got %v, want closed and why", err)
	}
	receive(w, "the end of the client", c.Done())
	list := c.tape.transitions()
	if last := list[len(list)-1]; last.Event != state.GaveUp || !errors.Is(last.Cause, res.ErrUnsupportedProtocol) {
		w.t.Errorf("the hook was told %v", last)
	}
	if n := p.Stats().Accepted; n != 1 {
		w.t.Errorf("dialled %d times, want once", n)
	}
}

// A gateway that does not answer the version request is left after a while, and
// tried again.
func versionSilent(w *world) {
	var silent atomic.Bool
	silent.Store(true)
	p := w.newProxy(func(p *parcel) {
		if silent.Load() {
			p.Drop()
		}
	})
	began := time.Now()
	c := w.newClientAt(p.URL(), conn.Hooks{}, conn.WithVersionTimeout(3*time.Second))
	w.until("the first attempt has failed", func() bool { return c.Stats().Attempt > 1 })
	if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
		w.t.Errorf("the attempt took %v, want the timeout of 3 s", took)
	}
	if tr := c.tape.transitions()[1]; tr.Event != state.DialFailed || !errors.Is(tr.Cause, conn.ErrNoAnswer) {
		w.t.Errorf("the hook was told %v", tr)
	}
	silent.Store(false)
	c.await(state.Connected)
	synctest.Wait()
	if n := len(w.server.Connections()); n != 1 {
		w.t.Errorf("%d sockets are open, want 1", n)
	}
}

// When a gateway comes back older, what it does not know is no longer used.
func versionChanges(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	w.handle("a.b", "me", func(*resgatetest.Request) (any, error) { return resgatetest.Resource("a.b"), nil })
	p, unsubscribe := holdFirst(w, faultproxy.FromGateway, wire.TypeUnsubscribe, "a.b")
	c := w.connectAt(p.URL())
	call := func() error { return c.Call(w.within(), "a.b", "me", nil, nil) }
	giveBackTwo(w, c, unsubscribe, call)
	expectCounts(c, "a.b", 1, 2)

	w.must(w.gateway.Kill())
	c.await(state.Dialing)
	w.replaceGateway(resgatetest.WithLegacy("1.2.0"))
	c.await(state.Connected)
	if got := c.Stats().Protocol; got != "1.2.0" {
		w.t.Errorf("the protocol is %q", got)
	}
	again := unsubscribe.again()
	giveBackTwo(w, c, again, call)
	expectCounts(c, "a.b", 1, 2, 1, 1, 1)
}
