package fifo_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/resclient/resclient-go/internal/fifo"
)

func TestItemsComeOutAsTheyWentIn(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		var l fifo.List[int]
		var want []int
		for i := range 2000 {
			switch {
			case random.IntN(200) == 0:
				want = nil
				l.Clear()
			case random.IntN(40) == 0:
				want = slices.DeleteFunc(want, func(n int) bool { return n%3 == 0 })
				l.Keep(slices.DeleteFunc(l.Items(), func(n int) bool { return n%3 == 0 }))
			case len(want) > 0 && random.IntN(100) < 30+int(seed)%30:
				if got := l.Shift(); got != want[0] {
					t.Fatalf("seed %d: %d came out, want %d", seed, got, want[0])
				}
				want = want[1:]
			default:
				l.Push(i)
				want = append(want, i)
			}
			if l.Len() != len(want) || !slices.Equal(l.Items(), want) {
				t.Fatalf("seed %d: it has %v, want %v", seed, l.Items(), want)
			}
		}
	}
}

// A list that never gets long takes no room for all that has passed through it.
func TestRoomIsUsedAgain(t *testing.T) {
	var l fifo.List[int]
	for i := range 10 {
		l.Push(i)
	}
	allocated := testing.AllocsPerRun(1, func() {
		for i := range 100_000 {
			l.Push(i)
			l.Shift()
		}
	})
	if allocated > 2 {
		t.Errorf("%v allocations", allocated)
	}
}

// The room that is kept refers to nothing that has left the list.
func TestWhatHasLeftIsNotKeptAlive(t *testing.T) {
	type item [64]byte
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 2))
		var l fifo.List[*item]
		var all []weak.Pointer[item]
		for range 1 + random.IntN(400) {
			switch {
			case random.IntN(150) == 0:
				l.Clear()
			case random.IntN(40) == 0:
				l.Keep(slices.DeleteFunc(l.Items(), func(*item) bool { return random.IntN(3) == 0 }))
			case l.Len() > 0 && random.IntN(100) < 30+int(seed)%30:
				l.Shift()
			default:
				added := new(item)
				l.Push(added)
				all = append(all, weak.Make(added))
			}
		}
		runtime.GC()
		alive := 0
		for _, p := range all {
			if p.Value() != nil {
				alive++
			}
		}
		if alive != l.Len() {
			t.Errorf("seed %d: %d items are alive, and %d in the list", seed, alive, l.Len())
		}
	}
}
