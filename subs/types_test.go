package subs_test

import (
	"errors"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

type counter struct{ N int }

type decoder interface{ Decoded() (any, error) }

func TestEventsAreDecodedIntoTheRegisteredType(t *testing.T) {
	r := subs.NewRegistry(subs.TypeOf[counter]("counter.*"))
	r.Open(new(subs.Handle), "counter.1")
	r.Open(new(subs.Handle), "other")
	grant(r, "counter.1", 1)
	grant(r, "other", 1)
	for _, n := range []int{2, 3} {
		if err := errors.Join(r.Changed("counter.1", wire.Change{Values: nIs(n)}), r.Changed("other", wire.Change{Values: nIs(n)})); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string][]any{}
	for _, d := range r.TakeDeliveries() {
		v, err := d.Event.(decoder).Decoded()
		if err != nil {
			v = err
		}
		got[d.Event.RID()] = append(got[d.Event.RID()], v)
	}
	for i, n := range []int{1, 2, 3} { // read after they all have come
		if got["counter.1"][i] != (counter{n}) {
			t.Errorf("event %d is %v, want %d", i, got["counter.1"][i], n)
		}
		if got["other"][i] != subs.ErrNoType {
			t.Errorf("event %d of what has no type is %v", i, got["other"][i])
		}
	}
	if v, err := r.View("counter.1").Value("counter.1"); err != nil || v != (counter{3}) {
		t.Errorf("the view has %v, %v", v, err)
	}
	if _, err := r.View("other").Value("other"); !errors.Is(err, subs.ErrNoType) {
		t.Errorf("got %v, want ErrNoType", err)
	}
}

func TestAValueThatCannotBeDecodedIsAnErrorOfItsEvent(t *testing.T) {
	r := subs.NewRegistry(subs.TypeOf[counter](">"))
	h := new(subs.Handle)
	r.Open(h, "a")
	grant(r, "a", 1)
	text := []wire.Property{{Name: "n", Value: value("text")}}
	if err := errors.Join(r.Changed("a", wire.Change{Values: text}), r.Changed("a", wire.Change{Values: nIs(5)})); err != nil {
		t.Fatal(err)
	}
	deliveries := r.TakeDeliveries()
	if _, err := deliveries[1].Event.(decoder).Decoded(); err == nil {
		t.Error("a text in place of a number is no error")
	}
	if v, err := deliveries[2].Event.(decoder).Decoded(); err != nil || v != (counter{5}) {
		t.Errorf("the next event is %v, %v", v, err)
	}
}

func TestTheMostSpecificPatternGivesTheType(t *testing.T) {
	type general struct{ N int }
	type exact struct{ N int }
	type later struct{ N int }
	for _, types := range [][]subs.Type{
		{subs.TypeOf[general](">"), subs.TypeOf[counter]("a.*"), subs.TypeOf[exact]("a.b"), subs.TypeOf[later]("a.>")},
		{subs.TypeOf[later]("a.>"), subs.TypeOf[exact]("a.b"), subs.TypeOf[counter]("a.*"), subs.TypeOf[general](">")},
	} {
		r := subs.NewRegistry(types...)
		for rid, want := range map[string]any{"a.b": exact{1}, "a.b?q=1": exact{1}, "a.c": counter{1}, "a.b.c": later{1}, "b": general{1}} {
			r.Open(new(subs.Handle), rid)
			grant(r, rid, 1)
			if v, err := r.View(rid).Value(rid); err != nil || v != want {
				t.Errorf("%s is a %T (%v), want %T", rid, v, err, want)
			}
		}
	}
	if p := subs.TypeOf[counter]("a.*").Pattern(); p != res.Pattern("a.*") {
		t.Errorf("the pattern is %q", p)
	}
}
