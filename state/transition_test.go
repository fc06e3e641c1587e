package state_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/state"
)

func TestTransitionInALogAndInWords(t *testing.T) {
	for _, test := range []struct {
		name   string
		tr     state.Transition
		log    string
		string string
	}{
		{
			name: "everything",
			tr: state.Transition{
				From: state.Dialing, To: state.Dialing, Event: state.DialFailed,
				Cause: errors.New("connection refused"), Attempt: 3, Delay: 512_345_678 * time.Nanosecond,
				Gateway: "ws://a:8080", At: start, After: 4200 * time.Millisecond, Generation: 2, Subscriptions: 12,
			},
			log: `level=INFO msg=connection transition.from=dialing transition.to=dialing transition.event="dial failed" ` +
				`transition.cause="connection refused" transition.attempt=3 transition.delay=512ms transition.gateway=ws://a:8080 ` +
				`transition.after=4.2s transition.generation=2 transition.subscriptions=12`,
			string: `dialing -> dialing: dial failed, attempt 3 in 512ms: connection refused`,
		},
		{
			name:   "the start",
			tr:     state.Transition{To: state.Dialing, Event: state.Started, Attempt: 1, At: start},
			log:    `level=INFO msg=connection transition.from=new transition.to=dialing transition.event=started transition.attempt=1`,
			string: `new -> dialing: started, attempt 1`,
		},
		{
			name: "closed by the program",
			tr: state.Transition{From: state.Connected, To: state.Closed, Event: state.CloseRequested,
				At: start, After: time.Hour, Generation: 1, Subscriptions: 2},
			log: `level=INFO msg=connection transition.from=connected transition.to=closed transition.event="close requested" ` +
				`transition.after=1h0m0s transition.generation=1 transition.subscriptions=2`,
			string: `connected -> closed: close requested`,
		},
		{
			name: "durations below a millisecond",
			tr: state.Transition{From: state.Resubscribing, To: state.Connected, Event: state.Replayed,
				Attempt: 1, After: 400 * time.Microsecond, Generation: 1},
			log: `level=INFO msg=connection transition.from=resubscribing transition.to=connected transition.event=replayed ` +
				`transition.attempt=1 transition.generation=1`,
			string: `resubscribing -> connected: replayed, attempt 1`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := logLine(test.tr); got != test.log {
				t.Errorf("got log line\n%s\nwant\n%s", got, test.log)
			}
			if got := test.tr.String(); got != test.string {
				t.Errorf("got %q, want %q", got, test.string)
			}
		})
	}
}

// logLine returns the line of a text log that holds the transition, without its time.
func logLine(tr state.Transition) string {
	var b strings.Builder
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	log.Info("connection", "transition", tr)
	return strings.TrimSuffix(b.String(), "\n")
}
