package subs

import (
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// diffModel returns what turns the properties of old into those of new.
func diffModel(old, new *Resource) []PropertyChange {
	if old.body == new.body && old.packed == new.packed && old.packs() {
		return nil
	}
	var changes []PropertyChange
	for i, j := 0, 0; i < old.properties() || j < new.properties(); {
		var was, is wire.Property
		order := 0
		switch {
		case j == new.properties():
			order, was = -1, old.property(i)
		case i == old.properties():
			order, is = 1, new.property(j)
		default:
			was, is = old.property(i), new.property(j)
			order = strings.Compare(was.Name, is.Name)
		}
		switch {
		case order < 0:
			changes = append(changes, PropertyChange{Name: was.Name, Old: was.Value})
			i++
		case order > 0:
			changes = append(changes, PropertyChange{Name: is.Name, New: is.Value})
			j++
		default:
			if !was.Value.Equal(is.Value) {
				changes = append(changes, PropertyChange{Name: is.Name, Old: was.Value, New: is.Value})
			}
			i, j = i+1, j+1
		}
	}
	return changes
}

// edit is what turns one list into another: first the removes, by their index in
// the old list and from high to low, then the adds, by their index in the new list
// and from low to high. A gateway sends its own differences in that order.
type edit struct {
	removes, adds []int
}

// diffCollection finds an edit in O(n log n) time and O(n) memory, whatever
// changed. What two lists have in common at both ends is kept. In between, the edit is
// the shortest if that is short. If not, the nth of equal items in old is taken for the
// nth in new, and of the pairs found so the longest run that is in order in both lists
// is kept. With no duplicates that is the shortest edit, too; with duplicates it may be
// longer. Items that are equal but spelled differently are paired at the ends alone.
func diffCollection(old, new []res.Value) edit {
	head := 0
	for head < len(old) && head < len(new) && old[head].Equal(new[head]) {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail].Equal(new[len(new)-1-tail]) {
		tail++
	}
	was, is := old[head:len(old)-tail], new[head:len(new)-tail]
	kept, short := shortestEdit(was, is)
	if !short {
		kept = longestRising(pairUp(was, is))
	}
	return unpaired(kept, head, len(old)-tail, len(new)-tail)
}

// pair says that an item of the old list, at index old, is at index new in the new one.
type pair struct{ old, new int }

// stepsPerItem bounds the search for the shortest edit, which is far cheaper than pairing
// everything up when there are few differences, and far more expensive when there are many.
const stepsPerItem = 8

// shortestEdit returns the pairs that the shortest edit keeps, by Myers' greedy algorithm,
// unless that takes too many steps.
//
// A state of the search is how many items of each list are behind it. It is on the diagonal
// that says how many more of the old list these are. With d differences the diagonals are
// -d, -d+2 and so on up to d; on each, the state counts that is furthest.
func shortestEdit(old, new []res.Value) (kept []pair, short bool) {
	steps := stepsPerItem * (len(old) + len(new))
	var search reaches
	for d := 0; steps > 0; d++ {
		search = append(search, make([]int32, d+1))
		for i := range d + 1 {
			diagonal := 2*i - d
			x, _ := search.start(d, i, len(old), len(new))
			steps--
			for y := x - diagonal; x >= 0 && x < len(old) && y < len(new) && old[x] == new[y]; y++ {
				x++
				steps--
			}
			search[d][i] = int32(x)
			if x == len(old) && x-diagonal == len(new) {
				return search.kept(i, len(old), len(new)), true
			}
		}
	}
	return nil, false
}

// reaches is how many items of the old list are behind the search, by the number of
// differences, and by diagonal; -1 where there is no way.
type reaches [][]int32

// start returns where the search comes to diagonal i of d with its last difference, and
// which diagonal it comes from.
func (r reaches) start(d, i, old, new int) (x, from int) {
	if d == 0 {
		return 0, 0
	}
	before := r[d-1]
	x, from = -1, -1
	if i > 0 { // one more of the old list, which is removed
		if at := int(before[i-1]); at >= 0 && at < old {
			x, from = at+1, i-1
		}
	}
	if i < d { // or one of the new list, which is added
		if at := int(before[i]); at > x && at-(2*i-d) <= new {
			x, from = at, i
		}
	}
	return x, from
}

// kept follows the search back from its end on diagonal i.
func (r reaches) kept(i, old, new int) []pair {
	last := len(r) - 1
	kept := make([]pair, (old+new-last)/2)
	left := len(kept)
	for d := last; d >= 0; d-- {
		x, from := r.start(d, i, old, new)
		for end := int(r[d][i]); end > x; end-- {
			left--
			kept[left] = pair{old: end - 1, new: end - 1 - (2*i - d)}
		}
		i = from
	}
	return kept
}

// pairUp pairs equal items one to one, in the order of the new list.
func pairUp(old, new []res.Value) []pair {
	first := make(map[res.Value]int, len(old)) // index of the first item not paired yet
	next := make([]int, len(old))              // index of the next equal item, -1 for none
	for i, v := range slices.Backward(old) {
		next[i] = -1
		if j, found := first[v]; found {
			next[i] = j
		}
		first[v] = i
	}
	pairs := make([]pair, 0, min(len(old), len(new)))
	for j, v := range new {
		i, found := first[v]
		if !found || i < 0 {
			continue
		}
		first[v] = next[i]
		pairs = append(pairs, pair{old: i, new: j})
	}
	return pairs
}

// longestRising returns the longest subsequence of pairs whose old indexes rise
// (their new ones do already), by patience sorting.
func longestRising(pairs []pair) []pair {
	piles := make([]int, 0, len(pairs)) // index of the pair on top of each pile
	before := make([]int, len(pairs))   // index of the pair that precedes each in its run
	for i, p := range pairs {
		at, _ := slices.BinarySearchFunc(piles, p.old, func(top, old int) int { return pairs[top].old - old })
		before[i] = -1
		if at > 0 {
			before[i] = piles[at-1]
		}
		if at == len(piles) {
			piles = append(piles, i)
		} else {
			piles[at] = i
		}
	}
	run := make([]pair, len(piles))
	if len(piles) == 0 {
		return run
	}
	for i, at := len(piles)-1, piles[len(piles)-1]; i >= 0; i-- {
		run[i], at = pairs[at], before[at]
	}
	return run
}

// unpaired lists the indexes from head up to the ends that no kept pair covers.
// The indexes in kept count from head.
func unpaired(kept []pair, head, oldEnd, newEnd int) edit {
	var e edit
	old, new := head, head
	for _, p := range append(kept, pair{old: oldEnd - head, new: newEnd - head}) {
		for ; old < head+p.old; old++ {
			e.removes = append(e.removes, old)
		}
		for ; new < head+p.new; new++ {
			e.adds = append(e.adds, new)
		}
		old, new = head+p.old+1, head+p.new+1
	}
	slices.Reverse(e.removes)
	return e
}
