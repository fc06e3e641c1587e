package subs_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// scanModel reads a model as the gateway spells it, false if the scanner leaves it to Parse.
func scanModel(rid, model string) (text []byte, m wire.Scanned, ok bool) {
	text = fmt.Appendf(nil, `{"result":{"models":{%q:%s}},"id":1}`, rid, model)
	var s wire.Scanner
	ok = s.Scan(text, &m) && m.Kind == wire.ScannedModel
	return text, m, ok
}

// install takes in a set as the client does: one model by its text.
func install(reg *subs.Registry, set wire.Set) {
	if r := set.Resources; len(r) == 1 && r[0].Kind == wire.KindModel {
		if text, m, ok := scanModel(r[0].RID, subs.NewResource(r[0]).String()); ok {
			reg.InstallModel(text, &m)
			return
		}
	}
	reg.Install(set)
}

// Whatever a model was and has become, to be told of it by its text is to be told of it as
// a set.
func TestAModelThatComesAgainByItsTextIsTheSameAsInASet(t *testing.T) {
	scanned, regranted := 0, 0
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 2))
		model := map[string]res.Value{}
		for range random.IntN(6) {
			model[anyName(random)] = anyValue(random)
		}
		was := wire.Resource{RID: "m", Kind: wire.KindModel, Model: sortedModel(model)}
		byText, bySet, atOnce := subscribed(was), subscribed(was), subscribed(was)
		for range random.IntN(2) {
			model[anyName(random)] = anyValue(random)
		}
		is := wire.Resource{RID: "m", Kind: wire.KindModel, Model: sortedModel(model)}
		text, m, ok := scanModel("m", subs.NewResource(is).String())
		if !ok {
			continue
		}
		scanned++
		for _, reg := range []*subs.Registry{byText, bySet, atOnce} {
			reg.Disconnected(errors.New("lost"))
			reg.TakeDeliveries()
		}
		byText.InstallModel(text, &m)
		byText.Subscribed("m")
		bySet.Install(wire.Set{Resources: []wire.Resource{m.ModelIn(text)}})
		bySet.Subscribed("m")
		if atOnce.Regranted("m", text, &m) {
			regranted++
		} else {
			atOnce.InstallModel(text, &m)
			atOnce.Subscribed("m")
		}
		want := deliveredTo(bySet)
		for _, reg := range []*subs.Registry{byText, atOnce} {
			if told := deliveredTo(reg); told != want {
				t.Fatalf("seed %d: by its text %s\nas a set %s", seed, told, want)
			}
			have, live := reg.Snapshot("m")
			if !live || reg.Direct("m") != 1 || !have.Equal(subs.NewResource(is)) {
				t.Fatalf("seed %d: it is %v, want %v", seed, have, subs.NewResource(is))
			}
		}
	}
	if scanned < 1000 || regranted < 200 || regranted == scanned {
		t.Errorf("%d models were scanned, and %d of them taken in at once", scanned, regranted)
	}
}

func deliveredTo(reg *subs.Registry) (told string) {
	for _, d := range reg.TakeDeliveries() {
		told += fmt.Sprint(d.Event, d.Handle.Live(), "; ")
	}
	return told
}

// A model is not taken for another one whose text looks like it: names and ids may have
// quotation marks in them.
func TestTextsThatLookAlikeAreToldApart(t *testing.T) {
	number := func(n string) res.Value { return res.NewValue(res.Number, n) }
	for _, c := range []struct {
		was  []wire.Property
		text string
	}{
		{[]wire.Property{{Name: `a":1,"b`, Value: number("2")}}, `{"a":1,"b":2}`},
		{[]wire.Property{{Name: `a":1,"b`, Value: number("2")}, {Name: "c", Value: number("3")}}, `{"a":1,"b":2,"c":3}`},
		{[]wire.Property{{Name: "a", Value: res.NewRef(`b?"},"c":{"rid":"d`)}}, `{"a":{"rid":"b?"},"c":{"rid":"d"}}`},
		{[]wire.Property{{Name: "a", Value: number("1")}}, `{"a":12}`},
		{[]wire.Property{{Name: "a", Value: number("12")}}, `{"a":1}`},
		{[]wire.Property{{Name: "a", Value: res.NewRef("b")}}, `{"a":"b"}`},
		{nil, `{"a":1}`},
		{[]wire.Property{{Name: "a", Value: number("1")}}, `{}`},
	} {
		reg := subscribed(wire.Resource{RID: "m", Kind: wire.KindModel, Model: c.was})
		reg.Disconnected(errors.New("lost"))
		text, m, ok := scanModel("m", c.text)
		if !ok {
			t.Fatalf("%s is not scanned", c.text)
		}
		reg.InstallModel(text, &m)
		reg.Subscribed("m")
		have, live := reg.Snapshot("m")
		if want := m.ModelIn(text); !live || !have.Equal(subs.NewResource(want)) {
			t.Errorf("%v has become %v, want %v", c.was, have, subs.NewResource(want))
		}
	}
}

// What comes again unchanged costs no copy of it.
func TestAModelThatComesAgainTakesNoMemory(t *testing.T) {
	m := wire.Resource{RID: "m", Kind: wire.KindModel}
	for i := range 20 {
		m.Model = append(m.Model, wire.Property{Name: fmt.Sprintf("p%02d", i), Value: res.NewValue(res.String, `"some text"`)})
	}
	reg := subscribed(m)
	text, scanned, ok := scanModel("m", subs.NewResource(m).String())
	if !ok {
		t.Fatal("it is not scanned")
	}
	lost := errors.New("lost")
	allocated := testing.AllocsPerRun(100, func() {
		reg.Disconnected(lost)
		reg.InstallModel(text, &scanned)
		reg.Subscribed("m")
		reg.TakeDeliveries()
	})
	if most := 12.0; allocated > most { // what a lost connection forgets, and two events
		t.Errorf("%v allocations, want at most %v", allocated, most)
	}
}

// At once is taken in only what was lost with the connection, and what nothing else is about.
func TestWhatMattersToOthersIsNotTakenInAtOnce(t *testing.T) {
	plain := []wire.Property{{Name: "a", Value: res.NewValue(res.Number, "1")}}
	referring := []wire.Property{{Name: "a", Value: res.NewRef("c")}}
	m := wire.Resource{RID: "m", Kind: wire.KindModel, Model: plain}
	p := wire.Resource{RID: "p", Kind: wire.KindModel, Model: []wire.Property{{Name: "m", Value: res.NewRef("m")}}}
	install := func(reg *subs.Registry, r wire.Resource) { reg.Install(wire.Set{Resources: []wire.Resource{r}}) }
	lost := errors.New("lost")
	for name, c := range map[string]struct {
		model  []wire.Property
		before func(reg *subs.Registry)
		rid    string
		want   bool
	}{
		"nothing else":            {plain, func(reg *subs.Registry) { reg.Disconnected(lost) }, "m", true},
		"it is live":              {plain, func(*subs.Registry) {}, "m", false},
		"it has come before":      {plain, func(reg *subs.Registry) { reg.Disconnected(lost); install(reg, m) }, "m", false},
		"it is held":              {plain, func(reg *subs.Registry) { reg.Disconnected(lost); install(reg, p); reg.Subscribed("p") }, "m", false},
		"it was stale before":     {plain, func(reg *subs.Registry) { _ = reg.Revoked("m", nil); reg.Disconnected(lost) }, "m", false},
		"it refers to another":    {referring, func(reg *subs.Registry) { reg.Disconnected(lost) }, "m", false},
		"it is not what is asked": {plain, func(reg *subs.Registry) { reg.Disconnected(lost) }, "n", false},
	} {
		t.Run(name, func(t *testing.T) {
			was := wire.Resource{RID: "m", Kind: wire.KindModel, Model: c.model}
			reg := subscribed(was)
			reg.Open(&subs.Handle{}, "n") // which is the same
			install(reg, wire.Resource{RID: "n", Kind: wire.KindModel, Model: c.model})
			reg.Subscribed("n")
			c.before(reg)
			text, scanned, ok := scanModel("m", subs.NewResource(was).String())
			if !ok {
				t.Fatal("it is not scanned")
			}
			direct := reg.Direct(c.rid)
			if got := reg.Regranted(c.rid, text, &scanned); got != c.want || !got && reg.Direct(c.rid) != direct {
				t.Errorf("taken in: %t, want %t; %d direct subscriptions, before %d", got, c.want, reg.Direct(c.rid), direct)
			}
		})
	}
}
