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
// changed. What two lists have in common at both ends is kept. In between, the
// nth of equal items in old is taken for the nth in new, and of the pairs found
// so the longest run that is in order in both lists is kept. With no duplicates
// that is the shortest edit; with duplicates it may be longer. Items that are
// equal but spelled differently are paired at the ends alone.
func diffCollection(old, new []res.Value) edit {
	head := 0
	for head < len(old) && head < len(new) && old[head].Equal(new[head]) {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail].Equal(new[len(new)-1-tail]) {
		tail++
	}
	pairs := pairUp(old[head:len(old)-tail], new[head:len(new)-tail])
	return unpaired(longestRising(pairs), head, len(old)-tail, len(new)-tail)
}

// pair says that an item of the old list, at index old, is at index new in the new one.
type pair struct{ old, new int }

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
