package simulation_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/simulation"
)

var (
	seed     = flag.Uint64("sim.seed", 0, "play this seed only, and with -v tell what happens")
	seeds    = flag.Uint64("sim.seeds", 1000, "how many seeds TestSeeds plays")
	soak     = flag.Duration("sim.for", 0, "how long TestSoak plays new seeds")
	asItWas  = flag.Bool("sim.whole", false, "do not shrink a run that fails")
	keepOn   = flag.Bool("sim.all", false, "go on after a failure, and say which seeds fail")
	size     = flag.Int("sim.size", simulation.UsualSize, "up to how many things happen in a run, beside the first fifty")
	soakFrom = flag.Uint64("sim.from", 0, "the first seed of TestSoak; 0 for one that depends on the time")
)

// player plays runs and counts.
type player struct {
	testing.TB
	inputs int
	begun  time.Time
}

func newPlayer(tb testing.TB) *player {
	return &player{TB: tb, begun: time.Now()}
}

// play plays a seed, and reports whether to go on.
func (p *player) play(seed uint64) bool {
	run := simulation.NewRun(seed, *size)
	result := run.Play(false)
	p.inputs += result.Inputs
	if result.Failure == nil {
		return true
	}
	if *keepOn {
		p.Errorf("seed %d: %v", seed, result.Failure)
		return true
	}
	if !*asItWas {
		run = run.Shrink()
	}
	p.tell(seed, run)
	return false
}

// tell says why a run fails, and tells it.
func (p *player) tell(seed uint64, run *simulation.Run) {
	result := run.Play(true)
	p.Errorf("seed %d fails: %v\n%s\nshrunk to:\n%v", seed, result.Failure, strings.Join(result.Log, "\n"), run)
}

func (p *player) report() {
	took := time.Since(p.begun)
	p.Logf("%d inputs in %v: %.1f million a minute", p.inputs, took.Round(time.Millisecond), float64(p.inputs)/took.Minutes()/1e6)
}

func TestSeeds(t *testing.T) {
	p := newPlayer(t)
	if *seed != 0 {
		p.playOne(*seed)
		return
	}
	for s := uint64(1); s <= *seeds && p.play(s); s++ {
	}
	p.report()
}

// playOne plays a seed and tells what happens.
func (p *player) playOne(seed uint64) {
	run := simulation.NewRun(seed, *size)
	result := run.Play(testing.Verbose())
	switch {
	case result.Failure != nil && !*asItWas:
		p.tell(seed, run.Shrink())
	case result.Failure != nil:
		p.tell(seed, run)
	case testing.Verbose():
		fmt.Println(strings.Join(result.Log, "\n"))
	}
}

func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("plays for as long as -sim.for says")
	}
	p := newPlayer(t)
	s := *soakFrom
	if s == 0 {
		s = uint64(p.begun.UnixNano())
	}
	t.Logf("from seed %d", s)
	for ; time.Since(p.begun) < *soak && p.play(s); s++ {
	}
	p.report()
}

func TestARunIsTheSameEveryTime(t *testing.T) {
	for s := uint64(1); s <= 20; s++ {
		first, second := simulation.NewRun(s, *size).Play(true), simulation.NewRun(s, *size).Play(true)
		if a, b := strings.Join(first.Log, "\n"), strings.Join(second.Log, "\n"); a != b {
			t.Fatalf("seed %d is told in two ways:\n%s\n\n%s", s, a, b)
		}
	}
}
