package state

import "fmt"

// A State is where the connection of a client stands. The zero State, shown as
// "new", is that of a client that was not started; a started client never
// returns to it.
type State uint8

// The states of a connection.
const (
	// Dialing means that there is no usable connection: the client waits for the
	// time of its next dial, or a dial is under way. A dial includes the
	// WebSocket handshake, the version request and authentication. Resources
	// stay readable and are stale.
	Dialing State = iota + 1

	// Resubscribing means that a connection is open and authenticated, and that
	// the subscriptions of the client are being replayed on it. Requests are
	// sent from here on.
	Resubscribing

	// Connected means that every replay was answered or has timed out. A
	// subscription that was refused is retried from here, and does not hold up
	// the others.
	Connected

	// Closed means that the client has ended, because it was closed or because it
	// gave up. It is final.
	Closed
)

// initial is the state before the start.
const initial State = 0

// String returns the name of the state as it appears in logs, for example
// "dialing".
func (s State) String() string {
	switch s {
	case initial:
		return "new"
	case Dialing:
		return "dialing"
	case Resubscribing:
		return "resubscribing"
	case Connected:
		return "connected"
	case Closed:
		return "closed"
	default:
		return fmt.Sprintf("State(%d)", uint8(s))
	}
}

// MarshalText returns the name of the state. It never fails.
func (s State) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText reads the name of a state, as MarshalText wrote it. An unknown
// name is an error and leaves s as it was.
func (s *State) UnmarshalText(text []byte) error {
	for known := initial; known <= Closed; known++ {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("state: unknown state %q", text)
}
