package subs_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Models of few and of many properties, of short and of long texts, and on their way
// from one to the other, are what their events make them.
func TestModelsOfAnySizeFollowTheirChanges(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		truth := map[string]res.Value{}
		for range random.IntN(70) {
			truth[anyName(random)] = anyValue(random)
		}
		reg := subscribed(wire.Resource{RID: "m", Kind: wire.KindModel, Model: sortedModel(truth)})
		before, _ := reg.Snapshot("m")
		was := before.String()
		for range 50 {
			values := map[string]res.Value{}
			for range 1 + random.IntN(5) {
				values[anyName(random)] = anyValue(random)
				if random.IntN(3) == 0 {
					values[anyName(random)] = res.NewValue(res.Delete, "")
				}
			}
			want := map[string]subs.PropertyChange{}
			for name, v := range values {
				change := subs.PropertyChange{Name: name, Old: truth[name], New: v}
				if truth[name] = v; v.Kind() == res.Delete {
					change.New = res.Value{}
					delete(truth, name)
				}
				if !change.Old.Equal(change.New) {
					want[name] = change
				}
			}
			if err := reg.Changed("m", wire.Change{Values: sortedModel(values)}); err != nil {
				t.Fatal(err)
			}
			checkChanges(t, seed, reg.TakeDeliveries(), want)
			have, _ := reg.Snapshot("m")
			if wanted := subs.NewResource(wire.Resource{Kind: wire.KindModel, Model: sortedModel(truth)}); !have.Equal(wanted) {
				t.Fatalf("seed %d: it is %v, want %v", seed, have, wanted)
			}
			for name := range values {
				if v := have.Value(name); v != truth[name] {
					t.Fatalf("seed %d: %s is %v, want %v", seed, name, v, truth[name])
				}
			}
		}
		if before.String() != was {
			t.Fatalf("seed %d: a snapshot has changed to %v", seed, before)
		}
	}
}

func checkChanges(t *testing.T, seed uint64, got []subs.Delivery, want map[string]subs.PropertyChange) {
	t.Helper()
	if len(want) == 0 {
		if len(got) > 0 {
			t.Fatalf("seed %d: nothing has changed, but %v", seed, got[0].Event)
		}
		return
	}
	changes := slices.Collect(got[0].Event.(*subs.Change).Changes())
	sorted := slices.IsSortedFunc(changes, func(a, b subs.PropertyChange) int { return strings.Compare(a.Name, b.Name) })
	if !sorted || len(changes) != len(want) {
		t.Fatalf("seed %d: %v, want %v", seed, changes, want)
	}
	for _, c := range changes {
		if c != want[c.Name] {
			t.Fatalf("seed %d: %v, want %v", seed, c, want[c.Name])
		}
	}
}

func sortedModel(model map[string]res.Value) []wire.Property {
	var list []wire.Property
	for _, name := range slices.Sorted(maps.Keys(model)) {
		list = append(list, wire.Property{Name: name, Value: model[name]})
	}
	return list
}

func anyName(random *rand.Rand) string { return fmt.Sprintf("p%d", random.IntN(70)) }

func anyValue(random *rand.Rand) res.Value {
	text := fmt.Sprint(random.IntN(3))
	switch random.IntN(8) {
	case 0:
		return res.NewValue(res.Null, "null")
	case 1:
		return res.NewValue(res.Bool, "true")
	case 2:
		return res.NewSoftRef("r." + text)
	case 3:
		return res.NewValue(res.Data, "["+text+"]")
	case 4:
		return res.NewValue(res.String, `"`+strings.Repeat(text, random.IntN(1000))+`"`)
	case 5:
		return res.NewValue(res.String, `""`)
	}
	return res.NewValue(res.Number, text)
}

// However large a message is, its resources keep no more of it than is theirs.
func TestNothingKeepsAMessageAlive(t *testing.T) {
	const n, size = 200, 64 << 10
	reg := subs.NewRegistry()
	for i := range n {
		reg.Open(&subs.Handle{}, fmt.Sprint("m.", i))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range n {
		rid := fmt.Sprint("m.", i)
		message := strings.Repeat(" ", size) + rid + `abc"x"list"item"child` // parts of one text
		part := func(text string) string { return message[strings.Index(message, text):][:len(text)] }
		child := res.NewRef(part("child") + fmt.Sprint(i))
		reg.Install(wire.Set{Resources: []wire.Resource{
			{RID: part(rid), Kind: wire.KindModel, Model: []wire.Property{
				{Name: part("a"), Value: res.NewValue(res.String, part(`"x"`))},
				{Name: part("b"), Value: res.NewRef(part("list") + fmt.Sprint(i))},
				{Name: part("c"), Value: child},
			}},
			{RID: part("list") + fmt.Sprint(i), Kind: wire.KindCollection, Collection: []res.Value{res.NewValue(res.String, part(`"item"`))}},
			{RID: child.RID(), Kind: wire.KindModel},
		}})
		reg.Subscribed(part(rid))
		added := wire.Add{Index: 0, Value: res.NewValue(res.String, part(`"item"`))}
		if err := reg.Added(part("list")+fmt.Sprint(i), added); err != nil {
			t.Fatal(err)
		}
		changed := wire.Change{Values: []wire.Property{{Name: part("d"), Value: res.NewValue(res.String, part(`"x"`))}}}
		if err := reg.Changed(part(rid), changed); err != nil {
			t.Fatal(err)
		}
	}
	deliveries := reg.TakeDeliveries()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > n*size/10 {
		t.Errorf("%d bytes are kept of %d", kept, n*size)
	}
	runtime.KeepAlive(deliveries)
	runtime.KeepAlive(reg)
}

// An item that stays does not keep those alive that came with it.
func TestItemsThatAreGoneTakeNoMemory(t *testing.T) {
	const n = 20_000
	items := make([]res.Value, n)
	for i := range items {
		items[i] = res.NewValue(res.String, fmt.Sprintf(`"%0100d"`, i))
	}
	reg := subscribed(wire.Resource{RID: "l", Kind: wire.KindCollection, Collection: items})
	items = nil
	for range n - n/100 {
		if err := reg.Removed("l", wire.Remove{Index: 0}); err != nil {
			t.Fatal(err)
		}
		reg.TakeDeliveries()
	}
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(reg)
	reg = nil
	runtime.GC()
	runtime.ReadMemStats(&without)
	if kept := int64(with.HeapAlloc) - int64(without.HeapAlloc); kept > 256<<10 {
		t.Errorf("%d bytes are kept for %d items", kept, n/100)
	}
}
