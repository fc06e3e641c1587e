package conn_test

import (
	"context"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest/natstest"
	"github.com/resclient/resclient-go/state"
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
	left := make(departures, 100)
	c, err := conn.Dial(ctx, w.gateway.URL(), append(quickPings(left), conn.WithGateways(other.URL()))...)
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
	frozen := time.Now()
	if err := first.Freeze(); err != nil {
		t.Fatal(err)
	}
	defer first.Thaw()
	waitUntil(ctx, t, "the client is in sync at the next in the list", func() bool {
		s := c.Stats()
		return s.InSync && s.Gateway == second.URL()
	})
	left.expectSoonAfter(t, frozen)
	if err := w.service.Change("a.b", map[string]any{"n": 2}); err != nil {
		t.Fatal(err)
	}
	events.expectSilences(`a.b change n=2 (was 1)`)
}

// How long the clients with quickPings bear silence, and wait for the answer to a ping. Less is
// too little on a busy machine, where they may also leave a gateway that is well.
const quickInterval, quickTimeout = 500 * time.Millisecond, 500 * time.Millisecond

// quickPings has a client leave a silent gateway soon, say so, and waste little time on
// another that is frozen.
func quickPings(left departures) []conn.Option {
	return []conn.Option{conn.WithPing(quickInterval, quickTimeout), conn.WithDialTimeout(2 * time.Second),
		conn.WithHooks(conn.Hooks{Transition: left.hook})}
}

// departures are when a client has left its gateways.
type departures chan time.Time

func (d departures) hook(tr state.Transition) {
	if tr.To == state.Dialing && tr.From != state.Dialing {
		d <- time.Now()
	}
}

// expectSoonAfter checks that the client, which has left a gateway since it was frozen, has not
// taken much longer than it may for that.
func (d departures) expectSoonAfter(t *testing.T, frozen time.Time) {
	t.Helper()
	took := time.Duration(0)
	for took <= 0 { // else that was before
		took = (<-d).Sub(frozen)
	}
	if took > quickInterval+quickTimeout+5*time.Second { // for a busy machine; the default is 25 s
		t.Errorf("left the frozen gateway after %v, more than interval and timeout", took)
	}
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
