package state

import (
	"fmt"
	"strings"
	"time"
)

// A Transition is one step of a [Machine]: what happened, and where it led. Its
// [Transition.LogValue] puts all of it into one line of a log:
//
//	log.Info("connection", "transition", t)
type Transition struct {
	// From and To are the states before and after. They are equal after a failed
	// dial. From is the zero State at the start.
	From, To State

	// Event is what happened, and Cause is why; Cause is nil for good news.
	Event EventKind
	Cause error

	// Attempt is the number of the next dial if To is Dialing, else of the dial
	// that was under way or led to this connection. It is zero if the connection
	// was stable, or if nothing was ever dialled.
	Attempt int

	// Delay is the time to wait before the next dial.
	Delay time.Duration

	// Gateway is the URL that the event concerns, or that is dialled next,
	// without user info and query.
	Gateway string

	// At is when it happened.
	At time.Time

	// After is how long the client had been in From. While dials fail it keeps
	// growing, so that after Opened it is the length of the outage.
	After time.Duration

	// Generation counts the dials begun so far. It is zero before the first.
	Generation uint64

	// Subscriptions is how many direct subscriptions the client carried. The
	// machine does not know them: its owner fills this in.
	Subscriptions int
}

// String returns the transition as a short sentence, for example
// "connected -> dialing: lost, attempt 1 in 250ms: EOF".
func (t Transition) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s: %s", t.From, t.To, t.Event)
	if t.Attempt != 0 {
		fmt.Fprintf(&b, ", attempt %d", t.Attempt)
	}
	if d := readable(t.Delay); d != 0 {
		fmt.Fprintf(&b, " in %s", d)
	}
	if t.Cause != nil {
		fmt.Fprintf(&b, ": %v", t.Cause)
	}
	return b.String()
}

// readable rounds away the digits that jitter and clocks leave behind.
func readable(d time.Duration) time.Duration {
	return d.Round(time.Millisecond)
}
