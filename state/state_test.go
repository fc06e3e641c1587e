package state_test

import (
	"encoding/json"
	"testing"

	"github.com/resclient/resclient-go/state"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		value interface{ String() string }
		want  string
	}{
		{initial, "new"},
		{state.Dialing, "dialing"},
		{state.Resubscribing, "resubscribing"},
		{state.Connected, "connected"},
		{state.Closed, "closed"},
		{state.State(9), "State(9)"},
		{state.Started, "started"},
		{state.DialFailed, "dial failed"},
		{state.Opened, "opened"},
		{state.Replayed, "replayed"},
		{state.Lost, "lost"},
		{state.GaveUp, "gave up"},
		{state.CloseRequested, "close requested"},
		{state.EventKind(0), "EventKind(0)"},
		{state.DueNothing, "nothing"},
		{state.DueDial, "dial"},
		{state.DueStable, "stable"},
		{state.Due(9), "Due(9)"},
	} {
		if got := test.value.String(); got != test.want {
			t.Errorf("%T: got name %q, want %q", test.value, got, test.want)
		}
	}
}

func TestStatesAndEventsAreWordsInJSON(t *testing.T) {
	got, err := json.Marshal(map[string]any{"state": state.Connected, "event": state.DialFailed})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"event":"dial failed","state":"connected"}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStateSurvivesText(t *testing.T) {
	for s := initial; s <= state.Closed; s++ {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got state.State = 9
		if err := got.UnmarshalText(text); err != nil || got != s {
			t.Errorf("%q became %v (error %v), want %v", text, got, err, s)
		}
	}
}

func TestUnknownStateNameIsAnErrorAndChangesNothing(t *testing.T) {
	got := state.Connected
	if err := got.UnmarshalText([]byte("State(9)")); err == nil || got != state.Connected {
		t.Errorf("got %v and error %v, want an error and connected", got, err)
	}
}
