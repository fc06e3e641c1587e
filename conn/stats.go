package conn

import (
	"github.com/resclient/resclient-go/state"
)

// Stats are the figures of a client at one moment. Counts are since it was made.
type Stats struct {
	State      state.State // of the connection
	InSync     bool        // Connected, and nothing is stale
	Gateway    string      // connected or being dialled, without user info and query
	Protocol   string      // agreed with the gateway, "" without a connection
	Generation uint64      // dials begun
	Attempt    int         // of the present round of attempts; 0 once stable

	Subscriptions int // resources with a subscription
	Stale         int // of them, the ones that are not live
	Retrying      int // of them, the ones that wait to be tried again
	Resources     int // in the local copy, those reached through references included
	Stuck         int // of them, those that the gateway does not send anew, see WithProbeInterval
	Pending       int // requests that are not answered
	Offline       int // calls that wait for a connection

	Messages          uint64 // received
	Events            uint64 // of them, events
	UnknownEvents     uint64 // of them, for resources that are not subscribed
	BadFrames         uint64 // messages that could not be read
	Timeouts          uint64 // requests not answered in time
	Retries           uint64 // subscriptions not granted, to be tried again
	Inconsistencies   uint64 // messages that did not fit the local copy
	Resyncs           uint64 // reconnects because of them, or of a probe
	Probes            uint64 // requests for what is stuck, or whose copy may be wrong, see WithProbeInterval
	DroppedHooks      uint64 // transitions and log lines for which there was no room
	DroppedFrameHooks uint64 // frames for which there was no room
}

// Stats returns the client's figures. After Close they are the last ones.
func (c *Client) Stats() Stats {
	s, now := c.figuresNow(), c.status.Load()
	return Stats{
		State:      now.state,
		InSync:     now.inSync,
		Gateway:    s.Gateway,
		Protocol:   s.Protocol,
		Generation: s.Generation,
		Attempt:    s.Attempt,

		Subscriptions: s.Subscriptions,
		Stale:         s.Counts.Stale,
		Retrying:      s.Retrying,
		Resources:     s.Resources,
		Stuck:         s.Stuck,
		Pending:       s.Pending,
		Offline:       s.Offline,

		Messages:          s.Messages,
		Events:            s.Events,
		UnknownEvents:     s.UnknownEvents,
		BadFrames:         s.BadFrames,
		Timeouts:          s.Timeouts,
		Retries:           s.Retries,
		Inconsistencies:   s.Inconsistencies,
		Resyncs:           s.Resyncs,
		Probes:            s.Probes,
		DroppedHooks:      c.hooks.drops(transitionTask),
		DroppedFrameHooks: c.hooks.drops(frameTask),
	}
}

// figuresNow asks the owner.
func (c *Client) figuresNow() figures {
	whom := make(chan figures, 1)
	select {
	case c.figures <- whom:
		return <-whom
	case <-c.stopping:
		return c.last
	}
}
