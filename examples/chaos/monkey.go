package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// monkey does harm at random, from a seed: the same kinds of faults in the same order and for
// the same time, to gateways that have clients. What is in trouble already it leaves alone.
type monkey struct {
	world *world
	kinds []*kind
	every time.Duration
	rng   *rand.Rand

	mu   sync.Mutex
	busy map[string]bool // parts in trouble
	errs []error         // what could not be done or undone
}

func newMonkey(w *world, kinds []*kind, every time.Duration, seed uint64) *monkey {
	return &monkey{world: w, kinds: kinds, every: every, rng: rand.New(rand.NewPCG(seed, 1)), busy: make(map[string]bool)}
}

// run does harm until ctx ends, and has undone all of it when it returns.
func (m *monkey) run(ctx context.Context) {
	var faults sync.WaitGroup
	defer faults.Wait()
	for len(m.kinds) > 0 {
		// Between half and one and a half of the interval.
		wait := time.NewTimer(m.every/2 + time.Duration(m.rng.Int64N(int64(m.every)+1)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		f, lasts := m.choose()
		if parts := m.parts(f); m.occupy(parts) {
			faults.Go(func() {
				m.inflict(ctx, f, lasts)
				m.leave(parts)
			})
		}
	}
}

// choose draws a fault. It draws as often in any case, so that a seed leads to the same
// faults whatever was in trouble.
func (m *monkey) choose() (*fault, time.Duration) {
	k := m.kinds[m.rng.IntN(len(m.kinds))]
	at, span := m.rng.Uint64(), m.rng.Float64()
	f := &fault{kind: k, target: 1 + int(at%uint64(m.world.count(k.on)))}
	switch k.on {
	case onGateway, onNetwork:
		f.target = m.aim(f.target)
		f.gateways = []int{f.target}
	case onNATS:
		f.gateways = m.world.gatewaysOn(f.target)
	}
	return f, k.least + time.Duration(span*float64(k.most-k.least))
}

// aim returns the first gateway from a number on that has clients, so that faults are felt.
func (m *monkey) aim(number int) int {
	all := m.world.gateways
	for i := range all {
		g := all[(number-1+i)%len(all)]
		if m.world.connected(g.number) > 0 {
			return g.number
		}
	}
	return number
}

// parts lists what a fault befalls.
func (m *monkey) parts(f *fault) []string {
	if f.kind.on != onGateways {
		return []string{fmt.Sprint(f.kind.on, f.target)}
	}
	var all []string
	for _, g := range m.world.gateways {
		all = append(all, fmt.Sprint(onGateway, g.number))
	}
	return all
}

func (m *monkey) occupy(parts []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		if m.busy[p] {
			return false
		}
	}
	for _, p := range parts {
		m.busy[p] = true
	}
	return true
}

func (m *monkey) leave(parts []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range parts {
		delete(m.busy, p)
	}
}

// inflict does a fault and undoes it later, at the latest when ctx ends.
func (m *monkey) inflict(ctx context.Context, f *fault, lasts time.Duration) {
	m.world.rec.begin(f)
	err := f.kind.begin(m.world, f.target)
	if f.kind.end != nil {
		over := time.NewTimer(lasts)
		select {
		case <-over.C:
		case <-ctx.Done():
			over.Stop()
		}
		if ended := f.kind.end(m.world, f.target); err == nil {
			err = ended
		}
	}
	m.world.rec.end(f, err)
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.errs = append(m.errs, fmt.Errorf("%v: %w", f, err))
	}
}
