package state_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/resclient/resclient-go/state"
)

// start is the time at which the machines of the tests are started.
var start = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

const stableAfter = 10 * time.Second

// initial is the state before the start.
const initial state.State = 0

// A situation is everything about a machine that decides what may happen next.
type situation struct {
	name  string
	state state.State
	reach func(t *testing.T, m *state.Machine)
}

func situations() []situation {
	at := start
	step := func(t *testing.T, m *state.Machine, kind state.EventKind) {
		t.Helper()
		if _, err := m.Step(at, state.Event{Kind: kind, Delay: time.Second}); err != nil {
			t.Fatal(err)
		}
	}
	dial := func(t *testing.T, m *state.Machine) {
		t.Helper()
		step(t, m, state.Started)
		if due := m.Expire(at); due != state.DueDial {
			t.Fatalf("%v is due at the start, want the dial", due)
		}
	}
	return []situation{
		{"new", initial, func(*testing.T, *state.Machine) {}},
		{"waiting", state.Dialing, func(t *testing.T, m *state.Machine) {
			dial(t, m)
			step(t, m, state.DialFailed)
		}},
		{"dialing", state.Dialing, dial},
		{"resubscribing", state.Resubscribing, func(t *testing.T, m *state.Machine) {
			dial(t, m)
			step(t, m, state.Opened)
		}},
		{"connected", state.Connected, func(t *testing.T, m *state.Machine) {
			dial(t, m)
			step(t, m, state.Opened)
			step(t, m, state.Replayed)
		}},
		{"stable", state.Connected, func(t *testing.T, m *state.Machine) {
			dial(t, m)
			step(t, m, state.Opened)
			step(t, m, state.Replayed)
			if due := m.Expire(at.Add(stableAfter)); due != state.DueStable {
				t.Fatalf("%v is due, want stable", due)
			}
		}},
		{"gave up", state.Closed, func(t *testing.T, m *state.Machine) {
			dial(t, m)
			step(t, m, state.GaveUp)
		}},
		{"closed", state.Closed, func(t *testing.T, m *state.Machine) {
			step(t, m, state.CloseRequested)
		}},
	}
}

// expected says what every situation accepts, written down independently of the
// table. What is missing is impossible.
var expected = map[string]map[state.EventKind]state.State{
	"new": {
		state.Started:        state.Dialing,
		state.CloseRequested: state.Closed,
	},
	"waiting": {
		state.GaveUp:         state.Closed,
		state.CloseRequested: state.Closed,
	},
	"dialing": {
		state.DialFailed:     state.Dialing,
		state.Opened:         state.Resubscribing,
		state.GaveUp:         state.Closed,
		state.CloseRequested: state.Closed,
	},
	"resubscribing": {
		state.Replayed:       state.Connected,
		state.Lost:           state.Dialing,
		state.CloseRequested: state.Closed,
	},
	"connected": {
		state.Lost:           state.Dialing,
		state.CloseRequested: state.Closed,
	},
	"stable": {
		state.Lost:           state.Dialing,
		state.CloseRequested: state.Closed,
	},
	"gave up": {},
	"closed":  {},
}

// everyKind holds all kinds of events, and values next to them that are none.
func everyKind() []state.EventKind {
	var kinds []state.EventKind
	for k := state.EventKind(0); k <= state.CloseRequested+1; k++ {
		kinds = append(kinds, k)
	}
	return append(kinds, 255)
}

func TestEveryEventInEverySituation(t *testing.T) {
	for _, s := range situations() {
		for _, kind := range everyKind() {
			t.Run(s.name+"/"+kind.String(), func(t *testing.T) {
				m := state.NewMachine(state.Config{StableAfter: stableAfter})
				s.reach(t, m)
				if m.State() != s.state {
					t.Fatalf("the situation is in state %v, want %v", m.State(), s.state)
				}
				before := *m
				tr, err := m.Step(start.Add(time.Minute), state.Event{Kind: kind})
				to, possible := expected[s.name][kind]
				if !possible {
					checkImpossible(t, err, s, kind)
					if *m != before {
						t.Errorf("an impossible event changed the machine from %+v to %+v", before, *m)
					}
					if tr != (state.Transition{}) {
						t.Errorf("an impossible event returned the transition %v", tr)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if tr.From != s.state || tr.To != to || tr.Event != kind || m.State() != to {
					t.Errorf("got transition %v and state %v, want %v -> %v", tr, m.State(), s.state, to)
				}
			})
		}
	}
}

func checkImpossible(t *testing.T, err error, s situation, kind state.EventKind) {
	t.Helper()
	impossible, ok := errors.AsType[*state.ImpossibleError](err)
	if !ok {
		t.Fatalf("got error %v, want an *ImpossibleError", err)
	}
	ofDial := kind == state.DialFailed || kind == state.Opened
	want := state.ImpossibleError{State: s.state, Event: kind, Waiting: s.name == "waiting" && ofDial}
	if *impossible != want {
		t.Errorf("got %+v, want %+v", *impossible, want)
	}
}

func TestImpossibleErrorSaysWhatAndWhere(t *testing.T) {
	for _, test := range []struct {
		err  state.ImpossibleError
		want string
	}{
		{state.ImpossibleError{State: state.Closed, Event: state.Lost},
			`state: event "lost" is impossible in state "closed"`},
		{state.ImpossibleError{State: state.Dialing, Event: state.Opened, Waiting: true},
			`state: event "opened" is impossible in state "dialing" while no dial is under way`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestTableHasNoDuplicateRule(t *testing.T) {
	type key struct {
		from  state.State
		event state.EventKind
	}
	seen := map[key]bool{}
	for _, r := range state.Rules() {
		k := key{r.From, r.Event}
		if seen[k] {
			t.Errorf("%v in %v has two rules", r.Event, r.From)
		}
		seen[k] = true
	}
}

func TestEveryStateIsReachable(t *testing.T) {
	reached := map[state.State]bool{initial: true}
	for range state.Rules() { // no path is longer than the table
		for _, r := range state.Rules() {
			if reached[r.From] {
				reached[r.To] = true
			}
		}
	}
	for s := initial; s <= state.Closed; s++ {
		if !reached[s] {
			t.Errorf("no rules lead to %v", s)
		}
	}
	if want := int(state.Closed) + 1; len(reached) != want {
		t.Errorf("rules lead to %d states, want %d", len(reached), want)
	}
}

func TestEveryStateButClosedCanBeClosed(t *testing.T) {
	for s := initial; s < state.Closed; s++ {
		closes := func(r state.Rule) bool {
			return r.From == s && r.Event == state.CloseRequested && r.To == state.Closed && !r.Underway
		}
		if !slices.ContainsFunc(state.Rules(), closes) {
			t.Errorf("%v cannot be closed", s)
		}
	}
}

func TestClosedIsFinalAndNothingLeadsBackToNew(t *testing.T) {
	for _, r := range state.Rules() {
		if r.From == state.Closed {
			t.Errorf("%v leads out of %v", r.Event, r.From)
		}
		if r.To == initial {
			t.Errorf("%v leads from %v back to %v", r.Event, r.From, r.To)
		}
	}
}

func TestEveryEventHasARule(t *testing.T) {
	for kind := state.Started; kind <= state.CloseRequested; kind++ {
		if !slices.ContainsFunc(state.Rules(), func(r state.Rule) bool { return r.Event == kind }) {
			t.Errorf("%v has no rule", kind)
		}
	}
}

func TestRulesAreTheCallersOwn(t *testing.T) {
	rules := state.Rules()
	want := slices.Clone(rules)
	clear(rules)
	if got := state.Rules(); !slices.Equal(got, want) {
		t.Errorf("changing the returned rules changed the table to %v", got)
	}
}
