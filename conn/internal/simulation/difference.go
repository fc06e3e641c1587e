package simulation

import "slices"

// difference returns the events that lead from one collection to another, as the
// gateway makes them after a reset: removes from the highest index down, then adds
// from the lowest up. What stays is a longest common subsequence; where a remove
// would do as well as an add, the add is preferred.
func difference(was, is []value) []news {
	head := 0
	for head < len(was) && head < len(is) && was[head] == is[head] {
		head++
	}
	was, is = was[head:], is[head:]
	length := commonLengths(was, is)
	var removes, adds []news
	for i, j := len(was), len(is); i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && was[i-1] == is[j-1]:
			i, j = i-1, j-1
		case j > 0 && (i == 0 || length[i][j-1] >= length[i-1][j]):
			j--
			adds = append(adds, news{kind: added, index: head + j, value: is[j]})
		default:
			i--
			removes = append(removes, news{kind: removed, index: head + i})
		}
	}
	slices.Reverse(adds)
	return append(removes, adds...)
}

// commonLengths gives the length of a longest common subsequence of each head of a
// with each head of b.
func commonLengths(a, b []value) [][]int {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			if a[i] == b[j] {
				length[i+1][j+1] = length[i][j] + 1
			} else {
				length[i+1][j+1] = max(length[i][j+1], length[i+1][j])
			}
		}
	}
	return length
}
