// Package state is the connection state machine of a client: which states a
// connection passes through, what may happen in each, and when the next dial is
// due. It decides and remembers; it does nothing itself. It has no clock, no
// goroutine and no lock, so that years of outages can be played through in a test.
//
// Programs meet it as a [Transition] in the client's hooks and as the [State]
// that the client reports. Whoever owns a connection drives a [Machine]:
//
//	m := state.NewMachine(state.Config{StableAfter: 10 * time.Second})
//	t, err := m.Step(now, state.Event{Kind: state.Started})
//	// Sleep until m.Deadline() or until something happens, then:
//	switch m.Expire(now) {
//	case state.DueDial:
//		// Dial. The result comes back as an Opened or a DialFailed event.
//	case state.DueStable:
//		// The connection has proven stable: restart the back-off.
//	}
//
// # States and events
//
// There are four states: [Dialing], [Resubscribing], [Connected] and [Closed],
// which is final. A machine that was not started yet is in the zero State, shown
// as "new". Events are facts that have already happened, such as [DialFailed]
// or [Lost]. [Rules] is the table of what may happen where; [Machine.Step], the
// picture in docs/states.md ([Diagram] and [Table]) and the tests all read that
// table. An event that the table does not know in the present state is refused
// with an [ImpossibleError] and changes nothing.
//
// # Dialing
//
// In Dialing the client either waits for the time of the next dial, and the
// machine has a deadline, or a dial is under way, and it has none: a dial limits
// its own time. [Machine.Expire] ends the wait and hands out [DueDial] once per
// dial, which begins a new generation. The generation tells the words of the
// present socket from the late words of an older one.
//
// # Attempts
//
// Attempts count dials from 1. The count grows with every failure, and also when
// a connection is lost soon after it was made, so that a gateway that accepts
// and drops its clients is not dialled in a tight loop. It restarts only after
// the connection has been Connected for [Config].StableAfter. Delays are chosen
// by the caller, with their jitter, and handed in with the event.
//
// # Concurrency
//
// A [Machine] belongs to one goroutine. States, events and transitions are
// values and may be shared freely.
package state
