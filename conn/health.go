package conn

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/resclient/resclient-go/state"
)

// Health is how a client is, for the probes that watch a program. What a program
// subscribes to for the first time does not count before it was granted, so that
// health does not change whenever a program asks for something.
type Health struct {
	InSync bool      // Connected, and everything that was live is
	Since  time.Time // when InSync last changed; at first, when the client was made

	State   state.State // Closed will not change any more
	Gateway string      // connected, or dialled last, without user info and query
	Attempt int         // to connect, that is waited for or under way; 0 if there is none

	// Cause is why the client is not InSync: what it has lost its connection for,
	// what the last attempt has met, or else why the first of StaleRIDs is stale.
	Cause error

	Stale     int      // subscriptions that were live and are not
	StaleRIDs []string // some of them, ten at the most: those subscribed first

	ShuttingDown bool // [Client.Shutdown] was called
}

// healthNamed is how many stale subscriptions are named.
const healthNamed = 10

// Health returns how the client is. It costs next to nothing while all is well, and
// may be asked as often as you like.
func (c *Client) Health() Health {
	s := c.status.Load()
	h := Health{
		InSync: s.healthy(), Since: s.since,
		State: s.state, Gateway: s.gateway, Cause: s.cause,
		Stale: s.lost, ShuttingDown: s.draining,
	}
	if s.state == state.Dialing {
		h.Attempt = s.attempt
	}
	if s.lost > 0 {
		f := c.figuresNow()
		h.StaleRIDs = f.lostSome
		if s.state == state.Connected {
			h.Cause = f.lostCause
		}
	}
	return h
}

// MarshalJSON gives the fields by their names, and of Cause what it says.
func (h Health) MarshalJSON() ([]byte, error) {
	type fields Health // without this method
	cause := ""
	if h.Cause != nil {
		cause = h.Cause.Error()
	}
	return json.Marshal(struct {
		fields
		Cause string `json:",omitempty"` // in place of the one in fields
	}{fields(h), cause})
}

// String says it in a line, for example
// "not in sync since 2030-06-01T12:00:00Z: dialing, attempt 3, 2 stale (a.b, a.c): EOF".
func (h Health) String() string {
	var b strings.Builder
	if !h.InSync {
		b.WriteString("not ")
	}
	fmt.Fprintf(&b, "in sync since %s: %v", h.Since.UTC().Format(time.RFC3339), h.State)
	if h.ShuttingDown {
		b.WriteString(", shutting down")
	}
	if h.Attempt > 0 {
		fmt.Fprintf(&b, ", attempt %d", h.Attempt)
	}
	if h.Stale > 0 {
		fmt.Fprintf(&b, ", %d stale", h.Stale)
	}
	b.WriteString(nameSome(h.StaleRIDs, len(h.StaleRIDs) < h.Stale))
	if h.Cause != nil {
		fmt.Fprintf(&b, ": %v", h.Cause)
	}
	return b.String()
}
