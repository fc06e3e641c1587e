package core_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
)

var (
	walks    = flag.Uint64("walks", 2000, "how many random walks TestRandomWalks takes")
	walkSeed = flag.Uint64("walk.seed", 0, "take this random walk only, and tell it")
)

// walk is a run of a program, a client and a gateway in which everything that may
// happen happens at random. It depends on the seed alone.
type walk struct {
	*rig
	*gateway
	rng  *rand.Rand
	calm bool // no more faults

	subs    []*listener // open
	waiting []*listener // their Subscribe was not answered
	gets    []*getter
	calls   []*core.Call
	mirrors map[*listener]*content

	deletions int  // per cent of what services do
	deletes   bool // something was deleted: a request may have crossed that
}

// seeded names the seed in failures.
type seeded struct {
	testing.TB
	seed  uint64
	story []string
}

func (s *seeded) Fatalf(format string, args ...any) {
	s.TB.Helper()
	s.TB.Fatalf("seed %d: %s\n%s", s.seed, fmt.Sprintf(format, args...), strings.Join(s.story, "\n"))
}

func (s *seeded) tell(format string, args ...any) {
	if *walkSeed != 0 {
		s.story = append(s.story, fmt.Sprintf(format, args...))
	}
}

func TestRandomWalks(t *testing.T) {
	if *walkSeed != 0 {
		takeWalk(t, *walkSeed)
		return
	}
	undisturbed, resyncs, probes := 0, 0, uint64(0)
	for seed := uint64(1); seed <= *walks; seed++ {
		w := takeWalk(t, seed)
		s := w.core.Stats()
		probes += s.Probes
		if s.Timeouts == 0 && !w.deletes {
			undisturbed++
			resyncs += int(s.Resyncs)
		}
	}
	if probes == 0 && *walks >= 1000 {
		t.Errorf("no probe in %d walks", *walks)
	}
	// Where the client cannot tell whether a copy is old, it reconnects. That must
	// be rare.
	if resyncs > undisturbed/50 {
		t.Errorf("%d planned reconnects in %d walks in which nothing was lost or deleted", resyncs, undisturbed)
	}
}

// Walks that have failed, by what was wrong.
func TestWalksThatHaveFailed(t *testing.T) {
	for name, seed := range map[string]uint64{
		"an unsubscribe did not take back what a late answer had brought":         234,
		"a late answer was counted after an unsubscribe had given its count back": 3971,
		"the error of a call took the place of a copy":                            6291,
		"a resource was not known to be dead while an unsubscribe was out":        47351,
		"a request that crossed a delete was answered with the dead content":      86404,
		"a resource that was back was taken for dead":                             68587,
		"the replay waited for a get":                                             188192,
	} {
		t.Run(name, func(t *testing.T) { takeWalk(t, seed) })
	}
}

func takeWalk(tb testing.TB, seed uint64) *walk {
	tb.Helper()
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, p))
		}
	}()
	w := newWalk(&seeded{TB: tb, seed: seed}, seed)
	for range 20 + w.rng.IntN(200) {
		w.act()
		w.check()
	}
	if seed%16 == 1 {
		w.drain()
		return w
	}
	w.settleDown()
	w.checkContent(false)
	w.tell("--- reconnect")
	w.step(core.Reconnect{})
	w.run(time.Hour)
	w.checkContent(true)
	w.closeAll()
	return w
}

var rids = []string{"m.0", "m.1", "m.2", "m.3", "l.0", "l.1"}

func newWalk(tb testing.TB, seed uint64) *walk {
	rng, deletions := rand.New(rand.NewPCG(seed, 7)), 3
	w := &walk{
		rng:     rng,
		mirrors: map[*listener]*content{},
		gateway: &gateway{truth: map[string]*content{}, denied: map[string]bool{}},
		rig: newRig(tb, func(c *core.Config) {
			c.Gateways = []string{"ws://a", "ws://b"}[:1+rng.IntN(2)]
			c.Authenticate = rng.IntN(4) == 0
			c.ReplayWindow = 1 + rng.IntN(3)
			c.OfflineQueue = rng.IntN(3)
			if seed%5 == 0 {
				c.Linger = 3 * time.Second
			}
			if seed%7 == 0 || seed%7 == 6 {
				c.ProbeInterval = time.Minute
				deletions = 20
			}
			c.FailFast = rng.IntN(8) == 0
			c.AccessDenied = seed%7 == 0
			c.Rand = rand.New(rand.NewPCG(seed, 8))
		}),
	}
	w.deletions = deletions
	for _, rid := range rids {
		w.create(rid)
	}
	w.step(core.Start{})
	return w
}

func (w *walk) tell(format string, args ...any) { w.TB.(*seeded).tell(format, args...) }

func (w *walk) chance(percent int) bool { return w.rng.IntN(100) < percent }

func (w *walk) rid() string { return rids[w.rng.IntN(len(rids))] }

func pick[T any](w *walk, from []T) (T, bool) {
	var none T
	if len(from) == 0 {
		return none, false
	}
	return from[w.rng.IntN(len(from))], true
}

// act does one thing.
func (w *walk) act() {
	switch n := w.rng.IntN(100); {
	case n < 25:
		w.program()
	case n < 45:
		w.service()
	case n < 60:
		w.receive()
	case n < 75:
		w.serve()
	case n < 88:
		w.deliver()
	case n < 94:
		w.shell()
	case n < 98:
		w.wait()
	default:
		w.fault()
	}
	w.collect()
}
