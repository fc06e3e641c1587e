package randomprogram_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// seedsInMemory is how many seeds are tried when no flag says otherwise.
var seedsInMemory = 2000

const seedsOnNATS = 3

var (
	oneSeed    = flag.Uint64("seed", 0, "run the program of this seed only")
	seeds      = flag.Int("seeds", 0, "how many seeds to try (default: what takes a few seconds)")
	firstSeed  = flag.Uint64("from", 1, "the first of them")
	file       = flag.String("program", "", "a file with a program to run instead")
	shrinkTime = flag.Duration("shrink", 20*time.Second, "how long to look for a shorter program that fails as well; with 0, all that fail are just named")
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

func TestRandomProgramsInMemory(t *testing.T) {
	if single() {
		runSeed(t, *oneSeed, new(total))
		return
	}
	sum := new(total)
	n := cmpOr(*seeds, seedsInMemory)
	t.Run("all", func(t *testing.T) {
		workers := runtime.GOMAXPROCS(0)
		for worker := range workers {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for i := worker; i < n && (!t.Failed() || *shrinkTime == 0); i += workers {
					runSeed(t, *firstSeed+uint64(i), sum)
				}
			})
		}
	})
	t.Log(sum)
}

func cmpOr(n, otherwise int) int {
	if n != 0 {
		return n
	}
	return otherwise
}

func TestRandomProgramsOnNATS(t *testing.T) {
	if single() {
		runSeedOnNATS(t, *oneSeed, new(total))
		return
	}
	sum := new(total)
	t.Run("all", func(t *testing.T) {
		for i := range cmpOr(*seeds, seedsOnNATS) {
			seed := *firstSeed + uint64(i)
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				runSeedOnNATS(t, seed, sum)
			})
		}
	})
	t.Log(sum)
}

// runSeed runs the program of a seed in memory. If it fails, it looks for a shorter
// one that does as well.
func runSeed(t *testing.T, seed uint64, sum *total) {
	p, log := programOf(t, seed), new(journal)
	defer func() {
		if gone := recover(); gone != nil {
			t.Logf("seed %d, the program:\n%v", seed, p)
			panic(gone)
		}
	}()
	out, err := runInMemory(t, p, log)
	sum.add(out)
	if out.lost > 0 {
		t.Logf("seed %d: a silent loss", seed)
	}
	if err == nil {
		if single() {
			t.Logf("%v\n%+v", log, out)
		}
		return
	}
	t.Errorf("seed %d: %v", seed, err)
	if *shrinkTime == 0 {
		return
	}
	if testing.Verbose() {
		t.Logf("what happened:\n%v", log)
	}
	short := shrink(p, *shrinkTime, func(p program) bool {
		_, err := runInMemory(t, p, new(journal))
		return err != nil
	})
	for range 10 * tries {
		last := new(journal)
		if _, err := runInMemory(t, short, last); err != nil {
			t.Logf("seed %d, a shorter program that fails: %v\n%vwhat happened:\n%v", seed, err, short, last)
			return
		}
	}
	t.Logf("seed %d, a shorter program that fails now and then:\n%v", seed, short)
}

func runInMemory(t *testing.T, p program, log *journal) (out outcome, err error) {
	err = inMemory(t, func(w *world) (err error) {
		out, err = execute(w, p, log)
		return err
	})
	return out, err
}

// single reports whether a flag names the one program to run.
func single() bool { return *oneSeed != 0 || *file != "" }

func programOf(t *testing.T, seed uint64) program {
	if *file == "" {
		return generate(seed)
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		t.Fatal(err)
	}
	return parseProgram(string(text))
}

func runSeedOnNATS(t *testing.T, seed uint64, sum *total) {
	p, log := programOf(t, seed), new(journal)
	err := onNATS(t, func(w *world) error {
		out, err := execute(w, p, log)
		sum.add(out)
		return err
	})
	if err != nil {
		t.Errorf("seed %d: %v", seed, err)
	}
	if err != nil || single() {
		t.Logf("seed %d, what happened:\n%v", seed, log)
	}
}

// total sums up outcomes.
type total struct {
	mu                                                                    sync.Mutex
	programs, withLeaks, withLost, withSticky, withMisled, withReconnects int
}

func (s *total) add(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.programs++
	s.withSticky += min(1, o.sticky)
	s.withLeaks += min(1, o.leaked)
	s.withLost += min(1, o.lost)
	s.withMisled += min(1, o.misled)
	s.withReconnects += int(min(1, o.reconnects))
}

func (s *total) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d programs. In %d the client resynchronised by itself. In the end a planned reconnect was needed"+
		" in %d because of errors that stick, and in %d because of a silent loss; a new gateway in %d. Counts leaked in %d.",
		s.programs, s.withReconnects, s.withSticky, s.withLost, s.withMisled, s.withLeaks)
}
