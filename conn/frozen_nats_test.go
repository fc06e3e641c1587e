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
	const interval, timeout = 500 * time.Millisecond, 500 * time.Millisecond // less is too little on a busy machine
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
	c, err := conn.Dial(ctx, w.gateway.URL(), conn.WithGateways(other.URL()), conn.WithPing(interval, timeout))
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
	if err := c.WaitFor(ctx, state.Dialing); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(frozen); took > interval+timeout+5*time.Second { // for a busy machine; the default is 25 s
		t.Errorf("left the frozen gateway after %v, more than interval and timeout", took)
	}
	if err := c.WaitInSync(ctx); err != nil {
		t.Fatal(err)
	}
	if got := c.Stats().Gateway; got != second.URL() {
		t.Errorf("went on at %s, want the next in the list, %s", got, second.URL())
	}
	if err := w.service.Change("a.b", map[string]any{"n": 2}); err != nil {
		t.Fatal(err)
	}
	events.expect(`a.b stale: nothing was heard from the gateway in time`, `a.b sync (reconnect) {"n":1}`, `a.b change n=2 (was 1)`)
}
