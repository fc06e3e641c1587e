package conn_test

import (
	"context"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// The same as TestAFrozenGatewayIsLeftForTheNextInTheList on real sockets, where a
// frozen process keeps its connections and the system goes on to accept new ones.
func TestAFrozenProcessIsLeftForTheNextInTheList(t *testing.T) {
	w := newNATSWorld(t)
	other, err := natstest.New(w.publish.ConnectedUrl())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	if err := w.service.SetModel("a.b", map[string]any{"n": 1}); err != nil {
		t.Fatal(err)
	}
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL(), append(quickPings(), conn.WithGateways(other.URL()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Subscribe(ctx, "a.b")
	if err != nil {
		t.Fatal(err)
	}
	events := read(t, s)
	events.expect(`a.b sync (first) {"n":1}`)

	first, second := w.gateway, other
	if c.Stats().Gateway == other.URL() {
		first, second = other, w.gateway
	}
	if err := first.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer first.Thaw()
	waitUntil(ctx, t, "the client is in sync at the next in the list", func() bool {
		s := c.Stats()
		return s.InSync && s.Gateway == second.URL()
	})
	if err := w.service.Change("a.b", map[string]any{"n": 2}); err != nil {
		t.Fatal(err)
	}
	events.expectSilences(`a.b change n=2 (was 1)`)
}

// A client with quickPings leaves a gateway after a second without a sign of life, and wastes
// little time on one that is frozen. On a busy machine it may also leave one that is well.
func quickPings() []conn.Option {
	return []conn.Option{conn.WithPing(500*time.Millisecond, 500*time.Millisecond), conn.WithDialTimeout(2 * time.Second)}
}

// expectSilences reads that a gateway was left for its silence, once or more often, up to
// an event of another kind.
func (r *reader) expectSilences(last string) {
	r.t.Helper()
	r.expect(silence...)
	for {
		ev, ok := r.next()
		switch {
		case !ok:
			r.t.Fatalf("the events ended, want %q", last)
		case ev.String() == last:
			return
		case ev.String() != silence[0]:
			r.t.Fatalf("got event  %s\nwant event %s", ev, last)
		}
		r.expect(silence[1:]...)
	}
}

// silence is what a subscription is told of a gateway that was left for its silence.
var silence = []string{`a.b stale: nothing was heard from the gateway in time`, `a.b sync (reconnect) {"n":1}`}
