package state

// A Rule is one row of the table: in From, Event leads to To.
type Rule struct {
	// From is the state in which the event may happen. It is the zero State
	// before the start.
	From State

	// Event is what has happened.
	Event EventKind

	// To is the state that follows. It may be From.
	To State

	// Note is the effect beyond the new state, in words, or empty.
	Note string

	// Underway restricts the rule to a dial that is under way: the event is
	// impossible while the client waits for the time of its next dial.
	Underway bool
}

// Rules returns the whole table, in reading order. What it does not list is
// impossible. The slice is the caller's own.
func Rules() []Rule {
	return []Rule{
		{From: initial, Event: Started, To: Dialing, Note: "attempt 1, at once"},
		{From: initial, Event: CloseRequested, To: Closed},

		{From: Dialing, Event: DialFailed, To: Dialing, Underway: true, Note: "attempt + 1, after a delay"},
		{From: Dialing, Event: Opened, To: Resubscribing, Underway: true},
		{From: Dialing, Event: GaveUp, To: Closed},
		{From: Dialing, Event: CloseRequested, To: Closed},

		{From: Resubscribing, Event: Replayed, To: Connected},
		{From: Resubscribing, Event: Lost, To: Dialing, Note: "attempt + 1, after a delay"},
		{From: Resubscribing, Event: CloseRequested, To: Closed},

		{From: Connected, Event: Lost, To: Dialing, Note: "attempt 1 if stable, else attempt + 1, after a delay"},
		{From: Connected, Event: CloseRequested, To: Closed},
	}
}

// ruleFor returns the row for an event in a state, and reports whether there is one.
func ruleFor(from State, event EventKind) (Rule, bool) {
	for _, r := range Rules() {
		if r.From == from && r.Event == event {
			return r, true
		}
	}
	return Rule{}, false
}
