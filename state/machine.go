package state

import (
	"fmt"
	"time"
)

// Config holds the settings of a [Machine].
type Config struct {
	// StableAfter is how long a connection must stay Connected to count as
	// stable, which restarts the count of attempts. Zero or less means that it
	// is stable as soon as it is Connected.
	StableAfter time.Duration
}

// A Due is what has fallen due at a deadline of a [Machine].
type Due uint8

// What can fall due.
const (
	// DueNothing means that there is nothing to do yet.
	DueNothing Due = iota

	// DueDial means that the wait is over and that a dial begins now. Its result
	// is an Opened, DialFailed or GaveUp event.
	DueDial

	// DueStable means that the connection has proven stable. The count of
	// attempts has restarted.
	DueStable
)

// String returns the name of what is due, for example "dial".
func (d Due) String() string {
	switch d {
	case DueNothing:
		return "nothing"
	case DueDial:
		return "dial"
	case DueStable:
		return "stable"
	default:
		return fmt.Sprintf("Due(%d)", uint8(d))
	}
}

// An ImpossibleError reports an event that the table does not allow. It is a bug
// of whoever drives the machine, which has not changed.
type ImpossibleError struct {
	// State is the state of the machine.
	State State

	// Event is the event that was refused.
	Event EventKind

	// Waiting says that the event belongs to a dial, but none was under way.
	Waiting bool
}

// Error says which event was refused, and in which state.
func (e *ImpossibleError) Error() string {
	if e.Waiting {
		return fmt.Sprintf("state: event %q is impossible in state %q while no dial is under way", e.Event, e.State)
	}
	return fmt.Sprintf("state: event %q is impossible in state %q", e.Event, e.State)
}

// A Machine is the state of one client's connection. It is made with
// [NewMachine], belongs to one goroutine, and takes the time with every call:
// times must not be zero and must not go backwards.
type Machine struct {
	stableAfter time.Duration

	state      State
	since      time.Time // when state was entered; a step from Dialing to Dialing does not count
	attempt    int       // 0 before the start and once the connection is stable
	generation uint64    // dials begun

	// pending is what will fall due at deadline: DueDial only in Dialing, while
	// waiting; DueStable only in Connected, until it is stable.
	pending  Due
	deadline time.Time
}

// NewMachine returns a machine that was not started.
func NewMachine(cfg Config) *Machine {
	return &Machine{stableAfter: cfg.StableAfter}
}

// State returns the present state.
func (m *Machine) State() State { return m.state }

// Since returns when the present state was entered. A failed dial does not
// count: Dialing began when the connection was lost. It is zero before the start.
func (m *Machine) Since() time.Time { return m.since }

// Attempt returns the number of the dial that is waited for or under way, or
// that led to this connection, counted from 1. It is zero before the start, and
// again once the connection has proven stable.
func (m *Machine) Attempt() int { return m.attempt }

// Generation returns how many dials have begun, and with that the generation of
// the latest socket. It is zero before the first dial.
func (m *Machine) Generation() uint64 { return m.generation }

// Step takes note of an event and returns the transition that it caused. An
// event that the table does not allow is an [*ImpossibleError] and changes
// nothing.
//
// A connection that has been Connected long enough counts as stable here even
// if [Machine.Expire] was not asked since. Call Expire first where DueStable
// must not be missed.
func (m *Machine) Step(now time.Time, ev Event) (Transition, error) {
	rule, ok := ruleFor(m.state, ev.Kind)
	if !ok {
		return Transition{}, &ImpossibleError{State: m.state, Event: ev.Kind}
	}
	if rule.Underway && m.pending == DueDial {
		return Transition{}, &ImpossibleError{State: m.state, Event: ev.Kind, Waiting: true}
	}
	if m.pending == DueStable {
		m.Expire(now)
	}
	t := Transition{
		From:    m.state,
		To:      rule.To,
		Event:   ev.Kind,
		Cause:   ev.Cause,
		Delay:   delayOf(ev),
		Gateway: ev.Gateway,
		At:      now,
	}
	if m.state != initial {
		t.After = now.Sub(m.since)
	}
	m.enter(rule.To, now, t.Delay)
	t.Attempt = m.attempt
	t.Generation = m.generation
	return t, nil
}

// delayOf returns how long the next dial waits after an event.
func delayOf(ev Event) time.Duration {
	if ev.Kind == DialFailed || ev.Kind == Lost {
		return max(ev.Delay, 0)
	}
	return 0
}

// enter makes s the present state, with the deadline that belongs to it.
func (m *Machine) enter(s State, now time.Time, delay time.Duration) {
	if s != m.state {
		m.state = s
		m.since = now
	}
	switch s {
	case Dialing:
		m.attempt++
		m.schedule(DueDial, now.Add(delay))
	case Connected:
		m.schedule(DueStable, now.Add(max(m.stableAfter, 0)))
	default:
		m.schedule(DueNothing, time.Time{})
	}
}

func (m *Machine) schedule(due Due, at time.Time) {
	m.pending, m.deadline = due, at
}

// Deadline returns when [Machine.Expire] has something to hand out: the time of
// the next dial while waiting for it, or the time at which the connection
// becomes stable. It is zero if there is nothing to wait for, also while a dial
// is under way.
func (m *Machine) Deadline() time.Time { return m.deadline }

// Expire returns what has fallen due by now, each thing once. DueDial begins a
// new generation; DueStable restarts the count of attempts.
func (m *Machine) Expire(now time.Time) Due {
	if m.pending == DueNothing || now.Before(m.deadline) {
		return DueNothing
	}
	due := m.pending
	m.schedule(DueNothing, time.Time{})
	switch due {
	case DueDial:
		m.generation++
	case DueStable:
		m.attempt = 0
	}
	return due
}

// DialNow cuts the wait for the next dial short: the dial is due now. It reports
// whether there was such a wait; if not, nothing has changed. The attempt keeps
// its number.
func (m *Machine) DialNow(now time.Time) bool {
	if m.pending != DueDial {
		return false
	}
	if now.Before(m.deadline) {
		m.deadline = now
	}
	return true
}
