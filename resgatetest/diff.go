package resgatetest

import "slices"

// modelDiff gives the values of a change event that makes model was to model
// is.
func modelDiff(was, is map[string]value) map[string]value {
	diff := make(map[string]value)
	for k, v := range is {
		if had, ok := was[k]; !ok || !had.equal(v) {
			diff[k] = v
		}
	}
	for k := range was {
		if _, ok := is[k]; !ok {
			diff[k] = value{kind: deletion, raw: []byte(`{"action":"delete"}`)}
		}
	}
	return diff
}

// edit is one step from one collection to another.
type edit[V any] struct {
	add   bool // otherwise remove
	idx   int
	value V // of an add
}

// collectionDiff gives the steps that make collection was to collection is:
// first the removes from the highest index down, then the adds from the lowest
// up. What stays is a longest common subsequence; where a remove would do as
// well as an add, the add is preferred.
func collectionDiff[V any](was, is []V, equal func(a, b V) bool) []edit[V] {
	head := 0
	for head < len(was) && head < len(is) && equal(was[head], is[head]) {
		head++
	}
	was, is = was[head:], is[head:]
	for len(was) > 0 && len(is) > 0 && equal(was[len(was)-1], is[len(is)-1]) {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}

	length := commonLengths(was, is, equal)
	var removes, adds []edit[V]
	for i, j := len(was), len(is); i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && equal(was[i-1], is[j-1]):
			i, j = i-1, j-1
		case j > 0 && (i == 0 || length[i][j-1] >= length[i-1][j]):
			j--
			adds = append(adds, edit[V]{add: true, idx: head + j, value: is[j]})
		default:
			i--
			removes = append(removes, edit[V]{idx: head + i})
		}
	}
	slices.Reverse(adds)
	return append(removes, adds...)
}

// commonLengths gives the length of a longest common subsequence of each head
// of a with each head of b.
func commonLengths[V any](a, b []V, equal func(a, b V) bool) [][]int32 {
	length := make([][]int32, len(a)+1)
	for i := range length {
		length[i] = make([]int32, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if equal(a[i], b[j]) {
				length[i+1][j+1] = length[i][j] + 1
			} else {
				length[i+1][j+1] = max(length[i][j+1], length[i+1][j])
			}
		}
	}
	return length
}
