package state_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/resclient/resclient-go/state"
)

// A model is what a machine should do, told in the plainest way.
type model struct {
	state      state.State
	waiting    bool // for the time of the next dial
	unstable   bool // Connected, but not for long enough
	at         time.Time
	since      time.Time
	attempt    int
	generation uint64
}

func (w *model) expire(now time.Time) state.Due {
	switch {
	case w.waiting && !now.Before(w.at):
		w.waiting = false
		w.generation++
		return state.DueDial
	case w.unstable && !now.Before(w.at):
		w.unstable = false
		w.attempt = 0
		return state.DueStable
	}
	return state.DueNothing
}

// situation names the row of the expected table.
func (w *model) situation() string {
	switch {
	case w.waiting:
		return "waiting"
	case w.state == state.Connected && !w.unstable:
		return "stable"
	default:
		return w.state.String()
	}
}

func (w *model) step(now time.Time, ev state.Event) (possible bool) {
	to, possible := expected[w.situation()][ev.Kind]
	if !possible {
		return false
	}
	if w.unstable {
		w.expire(now)
	}
	if to != w.state {
		w.since = now
	}
	w.state, w.waiting, w.unstable = to, false, false
	switch ev.Kind {
	case state.Started:
		w.waiting, w.at, w.attempt = true, now, 1
	case state.DialFailed, state.Lost:
		w.waiting, w.at = true, now.Add(ev.Delay)
		w.attempt++
	case state.Replayed:
		w.unstable, w.at = true, now.Add(stableAfter)
	}
	return true
}

// walk plays a script against a machine and the model, two bytes per move, and
// compares them after each. The name tells how to find the script again. It returns the states that it saw.
func walk(t *testing.T, name string, script []byte) map[state.State]bool {
	t.Helper()
	m := state.NewMachine(state.Config{StableAfter: stableAfter})
	w := &model{}
	now := start
	seen := map[state.State]bool{}
	for i := 0; i+1 < len(script); i += 2 {
		length := time.Duration(script[i+1]) * 100 * time.Millisecond
		switch move := script[i] % 12; move {
		default: // an event, possible or not
			ev := state.Event{Kind: state.EventKind(move), Delay: length}
			before := *m
			tr, err := m.Step(now, ev)
			possible := w.step(now, ev)
			if possible != (err == nil) {
				t.Fatalf("%s: move %d, %v in %v: got error %v, want possible %v", name, i/2, ev.Kind, before.State(), err, possible)
			}
			if err != nil {
				if _, ok := errors.AsType[*state.ImpossibleError](err); !ok || *m != before {
					t.Fatalf("%s: move %d, %v in %v: an impossible event gave %v", name, i/2, ev.Kind, before.State(), err)
				}
				break
			}
			if tr.From != before.State() || tr.To != m.State() || !tr.At.Equal(now) || tr.After < 0 ||
				tr.Attempt != m.Attempt() || tr.Generation != m.Generation() {
				t.Fatalf("%s: move %d: transition %+v does not fit %+v", name, i/2, tr, m)
			}
		case 8:
			now = now.Add(length)
		case 9, 10:
			if got, want := m.Expire(now), w.expire(now); got != want {
				t.Fatalf("%s: move %d in %v: %v is due, want %v", name, i/2, m.State(), got, want)
			}
		case 11:
			if got := m.DialNow(now); got != w.waiting {
				t.Fatalf("%s: move %d in %v: DialNow reports %v, want %v", name, i/2, m.State(), got, w.waiting)
			}
			if w.waiting && now.Before(w.at) {
				w.at = now
			}
		}
		compare(t, name, i/2, m, w)
		seen[m.State()] = true
	}
	return seen
}

func compare(t *testing.T, name string, move int, m *state.Machine, w *model) {
	t.Helper()
	var deadline time.Time
	if w.waiting || w.unstable {
		deadline = w.at
	}
	if m.State() != w.state || m.Attempt() != w.attempt || m.Generation() != w.generation ||
		!m.Since().Equal(w.since) || !m.Deadline().Equal(deadline) {
		t.Fatalf("%s: after move %d: got %+v with deadline %v, want %+v with deadline %v", name, move, m, m.Deadline(), w, deadline)
	}
}

func TestRandomWalks(t *testing.T) {
	seen := map[state.State]bool{}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 400)
		for i := range script {
			script[i] = byte(r.Uint32())
			if i%2 == 0 && script[i]%12 == byte(state.CloseRequested) && r.IntN(20) != 0 {
				script[i]++ // closing often would make short walks
			}
		}
		for s := range walk(t, fmt.Sprintf("seed %d", seed), script) {
			seen[s] = true
		}
	}
	for s := initial; s <= state.Closed; s++ {
		if !seen[s] {
			t.Errorf("no walk came through %v", s)
		}
	}
}

func FuzzWalk(f *testing.F) {
	f.Add([]byte{1, 0, 9, 0, 2, 5, 8, 5, 9, 0, 3, 0, 4, 0, 8, 100, 9, 0, 5, 1, 11, 0, 9, 0, 6, 0})
	f.Add([]byte{1, 0, 9, 0, 3, 0, 5, 9, 11, 0, 9, 0, 3, 0, 4, 0, 8, 100, 5, 0, 7, 0, 7, 0})
	f.Fuzz(func(t *testing.T, script []byte) { walk(t, "fuzz", script) })
}
