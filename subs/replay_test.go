package subs_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Whoever keeps a resource from the events of a handle alone has what the gateway
// has, through lost connections, changed kinds and folded queues.
func TestReplayedEventsGiveThePresentState(t *testing.T) {
	for seed := range uint64(3000) {
		h := newHistory(seed)
		for range 60 {
			h.step()
			if err := h.consumer.read(h.reg, h.rnd.IntN(4)); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		h.connect()
		if err := h.consumer.readAll(h.reg); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want := subs.NewResource(clone(h.truth))
		if got, live := h.reg.Snapshot("r0"); !live || !got.Equal(want) {
			t.Fatalf("seed %d: the copy is %v, live %t, want %v", seed, got, live, want)
		}
		if !h.consumer.live || !h.consumer.equal(want) {
			t.Fatalf("seed %d: the events gave %v %v, live %t, want %v", seed, h.consumer.props, h.consumer.items, h.consumer.live, want)
		}
		if faults := h.reg.TakeFaults(); faults != nil {
			t.Fatalf("seed %d: %v", seed, faults)
		}
	}
}

// history is what happens to a single resource.
type history struct {
	service
	reg       *subs.Registry
	truth     wire.Resource
	connected bool
	consumer  *consumer
}

func newHistory(seed uint64) *history {
	h := &history{reg: subs.NewRegistry()}
	h.rnd = rand.New(rand.NewPCG(seed, 4))
	h.rids = []string{"r0"} // references are to itself
	h.truth = h.resource("r0")
	h.consumer = newConsumer(4 + h.rnd.IntN(12))
	h.reg.Open(h.consumer.handle, "r0")
	h.connect()
	return h
}

func (h *history) connect() {
	if !h.connected {
		h.connected = true
		install(h.reg, wire.Set{Resources: []wire.Resource{clone(h.truth)}})
		h.reg.Subscribed("r0")
		h.reg.Sweep()
	}
	deliver(h.reg)
}

func (h *history) step() {
	switch k := h.rnd.IntN(20); {
	case k == 0:
		h.connected = false
		h.reg.Disconnected(errLost)
	case k == 1:
		h.connect()
	case k == 2 && !h.connected:
		h.truth = h.resource("r0")
	case k == 3 && h.connected:
		_ = h.reg.Custom("r0", "ping", []byte("1"))
	case h.truth.Kind == wire.KindModel:
		if values := h.change(&h.truth); len(values) > 0 && h.connected {
			_ = h.reg.Changed("r0", wire.Change{Values: values})
		}
	case h.truth.Kind == wire.KindCollection:
		h.edit()
	}
	deliver(h.reg)
}

func (h *history) edit() {
	list := &h.truth.Collection
	if n := len(*list); n > 0 && h.rnd.IntN(2) == 0 {
		i := h.rnd.IntN(n)
		*list = slices.Delete(*list, i, i+1)
		if h.connected {
			_ = h.reg.Removed("r0", wire.Remove{Index: i})
		}
		return
	}
	i, v := h.rnd.IntN(len(*list)+1), h.value()
	*list = slices.Insert(*list, i, v)
	if h.connected {
		_ = h.reg.Added("r0", wire.Add{Index: i, Value: v})
	}
}
