package randomprogram_test

import (
	"slices"
	"time"
)

// tries is how often a program is run before it is taken for one that does not fail:
// the order of what happens at the same time is not fixed.
const tries = 4

// shrink leaves out of a program that fails whatever it fails without, as far as the
// time allows: large pieces first, then smaller ones, and single lines at last.
func shrink(p program, limit time.Duration, fails func(program) bool) program {
	deadline := time.Now().Add(limit)
	for size := len(p) / 2; size > 0; {
		before := len(p)
		for at := 0; at+size <= len(p); {
			if time.Now().After(deadline) {
				return p
			}
			shorter := without(p, at, at+size)
			if len(shorter) < len(p) && failsOften(shorter, fails) {
				p = shorter
			} else {
				at += size
			}
		}
		if size > 1 || len(p) == before {
			size /= 2
		}
	}
	return p
}

func failsOften(p program, fails func(program) bool) bool {
	for range tries {
		if fails(p) {
			return true
		}
	}
	return false
}

// without leaves out the actions from i up to j. Settings stay, as the others mean
// something else without them.
func without(p program, i, j int) program {
	shorter := slices.Clone(p[:i])
	for _, a := range p[i:j] {
		if settings[a.verb()] {
			shorter = append(shorter, a)
		}
	}
	return append(shorter, p[j:]...)
}
