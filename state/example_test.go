package state_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/resclient/resclient-go/state"
)

// A gateway refuses the first dial, accepts the second, and goes away after a minute.
func ExampleMachine() {
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	m := state.NewMachine(state.Config{StableAfter: 10 * time.Second})
	step := func(ev state.Event) {
		t, err := m.Step(now, ev)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(t)
	}
	sleep := func() { // until the deadline
		now = m.Deadline()
		fmt.Println("due:", m.Expire(now))
	}

	step(state.Event{Kind: state.Started})
	sleep()
	step(state.Event{Kind: state.DialFailed, Cause: errors.New("connection refused"), Delay: 250 * time.Millisecond})
	sleep()
	step(state.Event{Kind: state.Opened})
	step(state.Event{Kind: state.Replayed})
	sleep()
	now = now.Add(50 * time.Second)
	step(state.Event{Kind: state.Lost, Cause: errors.New("EOF"), Delay: 200 * time.Millisecond})
	step(state.Event{Kind: state.Replayed})
	// Output:
	// new -> dialing: started, attempt 1
	// due: dial
	// dialing -> dialing: dial failed, attempt 2 in 250ms: connection refused
	// due: dial
	// dialing -> resubscribing: opened, attempt 2
	// resubscribing -> connected: replayed, attempt 2
	// due: stable
	// connected -> dialing: lost, attempt 1 in 200ms: EOF
	// state: event "replayed" is impossible in state "dialing"
}

// One line of a log holds the whole transition.
func ExampleTransition_LogValue() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{} // not the same twice
			}
			return a
		},
	}))
	log.Info("connection", "transition", state.Transition{
		From:  state.Connected,
		To:    state.Dialing,
		Event: state.Lost,
		Cause: errors.New("EOF"), Attempt: 1,
		Delay: 200 * time.Millisecond,
	})
	// Output:
	// {"level":"INFO","msg":"connection","transition":{"from":"connected","to":"dialing","event":"lost","cause":"EOF","attempt":1,"delay":200000000}}
}

// The rules are data: here, everything that ends a client.
func ExampleRules() {
	for _, r := range state.Rules() {
		if r.To == state.Closed {
			fmt.Printf("%s: %s\n", r.From, r.Event)
		}
	}
	// Output:
	// new: close requested
	// dialing: gave up
	// dialing: close requested
	// resubscribing: close requested
	// connected: close requested
}
