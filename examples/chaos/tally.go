package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A tally counts what all ledgers find.
type tally struct {
	events  atomic.Int64
	syncs   atomic.Int64
	lags    atomic.Int64
	skipped atomic.Int64 // changes that NATS has lost, and a service's reset has made up for
	older   atomic.Int64 // resources that a gateway had in an older state than the one before

	lost       atomic.Int64
	duplicates atomic.Int64
	disorders  atomic.Int64
	misfits    atomic.Int64 // events that contradict what came before

	mu       sync.Mutex
	findings []string // the first of what must not be
}

// maxFindings is how many are kept to be shown.
const maxFindings = 20

func (t *tally) lose(n int, format string, args ...any) {
	t.lost.Add(int64(n))
	t.note("lost", format, args...)
}

func (t *tally) twice(format string, args ...any) {
	t.duplicates.Add(1)
	t.note("duplicate", format, args...)
}

func (t *tally) disorder(format string, args ...any) {
	t.disorders.Add(1)
	t.note("out of order", format, args...)
}

func (t *tally) misfit(format string, args ...any) {
	t.misfits.Add(1)
	t.note("misfit", format, args...)
}

func (t *tally) note(what, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.findings) < maxFindings {
		t.findings = append(t.findings, what+": "+fmt.Sprintf(format, args...))
	}
}

// found returns the first of what must not be.
func (t *tally) found() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.findings...)
}
