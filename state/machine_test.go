package state_test

import (
	"errors"
	"testing"
	"time"

	"github.com/resclient/resclient-go/state"
)

// A driver is a machine together with its clock.
type driver struct {
	t   *testing.T
	m   *state.Machine
	now time.Time
}

func newDriver(t *testing.T) *driver {
	return &driver{t: t, m: state.NewMachine(state.Config{StableAfter: stableAfter}), now: start}
}

func (d *driver) step(ev state.Event) state.Transition {
	d.t.Helper()
	tr, err := d.m.Step(d.now, ev)
	if err != nil {
		d.t.Fatal(err)
	}
	return tr
}

func (d *driver) sleep(length time.Duration) { d.now = d.now.Add(length) }

func (d *driver) wantDeadline(want time.Time, why string) {
	d.t.Helper()
	if got := d.m.Deadline(); !got.Equal(want) {
		d.t.Fatalf("%s: got deadline %v, want %v", why, got, want)
	}
}

func (d *driver) wantNoDeadline(why string) {
	d.t.Helper()
	d.wantDeadline(time.Time{}, why)
}

func (d *driver) wantDue(want state.Due, why string) {
	d.t.Helper()
	if got := d.m.Expire(d.now); got != want {
		d.t.Fatalf("%s: %v is due, want %v", why, got, want)
	}
}

func (d *driver) wantAttempt(want int, why string) {
	d.t.Helper()
	if got := d.m.Attempt(); got != want {
		d.t.Fatalf("%s: got attempt %d, want %d", why, got, want)
	}
}

// start brings the machine into its first dial.
func (d *driver) start() {
	d.t.Helper()
	d.step(state.Event{Kind: state.Started})
	d.wantDue(state.DueDial, "the first dial is due at once")
}

// connect brings the machine from its first dial to Connected.
func (d *driver) connect() {
	d.t.Helper()
	d.step(state.Event{Kind: state.Opened})
	d.step(state.Event{Kind: state.Replayed})
}

func TestNewMachineWaitsForNothing(t *testing.T) {
	d := newDriver(t)
	d.wantNoDeadline("before the start")
	d.wantDue(state.DueNothing, "before the start")
	d.wantAttempt(0, "before the start")
	if s, since := d.m.State(), d.m.Since(); s != initial || !since.IsZero() {
		t.Errorf("got state %v since %v, want new since never", s, since)
	}
}

func TestFirstDialIsDueAtOnceAndHandedOutOnce(t *testing.T) {
	d := newDriver(t)
	d.step(state.Event{Kind: state.Started, Delay: time.Hour})
	d.wantDeadline(start, "a start has no delay")
	d.wantAttempt(1, "started")
	if got := d.m.Generation(); got != 0 {
		t.Errorf("got generation %d before the first dial, want 0", got)
	}
	d.wantDue(state.DueDial, "at the start")
	d.wantDue(state.DueNothing, "the dial was handed out already")
	d.wantNoDeadline("a dial is under way")
	if got := d.m.Generation(); got != 1 {
		t.Errorf("got generation %d for the first dial, want 1", got)
	}
}

func TestWaitEndsExactlyAtItsDeadline(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.DialFailed, Delay: time.Second})
	d.wantDeadline(d.now.Add(time.Second), "the delay counts from the failure")
	d.sleep(time.Second - 1)
	d.wantDue(state.DueNothing, "a nanosecond early")
	d.sleep(1)
	d.wantDue(state.DueDial, "on time")
}

func TestNegativeDelayIsNone(t *testing.T) {
	d := newDriver(t)
	d.start()
	tr := d.step(state.Event{Kind: state.DialFailed, Delay: -time.Second})
	if tr.Delay != 0 {
		t.Errorf("got delay %v, want 0", tr.Delay)
	}
	d.wantDeadline(d.now, "a negative delay is none")
}

func TestLossBeforeStableContinuesTheAttempts(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.connect()
	d.wantDeadline(d.now.Add(stableAfter), "connected, and not stable yet")
	d.sleep(stableAfter - 1)
	d.wantDue(state.DueNothing, "a nanosecond before it is stable")
	tr := d.step(state.Event{Kind: state.Lost, Delay: time.Second})
	if tr.Attempt != 2 {
		t.Errorf("got attempt %d, want 2: the connection was never stable", tr.Attempt)
	}
	d.wantDeadline(d.now.Add(time.Second), "the next dial replaces the stable deadline")
}

func TestLossWhileResubscribingContinuesTheAttempts(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.Opened})
	d.wantNoDeadline("replays limit their own time")
	d.sleep(2 * stableAfter)
	d.wantDue(state.DueNothing, "only Connected proves anything")
	d.step(state.Event{Kind: state.Lost})
	d.wantAttempt(2, "long in Resubscribing is not stable")
}

func TestStableConnectionRestartsTheAttempts(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.DialFailed})
	d.wantDue(state.DueDial, "no delay")
	d.connect()
	d.wantAttempt(2, "connected by the second dial")
	d.sleep(stableAfter)
	d.wantDue(state.DueStable, "connected long enough")
	d.wantDue(state.DueNothing, "stable was handed out already")
	d.wantNoDeadline("a stable connection waits for nothing")
	d.wantAttempt(0, "the count restarts")
	d.sleep(time.Hour)
	tr := d.step(state.Event{Kind: state.Lost, Delay: time.Second})
	if tr.Attempt != 1 {
		t.Errorf("got attempt %d, want 1", tr.Attempt)
	}
}

func TestStableNeedsNobodyToAsk(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.DialFailed})
	d.wantDue(state.DueDial, "no delay")
	d.connect()
	d.sleep(stableAfter)
	d.step(state.Event{Kind: state.Lost})
	d.wantAttempt(1, "the connection had been stable when it was lost")
	d.wantDue(state.DueDial, "the next dial, not the stable of a lost connection")
}

func TestStableCountsFromConnectedAnew(t *testing.T) {
	d := newDriver(t)
	d.start()
	for attempt := 1; attempt <= 5; attempt++ {
		d.wantAttempt(attempt, "short connections do not add up")
		d.connect()
		d.sleep(stableAfter / 2)
		d.step(state.Event{Kind: state.Lost})
		d.wantDue(state.DueDial, "no delay")
	}
}

func TestWithoutStableAfterAConnectionIsStableAtOnce(t *testing.T) {
	for _, after := range []time.Duration{0, -time.Second} {
		d := newDriver(t)
		d.m = state.NewMachine(state.Config{StableAfter: after})
		d.start()
		d.connect()
		d.wantDeadline(d.now, "stable at once")
		d.wantDue(state.DueStable, "stable at once")
	}
}

func TestDialNowCutsAWaitShort(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.DialFailed, Delay: time.Hour})
	d.sleep(time.Minute)
	if !d.m.DialNow(d.now) {
		t.Fatal("DialNow did not see the wait")
	}
	d.wantDeadline(d.now, "due now")
	d.wantAttempt(2, "the attempt keeps its number")
	d.wantDue(state.DueDial, "due now")
}

func TestDialNowDoesNotPostponeAnOverdueDial(t *testing.T) {
	d := newDriver(t)
	d.start()
	d.step(state.Event{Kind: state.DialFailed, Delay: time.Second})
	due := d.now.Add(time.Second)
	d.sleep(time.Minute)
	if !d.m.DialNow(d.now) {
		t.Fatal("DialNow did not see the wait")
	}
	d.wantDeadline(due, "it was due already")
}

func TestDialNowChangesNothingUnlessWaiting(t *testing.T) {
	for _, s := range situations() {
		m := state.NewMachine(state.Config{StableAfter: stableAfter})
		s.reach(t, m)
		before := *m
		got := m.DialNow(start.Add(time.Millisecond))
		if want := s.name == "waiting"; got != want {
			t.Errorf("%s: DialNow reports %v, want %v", s.name, got, want)
		}
		if !got && *m != before {
			t.Errorf("%s: DialNow changed the machine from %+v to %+v", s.name, before, *m)
		}
	}
}

func TestClosedWaitsForNothing(t *testing.T) {
	for _, s := range situations() {
		m := state.NewMachine(state.Config{StableAfter: stableAfter})
		s.reach(t, m)
		if m.State() == state.Closed {
			continue
		}
		now := start.Add(time.Millisecond)
		if _, err := m.Step(now, state.Event{Kind: state.CloseRequested}); err != nil {
			t.Fatal(err)
		}
		if deadline, due := m.Deadline(), m.Expire(now.Add(24*time.Hour)); !deadline.IsZero() || due != state.DueNothing {
			t.Errorf("closed when %s: got deadline %v and %v due, want none", s.name, deadline, due)
		}
	}
}

func TestTransitionsCarryTheWholeStory(t *testing.T) {
	d := newDriver(t)
	refused, eof := errors.New("refused"), errors.New("EOF")
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	for _, test := range []struct {
		seconds int
		dial    bool // a dial falls due first
		event   state.Event
		want    state.Transition
	}{
		{0, false, state.Event{Kind: state.Started, Gateway: "ws://a"}, state.Transition{
			To: state.Dialing, Event: state.Started, Attempt: 1, Gateway: "ws://a", At: at(0)}},
		{3, true, state.Event{Kind: state.DialFailed, Cause: refused, Delay: 2 * time.Second, Gateway: "ws://b"}, state.Transition{
			From: state.Dialing, To: state.Dialing, Event: state.DialFailed, Cause: refused, Attempt: 2,
			Delay: 2 * time.Second, Gateway: "ws://b", At: at(3), After: 3 * time.Second, Generation: 1}},
		{6, true, state.Event{Kind: state.Opened, Gateway: "ws://b"}, state.Transition{
			From: state.Dialing, To: state.Resubscribing, Event: state.Opened, Attempt: 2,
			Gateway: "ws://b", At: at(6), After: 6 * time.Second, Generation: 2}},
		{7, false, state.Event{Kind: state.Replayed, Gateway: "ws://b"}, state.Transition{
			From: state.Resubscribing, To: state.Connected, Event: state.Replayed, Attempt: 2,
			Gateway: "ws://b", At: at(7), After: time.Second, Generation: 2}},
		{60, false, state.Event{Kind: state.Lost, Cause: eof, Delay: time.Second, Gateway: "ws://a"}, state.Transition{
			From: state.Connected, To: state.Dialing, Event: state.Lost, Cause: eof, Attempt: 1,
			Delay: time.Second, Gateway: "ws://a", At: at(60), After: 53 * time.Second, Generation: 2}},
		{65, true, state.Event{Kind: state.GaveUp, Cause: refused}, state.Transition{
			From: state.Dialing, To: state.Closed, Event: state.GaveUp, Cause: refused, Attempt: 1,
			At: at(65), After: 5 * time.Second, Generation: 3}},
	} {
		d.now = at(test.seconds)
		if test.dial {
			d.wantDue(state.DueDial, "before "+test.event.Kind.String())
		}
		if got := d.step(test.event); got != test.want {
			t.Errorf("%v:\n got %+v\nwant %+v", test.event.Kind, got, test.want)
		}
	}
}

func TestSinceIsWhenTheStateWasEntered(t *testing.T) {
	d := newDriver(t)
	d.start()
	for range 3 {
		d.sleep(time.Second)
		d.step(state.Event{Kind: state.DialFailed})
		d.wantDue(state.DueDial, "no delay")
	}
	if got := d.m.Since(); !got.Equal(start) {
		t.Errorf("dialing since %v, want %v: a failed dial does not leave Dialing", got, start)
	}
	d.step(state.Event{Kind: state.Opened})
	if got := d.m.Since(); !got.Equal(d.now) {
		t.Errorf("resubscribing since %v, want %v", got, d.now)
	}
}

func TestADayOfOutage(t *testing.T) {
	const dialTime = 150 * time.Millisecond
	d := newDriver(t)
	d.start()
	delay := 250 * time.Millisecond
	dials := 1
	for d.now.Before(start.Add(24 * time.Hour)) {
		d.wantNoDeadline("a dial is under way")
		d.sleep(dialTime)
		tr := d.step(state.Event{Kind: state.DialFailed, Delay: delay})
		if want := d.now.Sub(start); tr.After != want {
			t.Fatalf("got %v in dialing, want the whole outage, %v", tr.After, want)
		}
		d.wantAttempt(dials+1, "every failure counts")
		d.wantDeadline(d.now.Add(delay), "exactly the delay")
		d.sleep(delay - 1)
		d.wantDue(state.DueNothing, "a nanosecond early")
		d.sleep(1)
		d.wantDue(state.DueDial, "on time")
		dials++
		if got := d.m.Generation(); got != uint64(dials) {
			t.Fatalf("got generation %d, want %d", got, dials)
		}
		delay = min(2*delay, 30*time.Second)
	}
	// Seven delays lead up to the longest; the rest of the day is dials 30.15 s apart.
	if dials < 2860 || dials > 2880 {
		t.Errorf("got %d dials in a day", dials)
	}
	d.connect()
	d.sleep(stableAfter)
	d.wantDue(state.DueStable, "the day is forgotten")
	d.step(state.Event{Kind: state.Lost})
	d.wantAttempt(1, "the day is forgotten")
}
