package subs_test

import (
	"errors"
	"testing"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func TestAStreamHearsOfEverythingThatMatches(t *testing.T) {
	r := &rootRig{t: t, Registry: subs.NewRegistry(), handle: new(subs.Handle)}
	first := new(subs.Handle)
	r.Open(first, "shop.1")
	grant(r.Registry, "shop.1", 1)
	r.OpenStream(r.handle, "shop.*")
	r.expect(`sync (first) of 1 resources view shop.1`)

	second, other := new(subs.Handle), new(subs.Handle)
	r.Open(second, "shop.2?q=a.b")
	r.Open(other, "bank.1")
	grant(r.Registry, "shop.2?q=a.b", 2)
	grant(r.Registry, "bank.1", 3)
	r.must(r.Changed("bank.1", wire.Change{Values: nIs(4)}))
	r.must(r.Changed("shop.2?q=a.b", wire.Change{Values: nIs(5)}))
	r.must(r.Custom("shop.1", "sale", []byte("7")))
	r.expect(`shop.2?q=a.b sync (reached) {"n":2}`, `shop.2?q=a.b change n=5 (was 2)`, `shop.1 sale 7`)

	r.Close(second)
	r.Unsubscribed("shop.2?q=a.b", 1)
	r.expect(`shop.2?q=a.b drop`)
	r.Disconnected(errors.New("lost"))
	r.expect(`stale: lost`)
	grant(r.Registry, "shop.1", 9)
	r.expect(`shop.1 sync (reconnect) {"n":9}`)

	r.Close(r.handle)
	r.must(r.Changed("shop.1", wire.Change{Values: nIs(10)}))
	r.expect()
}

func TestAStreamThatLaggedIsToldWhatEverythingIs(t *testing.T) {
	r := &rootRig{t: t, Registry: subs.NewRegistry(), handle: new(subs.Handle)}
	r.OpenStream(r.handle, ">")
	q := subs.NewQueue(subs.Limits{Events: 4, Bytes: 1 << 20})
	r.Open(new(subs.Handle), "a")
	grant(r.Registry, "a", 0)
	for n := range 10 {
		r.must(r.Changed("a", wire.Change{Values: nIs(n + 1)}))
	}
	push := func() {
		for _, d := range r.TakeDeliveries() {
			if d.Handle == r.handle {
				q.Push(d.Event)
			}
		}
	}
	push()
	if !q.Folding() {
		t.Fatal("the queue did not fold")
	}
	r.Resume(r.handle)
	push()
	for _, want := range []string{`lag: 12 events folded, 0 custom events lost`, `sync (lag) of 1 resources`} {
		if ev, ok := q.Pop(); !ok || ev.String() != want {
			t.Errorf("got %v, want %s", ev, want)
		}
	}
}

func TestAStreamHearsOfWhatAnOutageTookAway(t *testing.T) {
	r := &rootRig{t: t, Registry: subs.NewRegistry(), handle: new(subs.Handle)}
	r.OpenStream(r.handle, ">")
	r.Open(new(subs.Handle), "a")
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a", "b"), node("b", "c"), node("c", "b")}})
	r.Subscribed("a")
	r.TakeDeliveries()
	r.Disconnected(errors.New("lost"))
	r.expect(`stale: lost`)
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a")}})
	r.Subscribed("a")
	r.Sweep()
	r.expect(`a sync (reconnect) {}`, `b drop`, `c drop`)
}

// It is told when that is gone, or back.
func TestAStreamThatIsOpenedDuringAnOutageIsGivenWhatOthersWereToldOf(t *testing.T) {
	r := &rootRig{t: t, Registry: subs.NewRegistry(), handle: new(subs.Handle)}
	r.OpenStream(new(subs.Handle), ">")
	a := new(subs.Handle)
	r.Open(a, "a")
	grant(r.Registry, "a", 1)
	r.Disconnected(errors.New("lost"))
	r.OpenStream(r.handle, ">")
	r.expect(`sync (first) of 1 resources view a`)
	r.Close(a)
	r.Sweep()
	r.expect(`a drop`)
}
