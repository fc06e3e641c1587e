package main

import (
	"bytes"
	"runtime"
	"time"
)

// usage is what this process uses at a moment.
type usage struct {
	goroutines int
	ofClients  int // of them, those that run code of package conn
	heap       uint64
}

// measure collects garbage before it looks.
func measure() usage {
	// Twice, for what finalizers have let go.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	stacks := make([]byte, 1<<20)
	for {
		n := runtime.Stack(stacks, true)
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	u := usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("resclient-go/conn.")) {
			u.ofClients++
		}
	}
	return u
}

// until measures again and again until the usage is good, for so long at the most: some
// goroutines take a moment to end.
func until(good func(usage) bool, patience time.Duration) usage {
	began := time.Now()
	for {
		if u := measure(); good(u) || time.Since(began) > patience {
			return u
		}
		time.Sleep(50 * time.Millisecond)
	}
}
