package simulation

import "math/rand/v2"

// Run is everything that happens, but for how it ends.
type Run struct {
	Setup     Setup
	decisions []decision
}

// UsualSize is up to how many decisions a run has beside the first fifty.
const UsualSize = 1000

// NewRun returns the run of a seed, of up to size decisions beside the first fifty. A run
// of another size is another one from the beginning.
func NewRun(seed uint64, size int) *Run {
	rng := rand.New(rand.NewPCG(seed, 1))
	r := &Run{Setup: newSetup(seed, rng)}
	weights := newWeights(rng)
	r.decisions = make([]decision, 50+rng.IntN(max(1, size)))
	for i := range r.decisions {
		r.decisions[i] = weights.pick(rng)
	}
	r.Setup.MaxWindow = []int{0, 0, 4, 256}[rng.IntN(4)] // last, so that seeds are what they were without; so is this:
	if rng.IntN(8) == 0 {
		r.decisions[rng.IntN(len(r.decisions))] = ending(rng)
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
