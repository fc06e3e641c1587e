//go:build !race

package core_test

// slower is by how much the tests that count bytes do less: the race detector needs time,
// and memory of its own.
const slower = 1
