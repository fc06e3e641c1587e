package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Run is everything that happens, but for how it ends.
type Run struct {
	Setup     Setup
	decisions []decision
}

// NewRun returns the run of a seed.
func NewRun(seed uint64) *Run {
	rng := rand.New(rand.NewPCG(seed, 1))
	r := &Run{Setup: newSetup(seed, rng)}
	weights := newWeights(rng)
	r.decisions = make([]decision, 50+rng.IntN(1000))
	for i := range r.decisions {
		r.decisions[i] = weights.pick(rng)
	}
	return r
}

// Result is what a run came to.
type Result struct {
	Inputs  int      // steps of the core
	Failure *Failure // nil if all was as it must be
	Log     []string // of what happened, if it was asked for
}

// Play lets a run happen.
func (r *Run) Play(log bool) Result {
	result := Result{}
	w := newWorld(r.Setup)
	if log {
		w.log = &result.Log
	}
	for _, d := range r.decisions {
		if w.broken != nil || w.closed() {
			break
		}
		w.take(d)
	}
	w.settle()
	result.Inputs, result.Failure = w.inputs, w.broken
	return result
}

// String returns the run as text: its setup, then one decision a line.
func (r *Run) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n", r.Setup)
	for _, d := range r.decisions {
		fmt.Fprintf(&b, "%s %d\n", acts[d.act].name, d.arg)
	}
	return b.String()
}
