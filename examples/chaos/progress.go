package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows a line that tells how it goes, every second: always the same one on a
// terminal.
type progress struct {
	out      io.Writer
	terminal bool
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	return &progress{out: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// watch samples and shows until ctx ends.
func (p *progress) watch(ctx context.Context, w *world) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	var events, writes int64
	for {
		select {
		case <-ctx.Done():
			if p.terminal {
				fmt.Fprintln(p.out)
			}
			return
		case <-second.C:
			allEvents := w.tally.events.Load()
			wrote, _ := w.writes()
			allWrites := int64(wrote)
			phases, active := w.rec.sample(allEvents-events, allWrites-writes)
			p.show(w, phases, active, allEvents-events, allWrites-writes)
			events, writes = allEvents, allWrites
		}
	}
}

func (p *progress) show(w *world, phases []phase, active []*fault, events, writes int64) {
	counts := make([]int, len(phaseNames))
	for _, ph := range phases {
		counts[ph]++
	}
	var states, faults []string
	for ph := range phaseNames {
		if counts[ph] > 0 {
			states = append(states, fmt.Sprintf("%d %s", counts[ph], phase(ph)))
		}
	}
	for _, f := range active {
		faults = append(faults, f.String())
	}
	t := w.tally
	line := fmt.Sprintf("%5.0fs  %s  %d writes/s  %d events/s  lost %d  twice %d  out of order %d  %s",
		w.rec.now().Seconds(), strings.Join(states, ", "), writes, events,
		t.lost.Load(), t.duplicates.Load(), t.disorders.Load(), strings.Join(faults, ", "))
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%.160s", line)
	} else {
		fmt.Fprintln(p.out, line)
	}
}
