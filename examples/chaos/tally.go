package main

import (
	"fmt"
	"slices"
	"strings"
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
	findings []finding // the first of what must not be
}

// finding is something that must not be.
type finding struct {
	what     string
	evidence func() []string // the frames about it; nil if they say nothing
}

// maxFindings is how many are kept to be shown.
const maxFindings = 20

func (t *tally) lose(n int, evidence func() []string, format string, args ...any) {
	t.lost.Add(int64(n))
	t.note("lost", evidence, format, args...)
}

func (t *tally) twice(format string, args ...any) {
	t.duplicates.Add(1)
	t.note("duplicate", nil, format, args...)
}

func (t *tally) disorder(format string, args ...any) {
	t.disorders.Add(1)
	t.note("out of order", nil, format, args...)
}

func (t *tally) misfit(format string, args ...any) {
	t.misfits.Add(1)
	t.note("misfit", nil, format, args...)
}

func (t *tally) note(what string, evidence func() []string, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.findings) < maxFindings {
		t.findings = append(t.findings, finding{what + ": " + fmt.Sprintf(format, args...), evidence})
	}
}

// found returns the first of what must not be, each with its evidence.
func (t *tally) found() (all []string) {
	t.mu.Lock()
	findings := slices.Clone(t.findings)
	t.mu.Unlock()
	for _, f := range findings {
		if f.evidence != nil {
			f.what = strings.Join(append([]string{f.what}, f.evidence()...), "\n    ")
		}
		all = append(all, f.what)
	}
	return all
}
