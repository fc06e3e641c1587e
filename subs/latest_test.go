package subs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// latestMirror is a program that wants the latest of a resource.
type latestMirror struct {
	show func(v *subs.View, rid string) string // what the program's type shows
	sync *subs.Sync
}

func newLatestConsumer[T any]() *consumer {
	c := newConsumer(4)
	d := subs.NewDecoder[T]()
	c.handle.Owner = &subs.Latest{Owner: c, Type: d.Type()}
	c.latest = &latestMirror{show: func(v *subs.View, rid string) string {
		value, err := d.Decode(v, rid)
		text, _ := json.Marshal(value)
		return fmt.Sprint(string(text), err)
	}}
	return c
}

func (l *latestMirror) apply(reg *subs.Registry, h *subs.Handle, ev subs.Event) error {
	sync, whole := ev.(*subs.Sync)
	switch {
	case whole && sync.View == nil:
		return fmt.Errorf("%v has no view", ev)
	case whole:
		l.sync = sync
	case l.sync == nil:
		return fmt.Errorf("%v comes first", ev)
	default:
		reg.Resume(h)
		deliver(reg)
	}
	return nil
}

// differs says in what a program that has been told no news has not the latest.
func (l *latestMirror) differs(reg *subs.Registry, rid string, waiting int) error {
	if waiting > 2 {
		return fmt.Errorf("%d events wait, want a Sync and the news at the most", waiting)
	}
	if waiting > 0 || l.sync == nil || !reg.Live(rid) {
		return nil
	}
	if got, want := l.show(l.sync.View, rid), l.show(reg.View(rid), rid); got != want {
		return fmt.Errorf("it has %s, want %s", got, want)
	}
	return nil
}

// newLatestRig is a rig whose handle wants the latest.
func newLatestRig(t *testing.T, as *subs.Type, set ...wire.Resource) *rootRig {
	return newRootRig(t, &subs.Handle{Owner: &subs.Latest{Type: as}}, set...)
}

type counted struct{ N int }

func TestAHandleThatWantsTheLatestIsToldOnceThatThereIsNews(t *testing.T) {
	r := newLatestRig(t, subs.NewDecoder[counted]().Type(), node("root"))
	r.expect(`root sync (first) {} view root`)
	for n := range 10_000 {
		r.must(r.Changed("root", wire.Change{Values: nIs(n)}))
	}
	r.expect(`root news`)
	r.Resume(r.handle)
	r.expect(`root sync (lag) {"n":9999} view root`)
	r.must(r.Changed("root", wire.Change{Values: nIs(1)}))
	r.expect(`root news`)
}

func TestWhatLeavesTheContentAsItIsIsNoNews(t *testing.T) {
	r := newLatestRig(t, subs.NewDecoder[any]().Type(), node("root", "a"), node("a"))
	r.expect(`root sync (first) {"a":{"rid":"a"}} view a,root`)
	r.must(r.Custom("root", "ping", []byte("1")))
	r.must(r.Custom("a", "ping", []byte("1")))
	r.must(r.Changed("root", wire.Change{Values: []wire.Property{{Name: "a", Value: res.NewRef("a")}}}))
	r.Disconnected(errLost)
	r.expect()
	r.Resume(r.handle) // as a reader that was told of news before
	r.expect(`root sync (lag) {"a":{"rid":"a"}} view a,root`)
}

func TestAReconnectIsNews(t *testing.T) {
	for name, as := range map[string]*subs.Type{
		"of a type without room for references": subs.NewDecoder[counted]().Type(),
		"of a type with room for references":    subs.NewDecoder[any]().Type(),
	} {
		t.Run(name, func(t *testing.T) {
			r := newLatestRig(t, as, node("root"))
			r.expect(`root sync (first) {} view root`)
			r.Disconnected(errLost)
			r.Install(wire.Set{Resources: []wire.Resource{node("root")}})
			r.Subscribed("root")
			r.expect(`root news`)
			r.must(r.Changed("root", wire.Change{Values: nIs(1)}))
			r.Resume(r.handle)
			r.expect(`root sync (lag) {"n":1} view root`)
		})
	}
}

func TestReferencesCountWhereTheTypeHasRoomForThem(t *testing.T) {
	type child struct{ N int }
	for name, test := range map[string]struct {
		as   *subs.Type
		view string
		news []string
	}{
		"a struct":            {subs.NewDecoder[struct{ A child }]().Type(), "a,root", []string{"a news"}},
		"a pointer":           {subs.NewDecoder[*struct{ A *child }]().Type(), "a,root", []string{"a news"}},
		"a map":               {subs.NewDecoder[map[string]child]().Type(), "a,b,root", []string{"a news"}},
		"anything":            {subs.NewDecoder[any]().Type(), "a,b,root", []string{"a news"}},
		"a reference":         {subs.NewDecoder[struct{ A res.Ref }]().Type(), "root", nil},
		"a string":            {subs.NewDecoder[map[string]string]().Type(), "root", nil},
		"a number":            {subs.NewDecoder[struct{ N int }]().Type(), "root", nil},
		"what does not fit":   {subs.NewDecoder[int]().Type(), "root", nil},
		"a list, for a model": {subs.NewDecoder[[]string]().Type(), "root", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLatestRig(t, test.as, node("root", "a", "b"), node("a"), node("b"))
			r.expect(`root sync (first) {"a":{"rid":"a"},"b":{"rid":"b"}} view ` + test.view)
			r.must(r.Changed("a", wire.Change{Values: nIs(1)}))
			r.expect(test.news...)
		})
	}
}

func TestADecoderTellsWhetherItsTypeShowsAnythingNew(t *testing.T) {
	r := newLatestRig(t, subs.NewDecoder[any]().Type(), node("root", "a"), node("a"))
	type child struct{ N int }
	d := subs.NewDecoder[struct{ A child }]()
	next := func(want string) {
		t.Helper()
		v, changed, err := d.DecodeNew(r.ViewAs("root", d.Type()), "root")
		if got := fmt.Sprint(v, changed, err != nil); got != want {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
	next("{{0}} true false")
	next("{{0}} false false")
	r.must(r.Changed("root", wire.Change{Values: nIs(1)})) // there is no field for it
	next("{{0}} false false")
	r.must(r.Changed("a", wire.Change{Values: nIs(2)}))
	next("{{2}} true false")
	text := []wire.Property{{Name: "n", Value: value("text")}}
	r.must(r.Changed("a", wire.Change{Values: text}))
	next("{{0}} true true")
	next("{{0}} false false")
	r.must(r.Changed("a", wire.Change{Values: nIs(2)}))
	next("{{2}} true false")

	_, _, err := d.DecodeNew(r.ViewAs("no.such", d.Type()), "no.such")
	if !errors.Is(err, subs.ErrNotInView) {
		t.Errorf("got %v, want ErrNotInView", err)
	}
	next("{{2}} true false")
}

func TestADecoderSaysWhetherItsTypeTakesAResource(t *testing.T) {
	for name, follows := range map[string]struct{ got, want bool }{
		"struct":    {subs.NewDecoder[counted]().Follows(), true},
		"slice":     {subs.NewDecoder[[]string]().Follows(), true},
		"anything":  {subs.NewDecoder[any]().Follows(), true},
		"string":    {subs.NewDecoder[string]().Follows(), false},
		"reference": {subs.NewDecoder[res.Ref]().Follows(), false},
		"number":    {subs.NewDecoder[int]().Follows(), false},
	} {
		if follows.got != follows.want {
			t.Errorf("%s: %t, want %t", name, follows.got, follows.want)
		}
	}
}

func TestADecoderOfWhatIsInErrorSaysSo(t *testing.T) {
	r := newLatestRig(t, subs.NewDecoder[any]().Type(), node("root", "a"),
		wire.Resource{RID: "a", Kind: wire.KindError, Error: res.ErrNotFound})
	d := subs.NewDecoder[counted]()
	if _, err := d.Decode(r.ViewAs("a", d.Type()), "a"); !errors.Is(err, res.ErrNotFound) {
		t.Errorf("got %v, want not found", err)
	}
}
