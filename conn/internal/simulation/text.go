package simulation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// String returns the run as text, which [ParseRun] reads: its setup in JSON, then one
// decision a line.
func (r *Run) String() string {
	var b strings.Builder
	setup, _ := json.Marshal(r.Setup) // numbers and booleans always marshal
	fmt.Fprintf(&b, "%s\n", setup)
	for _, d := range r.decisions {
		fmt.Fprintf(&b, "%s %d\n", acts[d.act].name, d.arg)
	}
	return b.String()
}

// ParseRun reads a run. Empty lines, and lines that begin with a #, are left out.
func ParseRun(text string) (*Run, error) {
	var r Run
	begun := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case !begun:
			begun = true
			if err := json.Unmarshal([]byte(line), &r.Setup); err != nil {
				return nil, fmt.Errorf("setup %q: %w", line, err)
			}
		default:
			d, err := parseDecision(line)
			if err != nil {
				return nil, err
			}
			r.decisions = append(r.decisions, d)
		}
	}
	if s := r.Setup; s.Gateways < 1 || s.Window < 1 || s.Names < 1 || s.Names > len(played) {
		return nil, fmt.Errorf("setup %+v: a number is out of its range", s)
	}
	return &r, nil
}

func parseDecision(line string) (decision, error) {
	var d decision
	var what string
	if _, err := fmt.Sscan(line, &what, &d.arg); err != nil {
		return d, fmt.Errorf("decision %q: %w", line, err)
	}
	d.act = slices.IndexFunc(acts, func(a act) bool { return a.name == what })
	if d.act < 0 {
		return d, fmt.Errorf("decision %q: there is no such act", line)
	}
	return d, nil
}
