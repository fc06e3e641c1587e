package state

import (
	"fmt"
	"time"
)

// An EventKind names something that has happened to a connection. The zero
// EventKind is no event, and impossible in every state.
type EventKind uint8

// The kinds of events.
const (
	// Started says that the client has begun its work.
	Started EventKind = iota + 1

	// DialFailed says that a dial has failed, at any step up to and including
	// authentication, and is worth repeating.
	DialFailed

	// Opened says that a dial has succeeded: the socket is open, the protocol
	// version is agreed and the client is authenticated.
	Opened

	// Replayed says that every replayed subscription was answered or has timed
	// out. With nothing to replay it follows Opened at once.
	Replayed

	// Lost says that the connection has ended, on its own or because the client
	// gave it up.
	Lost

	// GaveUp says that no further dial makes sense: the error is permanent, or
	// the back-off said stop.
	GaveUp

	// CloseRequested says that the program has closed the client.
	CloseRequested
)

// String returns the name of the event as it appears in logs, for example
// "dial failed".
func (k EventKind) String() string {
	switch k {
	case Started:
		return "started"
	case DialFailed:
		return "dial failed"
	case Opened:
		return "opened"
	case Replayed:
		return "replayed"
	case Lost:
		return "lost"
	case GaveUp:
		return "gave up"
	case CloseRequested:
		return "close requested"
	default:
		return fmt.Sprintf("EventKind(%d)", uint8(k))
	}
}

// MarshalText returns the name of the event. It never fails.
func (k EventKind) MarshalText() ([]byte, error) {
	return []byte(k.String()), nil
}

// An Event is a fact handed to [Machine.Step].
type Event struct {
	// Kind says what has happened.
	Kind EventKind

	// Cause says why, for DialFailed, Lost, GaveUp and CloseRequested. It may be
	// nil for CloseRequested.
	Cause error

	// Delay is the time to wait before the next dial, with its jitter, for
	// DialFailed and Lost. A negative delay counts as zero. Other events ignore it.
	Delay time.Duration

	// Gateway is the URL that the event concerns, or that is dialled next. It
	// ends up in logs, and must hold no user info and no query.
	Gateway string
}
