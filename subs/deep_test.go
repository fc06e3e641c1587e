package subs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// rootRig is a registry with a handle on "root", whose events it prints.
type rootRig struct {
	t *testing.T
	*subs.Registry
	handle *subs.Handle
}

func newRootRig(t *testing.T, h *subs.Handle, set ...wire.Resource) *rootRig {
	r := &rootRig{t: t, Registry: subs.NewRegistry(), handle: h}
	r.Open(h, "root")
	install(r.Registry, wire.Set{Resources: set})
	r.Subscribed("root")
	return r
}

// newDeepRig is a rig whose handle is deep.
func newDeepRig(t *testing.T, set ...wire.Resource) *rootRig {
	return newRootRig(t, &subs.Handle{Deep: true}, set...)
}

func (r *rootRig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// expect compares what the handle was told since the last call.
func (r *rootRig) expect(want ...string) {
	r.t.Helper()
	var got []string
	for _, d := range r.TakeDeliveries() {
		if d.Handle != r.handle {
			continue
		}
		text := d.Event.String()
		if s, ok := d.Event.(*subs.Sync); ok && s.View != nil {
			text += " view " + strings.Join(s.View.RIDs(), ",")
		}
		got = append(got, text)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		r.t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	r.must(r.Check())
}

// node is a model with a reference per name.
func node(rid string, refs ...string) wire.Resource {
	m := wire.Resource{RID: rid, Kind: wire.KindModel}
	for _, ref := range refs {
		m.Model = append(m.Model, wire.Property{Name: ref, Value: res.NewRef(ref)})
	}
	return m
}

func refs(to ...string) (values []wire.Property) {
	for _, rid := range to {
		values = append(values, wire.Property{Name: strings.TrimPrefix(rid, "-"), Value: res.NewRef(rid)})
		if strings.HasPrefix(rid, "-") {
			values[len(values)-1].Value, _ = res.ValueOf(res.DeleteAction)
		}
	}
	return values
}

func TestADeepHandleIsGivenEverythingFirst(t *testing.T) {
	r := newDeepRig(t, node("root", "a", "b"), node("a", "c"), node("b", "c", "root"), node("c"))
	r.expect(`root sync (first) {"a":{"rid":"a"},"b":{"rid":"b"}} view a,b,c,root`)
	r.must(r.Changed("c", wire.Change{Values: nIs(1)}))
	r.expect(`c change n=1 (new)`)
	r.must(r.Custom("b", "ping", []byte("null")))
	r.expect(`b ping null`)
}

func TestADeepHandleHearsOfWhatItComesToReachBeforeTheReference(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a"))
	r.expect(`root sync (first) {"a":{"rid":"a"}} view a,root`)
	r.must(r.Changed("a", wire.Change{Values: refs("x"), Set: wire.Set{Resources: []wire.Resource{node("x", "y"), node("y")}}}))
	r.expect(`y sync (reached) {}`, `x sync (reached) {"y":{"rid":"y"}}`, `a change x={"rid":"x"} (new)`)
	r.must(r.Changed("y", wire.Change{Values: nIs(1)}))
	r.expect(`y change n=1 (new)`)
}

// The first of the new references leads to the second one by way of the root.
func TestADeepHandleIsToldOnceOfWhatItComesToReach(t *testing.T) {
	r := newDeepRig(t, node("root"))
	r.Open(new(subs.Handle), "a")
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a", "root")}})
	r.Subscribed("a")
	r.TakeDeliveries()
	r.must(r.Changed("root", wire.Change{Values: refs("a", "b"), Set: wire.Set{Resources: []wire.Resource{node("b")}}}))
	r.expect(`b sync (reached) {}`, `a sync (reached) {"root":{"rid":"root"}}`, `root change a={"rid":"a"} (new) b={"rid":"b"} (new)`)
}

func TestADeepHandleHearsOfWhatItReachesNoMoreAfterTheReference(t *testing.T) {
	r := newDeepRig(t, node("root", "a", "b"), node("a", "c"), node("b", "c"), node("c", "d"), node("d", "c"))
	r.expect(`root sync (first) {"a":{"rid":"a"},"b":{"rid":"b"}} view a,b,c,d,root`)
	r.must(r.Changed("a", wire.Change{Values: refs("-c")}))
	r.expect(`a change c deleted (was {"rid":"c"})`)
	r.must(r.Changed("b", wire.Change{Values: refs("-c")}))
	r.expect(`b change c deleted (was {"rid":"c"})`, `c drop`, `d drop`)
	if n := r.Counts().Resources; n != 3 {
		t.Errorf("%d resources are kept, want 3", n)
	}
}

// The Sync has what the event changes already, and the deep handle would apply it twice.
func TestADeepHandleIsNotToldOfTheEventThatMakesItLive(t *testing.T) {
	for what, event := range map[string]func(*rootRig, wire.Set) error{
		"change": func(r *rootRig, set wire.Set) error {
			return r.Changed("p", wire.Change{Values: refs("root"), Set: set})
		},
		"add": func(r *rootRig, set wire.Set) error {
			return r.Added("p", wire.Add{Value: res.NewRef("root"), Set: set})
		},
	} {
		p := node("p")
		if what == "add" {
			p.Kind = wire.KindCollection
		}
		r := newDeepRig(t, node("root", "p"), p)
		r.Open(new(subs.Handle), "p")
		r.Subscribed("p")
		r.must(r.Revoked("root", res.ErrAccessDenied))
		r.TakeDeliveries()
		r.must(event(r, wire.Set{Resources: []wire.Resource{node("root", "p")}}))
		r.expect(`root sync (reconnect) {"p":{"rid":"p"}} view p,root`)
		r.must(r.Custom("p", "ping", []byte("null")))
		r.expect(`p ping null`)
	}
}

func TestADeepHandleIsStaleAsAWholeAndComesBackSo(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a"))
	r.TakeDeliveries()
	other := new(subs.Handle)
	r.Open(other, "a")
	r.Subscribed("a")
	r.Disconnected(errors.New("lost"))
	r.expect(`root stale: lost`)
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("root", "b"), node("b")}})
	r.Subscribed("root")
	r.expect(`root sync (reconnect) {"b":{"rid":"b"}} view b,root`)
	r.must(r.Changed("b", wire.Change{Values: nIs(1)}))
	r.expect(`b change n=1 (new)`)
}

// After a fault, what a deep handle was told to be stale may be held again before the
// next connection, and have had events meanwhile.
func TestADeepHandleIsToldThatItsResourceIsOfAnotherKind(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a"))
	r.expect(`root sync (first) {"a":{"rid":"a"}} view a,root`)
	r.Disconnected(errors.New("lost"))
	install(r.Registry, wire.Set{Resources: []wire.Resource{{RID: "root", Kind: wire.KindCollection}}})
	r.Subscribed("root")
	r.Sweep()
	r.expect(`root stale: lost`, `root sync (kind changed) [] view root`)
}

func TestADeepHandleIsToldWhatComesBackToLife(t *testing.T) {
	r := newDeepRig(t, node("root", "b", "c"), node("b"), node("c", "b"))
	r.Open(new(subs.Handle), "c")
	r.Distrust("c", subs.ErrInconsistent)
	r.must(r.Changed("root", wire.Change{Values: refs("-c")}))
	r.must(r.Changed("root", wire.Change{Values: refs("c")})) // which is stale now, and holds nothing
	r.Issued(1)
	r.TakeDeliveries()
	r.must(r.Changed("root", wire.Change{Values: refs("-b")}))
	r.expect(`root change b deleted (was {"rid":"b"})`, `b stale: nothing holds the resource at the gateway any more`)
	r.must(r.Changed("b", wire.Change{Values: nIs(1)}))
	r.must(r.Changed("root", wire.Change{Values: refs("b")}))
	r.expect(`b sync (reconnect) {"n":1}`, `root change b={"rid":"b"} (new)`)
}

// What was reached is the copy of another connection. What comes in its place refers to
// something else.
func TestADeepHandleIsToldWhatSomethingRefersToThatComesBackToLife(t *testing.T) {
	r := newDeepRig(t, node("root"))
	r.Open(new(subs.Handle), "a")
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a", "x"), node("x")}})
	r.Subscribed("a")
	r.Disconnected(errors.New("lost"))
	r.TakeDeliveries()
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("root", "a")}})
	r.Subscribed("root")
	r.expect(`root sync (reconnect) {"a":{"rid":"a"}} view a,root,x`)
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a", "y"), node("y")}})
	r.Subscribed("a")
	r.expect(`y sync (reached) {}`, `a sync (reconnect) {"y":{"rid":"y"}}`, `x drop`)
}

// The event brings to life what has led to its own resource, and does so no more.
func TestADeepHandleHearsOfTheEventThatTakesItsResourceAway(t *testing.T) {
	r := newDeepRig(t, node("root"))
	r.Open(new(subs.Handle), "a")
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("a", "x"), node("x", "y"), node("y")}})
	r.Subscribed("a")
	r.Disconnected(errors.New("lost"))
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("root", "a")}})
	r.Subscribed("root")
	r.Open(new(subs.Handle), "y")
	install(r.Registry, wire.Set{Resources: []wire.Resource{node("y")}})
	r.Subscribed("y")
	r.TakeDeliveries()
	r.must(r.Changed("y", wire.Change{Values: refs("x"), Set: wire.Set{Resources: []wire.Resource{node("x")}}}))
	r.expect(`x sync (reconnect) {}`, `y change x={"rid":"x"} (new)`, `y drop`)
}

func TestTheHandlesOfAResourceAreToldOnceEach(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a", "root"))
	plain := new(subs.Handle)
	r.Open(plain, "a")
	r.Subscribed("a")
	r.TakeDeliveries()
	r.must(r.Changed("a", wire.Change{Values: nIs(1)}))
	counts := map[*subs.Handle]int{}
	for _, d := range r.TakeDeliveries() {
		counts[d.Handle]++
	}
	if counts[plain] != 1 || counts[r.handle] != 1 {
		t.Errorf("told %d and %d times, want once each", counts[plain], counts[r.handle])
	}
	r.must(r.Revoked("a", res.ErrAccessDenied))
	r.expect() // access to a itself was lost; through root it goes on
	r.Close(r.handle)
	r.must(r.Changed("a", wire.Change{Values: nIs(2)}))
	r.expect()
}

func TestADeepHandleThatLaggedIsGivenEverythingAgain(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a"))
	r.TakeDeliveries()
	r.must(r.Changed("root", wire.Change{Values: refs("-a")}))
	r.TakeDeliveries() // folded away
	r.Resume(r.handle)
	r.expect(`root sync (lag) {} view root`)
}

func TestADeletedResourceIsToldToADeepHandle(t *testing.T) {
	r := newDeepRig(t, node("root", "a"), node("a"))
	r.TakeDeliveries()
	r.must(r.Deleted("a"))
	r.expect(`a delete`, fmt.Sprintf(`a stale: %v`, res.ErrDeleted))
}

func TestADeepHandleComesToReachWhatIsStale(t *testing.T) {
	for cause, spoil := range map[error]func(*rootRig){
		res.ErrDeleted:       func(r *rootRig) { r.must(r.Deleted("a")) },
		subs.ErrInconsistent: func(r *rootRig) { r.Distrust("a", errors.New("unreadable")) },
	} {
		r := newDeepRig(t, node("root"))
		r.TakeDeliveries()
		r.Open(new(subs.Handle), "other")
		install(r.Registry, wire.Set{Resources: []wire.Resource{node("other", "a"), node("a")}})
		r.Subscribed("other")
		spoil(r)
		r.TakeDeliveries()
		r.must(r.Changed("root", wire.Change{Values: refs("a")}))
		r.expect(`a sync (reached) {}`, fmt.Sprintf(`a stale: %v`, cause), `root change a={"rid":"a"} (new)`)
	}
}
