package simulation

import "math/rand/v2"

// decision is one thing that happens: what, and a number that decides about the
// rest. Every decision can be taken in any state of the world, if only by doing
// nothing, so any of them can be left out of a run.
type decision struct {
	act int
	arg uint32
}

// dice are what a decision has to decide about the rest.
type dice struct{ state uint64 }

func (d decision) dice() *dice { return &dice{uint64(d.arg)*0x9e3779b97f4a7c15 + uint64(d.act)} }

// n returns a number from 0 to n-1 (splitmix64).
func (d *dice) n(n int) int {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n))
}

func (d *dice) percent(p int) bool { return d.n(100) < p }

// weights are how likely each act is in a run. Each run leaves some acts out and does
// others more often, so that runs differ more than chance makes them.
type weights struct {
	of    []int
	total int
}

func newWeights(rng *rand.Rand) weights {
	w := weights{of: make([]int, len(acts))}
	for i, a := range acts {
		w.of[i] = a.weight
		if a.optional {
			w.of[i] *= []int{0, 0, 1, 1, 3}[rng.IntN(5)]
		}
		w.total += w.of[i]
	}
	return w
}

func (w *weights) pick(rng *rand.Rand) decision {
	n := rng.IntN(w.total)
	for i, weight := range w.of {
		if n -= weight; n < 0 {
			return decision{act: i, arg: rng.Uint32()}
		}
	}
	panic("the weights do not add up")
}

// ending returns that the client drains, or that it ends.
func ending(rng *rand.Rand) decision { return decision{act: len(acts) - 1 - rng.IntN(2)} }

// take takes a decision.
func (w *world) take(d decision) {
	w.tell("* %s", acts[d.act].name)
	acts[d.act].do(w, d.dice())
	w.follow()
}

// follow does what happens by itself.
func (w *world) follow() {
	if w.setup.Prompt {
		w.run()
	}
	if w.setup.Eager {
		for i := 0; i < len(w.listeners); i++ {
			w.listeners[i].read(1000)
		}
	}
}
