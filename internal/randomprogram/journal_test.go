package randomprogram_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// journal is what happened in a run, line by line.
type journal struct {
	mu    sync.Mutex
	began time.Time
	text  []string
}

func (j *journal) printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	j.mu.Lock()
	defer j.mu.Unlock()
	at := time.Duration(0)
	if !j.began.IsZero() {
		at = time.Since(j.began)
	}
	j.text = append(j.text, fmt.Sprintf("%12v  %s", at, line))
}

func (j *journal) lines() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.text)
}

func (j *journal) String() string { return strings.Join(j.lines(), "\n") }
