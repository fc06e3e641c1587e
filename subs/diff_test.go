package subs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

func number(n int) res.Value {
	v, err := res.ValueOf(n)
	if err != nil {
		panic(err)
	}
	return v
}

func numbers(n int) []res.Value {
	list := make([]res.Value, n)
	for i := range list {
		list[i] = number(i)
	}
	return list
}

// applyEdit makes the edit on a copy of old, as a program would from its events.
func applyEdit(t testing.TB, old, new []res.Value, removes, adds []int) []res.Value {
	t.Helper()
	list := slices.Clone(old)
	for k, i := range removes {
		if k > 0 && i >= removes[k-1] {
			t.Fatalf("removes %v do not go from high to low", removes)
		}
		list = slices.Delete(list, i, i+1)
	}
	for k, i := range adds {
		if k > 0 && i <= adds[k-1] {
			t.Fatalf("adds %v do not go from low to high", adds)
		}
		list = slices.Insert(list, i, new[i])
	}
	return list
}

func equalValues(a, b []res.Value) bool { return slices.EqualFunc(a, b, res.Value.Equal) }

func TestCollectionDifferenceOfNamedCases(t *testing.T) {
	for _, tc := range []struct {
		name, old, new string
		length         int
	}{
		{"nothing at all", `[]`, `[]`, 0},
		{"identical", `[1,2,3]`, `[1,2,3]`, 0},
		{"identical with duplicates", `[1,1,2,1]`, `[1,1,2,1]`, 0},
		{"from empty", `[]`, `[1,2]`, 2},
		{"to empty", `[1,2]`, `[]`, 2},
		{"added in front", `[1,2,3]`, `[0,1,2,3]`, 1},
		{"added in the middle", `[1,2,3]`, `[1,2,9,3]`, 1},
		{"added behind", `[1,2,3]`, `[1,2,3,4]`, 1},
		{"removed from the middle", `[1,2,3]`, `[1,3]`, 1},
		{"moved to the front", `[1,2,3,4]`, `[4,1,2,3]`, 2},
		{"swapped", `[1,2,3,4]`, `[1,3,2,4]`, 2},
		{"reversed", `[1,2,3,4]`, `[4,3,2,1]`, 6},
		{"replaced", `[1,2]`, `[3,4]`, 4},
		{"one duplicate less", `[1,1,1]`, `[1,1]`, 1},
		{"one duplicate more", `[1,2,1]`, `[1,2,1,1]`, 1},
		{"only the spelling differs", `["A"]`, `["\u0041"]`, 0},
		{"a reference is not its id", `["a"]`, `[{"rid":"a"}]`, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old, new := values(t, tc.old), values(t, tc.new)
			removes, adds := subs.DiffCollection(old, new)
			if got := applyEdit(t, old, new, removes, adds); !equalValues(got, new) {
				t.Errorf("removes %v, adds %v give %v", removes, adds, got)
			}
			if n := len(removes) + len(adds); n != tc.length {
				t.Errorf("removes %v, adds %v are %d steps, want %d", removes, adds, n, tc.length)
			}
		})
	}
}

// edited changes a list at random: items go, come, move, and swap.
func edited(rnd *rand.Rand, old []res.Value, item func() res.Value) []res.Value {
	list := slices.Clone(old)
	for range rnd.IntN(6) {
		n := len(list)
		switch rnd.IntN(6) {
		case 0:
			list = slices.Insert(list, rnd.IntN(n+1), item())
		case 1:
			if n > 0 {
				i := rnd.IntN(n)
				list = slices.Delete(list, i, i+1)
			}
		case 2:
			if n > 0 {
				i := rnd.IntN(n)
				v := list[i]
				list = slices.Delete(list, i, i+1)
				list = slices.Insert(list, rnd.IntN(n), v)
			}
		case 3:
			if n > 1 {
				i, j := rnd.IntN(n), rnd.IntN(n)
				list[i], list[j] = list[j], list[i]
			}
		case 4:
			slices.Reverse(list)
		case 5:
			rnd.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
	}
	return list
}

func TestCollectionDifferenceGivesTheNewList(t *testing.T) {
	for seed := range uint64(5000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		kinds := 1 + rnd.IntN(12) // few, so that there are duplicates
		item := func() res.Value { return number(rnd.IntN(kinds)) }
		old := make([]res.Value, rnd.IntN(20))
		for i := range old {
			old[i] = item()
		}
		new := edited(rnd, old, item)
		removes, adds := subs.DiffCollection(old, new)
		if got := applyEdit(t, old, new, removes, adds); !equalValues(got, new) {
			t.Fatalf("seed %d: from %v, removes %v, adds %v give %v, want %v", seed, old, removes, adds, got, new)
		}
		if len(removes) > len(old) || len(adds) > len(new) {
			t.Fatalf("seed %d: removes %v, adds %v are more than there is in %v and %v", seed, removes, adds, old, new)
		}
		if slices.Equal(old, new) && len(removes)+len(adds) > 0 {
			t.Fatalf("seed %d: removes %v, adds %v between identical lists %v", seed, removes, adds, old)
		}
	}
}

func TestCollectionDifferenceIsTheShortestWithoutDuplicates(t *testing.T) {
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := rnd.IntN(12)
		old, next := numbers(n), n
		new := edited(rnd, old, func() res.Value { next++; return number(next) })
		removes, adds := subs.DiffCollection(old, new)
		want := len(old) + len(new) - 2*longestCommon(old, new)
		if got := len(removes) + len(adds); got != want {
			t.Fatalf("seed %d: from %v to %v, removes %v, adds %v are %d steps, the shortest edit has %d", seed, old, new, removes, adds, got, want)
		}
	}
}

func TestASmallCollectionDifferenceIsTheShortest(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		item := func() res.Value { return number(rnd.IntN(5)) } // so that most are duplicates
		old := make([]res.Value, 40)
		for i := range old {
			old[i] = item()
		}
		new := slices.Clone(old)
		for range rnd.IntN(5) {
			i := rnd.IntN(len(new))
			if new = slices.Delete(new, i, i+1); rnd.IntN(2) == 0 {
				new = slices.Insert(new, rnd.IntN(len(new)+1), item())
			}
		}
		removes, adds := subs.DiffCollection(old, new)
		if got := applyEdit(t, old, new, removes, adds); !equalValues(got, new) {
			t.Fatalf("seed %d: from %v, removes %v, adds %v give %v, want %v", seed, old, removes, adds, got, new)
		}
		want := len(old) + len(new) - 2*longestCommon(old, new)
		if got := len(removes) + len(adds); got != want {
			t.Fatalf("seed %d: from %v to %v, removes %v, adds %v are %d steps, the shortest edit has %d", seed, old, new, removes, adds, got, want)
		}
	}
}

// longestCommon is the length of the longest common subsequence, by the book.
func longestCommon(a, b []res.Value) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

func TestModelDifferenceNamesWhatBecameAnother(t *testing.T) {
	old := resource(t, `{"models":{"m":{"a":1,"b":2,"c":"x","e":5}}}`)
	new := resource(t, `{"models":{"m":{"b":3,"c":"\u0078","d":4,"e":{"rid":"r"}}}}`)
	got := fmt.Sprint(subs.DiffModel(properties(old), properties(new)))
	want := fmt.Sprint([]subs.PropertyChange{
		{Name: "a", Old: number(1)},
		{Name: "b", Old: number(2), New: number(3)},
		{Name: "d", New: number(4)},
		{Name: "e", Old: number(5), New: res.NewRef("r")},
	})
	if got != want {
		t.Errorf("difference %s, want %s", got, want)
	}
}

func properties(r *subs.Resource) []wire.Property {
	var list []wire.Property
	for name, v := range r.Properties() {
		list = append(list, wire.Property{Name: name, Value: v})
	}
	return list
}

func TestModelDifferenceGivesTheNewModel(t *testing.T) {
	model := func(rnd *rand.Rand) []wire.Property {
		var list []wire.Property
		for name := 'a'; name < 'i'; name++ {
			if rnd.IntN(2) == 0 {
				list = append(list, wire.Property{Name: string(name), Value: number(rnd.IntN(3))})
			}
		}
		return list
	}
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		old, new := model(rnd), model(rnd)
		got := map[string]res.Value{}
		for _, p := range old {
			got[p.Name] = p.Value
		}
		last := ""
		for _, c := range subs.DiffModel(old, new) {
			if c.Name <= last || got[c.Name] != c.Old || c.Old == c.New {
				t.Fatalf("seed %d: change %v after %q, the old value is %v", seed, c, last, got[c.Name])
			}
			last = c.Name
			if got[c.Name] = c.New; c.New.IsAbsent() {
				delete(got, c.Name)
			}
		}
		for _, p := range new {
			if got[p.Name] != p.Value {
				t.Fatalf("seed %d: %q became %v, want %v", seed, p.Name, got[p.Name], p.Value)
			}
			delete(got, p.Name)
		}
		if len(got) > 0 {
			t.Fatalf("seed %d: %v are left over", seed, got)
		}
	}
}

// Time and memory grow with the length of the lists, whatever changed.
func BenchmarkCollectionDifference(b *testing.B) {
	for _, n := range []int{5_000, 50_000} {
		old := numbers(n)
		shifted := make([]res.Value, n)
		for i := range shifted {
			shifted[i] = number(n + i)
		}
		reversed := slices.Clone(old)
		slices.Reverse(reversed)
		edited := slices.Clone(old) // one in a hundred
		for i := 50; i < n; i += 100 {
			edited[i] = number(n + i)
		}
		shuffled := slices.Clone(old)
		rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, bc := range []struct {
			name string
			new  []res.Value
		}{
			{"identical", old}, {"edited", edited}, {"replaced", shifted}, {"reversed", reversed}, {"shuffled", shuffled},
		} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					subs.DiffCollection(old, bc.new)
				}
			})
		}
	}
}
