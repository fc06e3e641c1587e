package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// feed is a deep subscription as the client keeps it, fed with a gateway's frames.
type feed struct {
	t      *testing.T
	reg    *subs.Registry
	handle *subs.Handle
	events []subs.Event // what has come
}

const start = `{"result":{"models":{
	"site.1":{"seq":3,"run":1,"halls":{"rid":"site.1.halls"}},
	"site.1.hall.0":{"seq":7,"run":1,"log":{"rid":"site.1.hall.0.log"}}},
	"collections":{"site.1.halls":["run 1",{"rid":"site.1.hall.0"}],"site.1.hall.0.log":["run 1",4,5]}},"id":1}`

func newFeed(t *testing.T) *feed {
	f := &feed{t: t, reg: subs.NewRegistry(), handle: &subs.Handle{Deep: true}}
	f.reg.Open(f.handle, "site.1")
	f.granted(start)
	return f
}

// granted is the answer to the subscribe request.
func (f *feed) granted(frame string) {
	f.t.Helper()
	m, err := wire.Parse([]byte(frame))
	if err != nil {
		f.t.Fatal(err)
	}
	set, err := m.(*wire.Response).Set()
	if err != nil {
		f.t.Fatal(err)
	}
	f.reg.Install(set)
	f.reg.Subscribed("site.1")
	f.take()
}

// event is an event of the gateway.
func (f *feed) event(rid, name, data string) {
	f.t.Helper()
	ev := &wire.Event{RID: rid, Name: name, Data: []byte(data)}
	var err error
	switch name {
	case "change":
		var change wire.Change
		if change, err = ev.Change(); err == nil {
			err = f.reg.Changed(rid, change)
		}
	case "add":
		var add wire.Add
		if add, err = ev.Add(); err == nil {
			err = f.reg.Added(rid, add)
		}
	case "remove":
		var remove wire.Remove
		if remove, err = ev.Remove(); err == nil {
			err = f.reg.Removed(rid, remove)
		}
	default:
		err = f.reg.Custom(rid, name, []byte(data))
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.take()
}

func (f *feed) take() {
	for _, d := range f.reg.TakeDeliveries() {
		f.events = append(f.events, d.Event)
	}
}

func (f *feed) seq(n int) {
	f.event("site.1.hall.0", "change", fmt.Sprintf(`{"values":{"seq":%d}}`, n))
}
func (f *feed) log(at, n int) {
	f.event("site.1.hall.0.log", "add", fmt.Sprintf(`{"idx":%d,"value":%d}`, at, n))
}
func (f *feed) tick(run, n int) { f.event("site.1", "tick", fmt.Sprintf(`{"run":%d,"n":%d}`, run, n)) }
func (f *feed) newRun(seq, r int) {
	f.event("site.1.hall.0", "change", fmt.Sprintf(`{"values":{"seq":%d,"run":%d}}`, seq, r))
}

// judged returns what a ledger finds in events.
func judged(events []subs.Event) *tally {
	t := new(tally)
	l := newLedger("site.1", true, t)
	for _, ev := range events {
		l.take(ev)
	}
	return t
}

// expect compares counts of lost, duplicate, out of order and misfit events.
func (t *tally) expect(tt *testing.T, lost, duplicates, disorders, misfits int64) {
	tt.Helper()
	is := [...]int64{t.lost.Load(), t.duplicates.Load(), t.disorders.Load(), t.misfits.Load()}
	if must := [...]int64{lost, duplicates, disorders, misfits}; is != must {
		tt.Errorf("lost, duplicate, out of order and misfit are %v, and must be %v; found: %s", is, must, strings.Join(t.found(), "\n"))
	}
}

func TestAGoodHistoryHasNoFindings(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.log(3, 6)
	f.event("site.1.hall.0.log", "remove", `{"idx":1}`)
	f.tick(1, 20)
	f.seq(9)
	f.tick(1, 21)
	judged(f.events).expect(t, 0, 0, 0, 0)
}

func TestWhatTheGatewayNeverSentIsLost(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.seq(11)   // 9 and 10
	f.log(3, 8) // 6 and 7
	f.tick(1, 20)
	f.tick(1, 22) // 21
	judged(f.events).expect(t, 5, 0, 0, 0)
}

func TestWhatAGatewaySendsTwiceIsFound(t *testing.T) {
	f := newFeed(t)
	f.log(3, 6)
	f.log(4, 6)
	f.tick(1, 20)
	f.tick(1, 20)
	judged(f.events).expect(t, 0, 2, 0, 0)
}

func TestWhatAGatewaySendsOutOfOrderIsFound(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.seq(6)
	f.tick(1, 20)
	f.tick(1, 19)
	judged(f.events).expect(t, 0, 0, 2, 0)
}

func TestAGapWithANewRunIsNotTheClients(t *testing.T) {
	f := newFeed(t)
	f.newRun(12, 2) // 8 to 11
	f.tick(1, 20)
	f.tick(2, 23) // 21 and 22
	f.event("site.1.hall.0.log", "remove", `{"idx":0}`)
	f.event("site.1.hall.0.log", "add", `{"idx":0,"value":"run 2"}`)
	f.log(3, 9) // 6 to 8
	f.log(4, 10)
	tally := judged(f.events)
	tally.expect(t, 0, 0, 0, 0)
	if skipped := tally.skipped.Load(); skipped != 4+2+3 {
		t.Errorf("%d are skipped, and not 9", skipped)
	}
}

func TestThereIsNoExcuseWithinARun(t *testing.T) {
	f := newFeed(t)
	f.newRun(12, 2)
	f.seq(14)
	judged(f.events).expect(t, 1, 0, 0, 0)
}

// changesOf returns where in a history the changes of the hall's seq are.
func changesOf(events []subs.Event) (at []int) {
	for i, ev := range events {
		if c, is := ev.(*subs.Change); is && c.RID() == "site.1.hall.0" {
			at = append(at, i)
		}
	}
	return at
}

func TestAnEventThatTheClientLosesIsLost(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.seq(9)
	f.seq(10)
	at := changesOf(f.events)
	judged(slices.Delete(f.events, at[1], at[1]+1)).expect(t, 1, 0, 0, 0)
}

func TestAnEventThatTheClientDeliversTwiceIsADuplicate(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.seq(9)
	at := changesOf(f.events)
	judged(slices.Insert(f.events, at[1], f.events[at[0]])).expect(t, 0, 1, 0, 0)
}

func TestEventsThatTheClientSwapsAreFound(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	f.seq(9)
	f.seq(10)
	at := changesOf(f.events)
	f.events[at[1]], f.events[at[2]] = f.events[at[2]], f.events[at[1]]
	tally := judged(f.events)
	if tally.lost.Load() == 0 || tally.duplicates.Load()+tally.disorders.Load() == 0 {
		t.Errorf("found %v", tally.found())
	}
}

func TestAnItemThatWasNotThereIsAMisfit(t *testing.T) {
	f := newFeed(t)
	f.log(3, 6)
	f.event("site.1.hall.0.log", "remove", `{"idx":3}`)
	judged(slices.DeleteFunc(f.events, func(ev subs.Event) bool { _, is := ev.(*subs.Add); return is })).expect(t, 0, 0, 0, 1)
}

func TestAnEventOfAStaleResourceIsAMisfit(t *testing.T) {
	f := newFeed(t)
	f.seq(8)
	late := f.events[len(f.events)-1]
	f.reg.Disconnected(nil)
	f.take()
	judged(append(f.events, late)).expect(t, 0, 1, 0, 1) // it is also the same again
}

func TestAReconnectMayMakeAnyDifference(t *testing.T) {
	f := newFeed(t)
	f.reg.Disconnected(nil)
	f.take()
	f.granted(strings.Replace(start, `"seq":7`, `"seq":99`, 1))
	f.seq(100)
	judged(f.events).expect(t, 0, 0, 0, 0)
}

func TestALedgerComparesWithTheTruth(t *testing.T) {
	truth := map[string]content{
		"site.1":            modelOf(map[string]any{"seq": 3, "run": 1, "halls": ref("site.1.halls")}),
		"site.1.halls":      collectionOf([]any{"run 1", ref("site.1.hall.0")}),
		"site.1.hall.0":     modelOf(map[string]any{"seq": 8, "run": 1, "log": ref("site.1.hall.0.log")}),
		"site.1.hall.0.log": collectionOf([]any{"run 1", 4, 5}),
	}
	f := newFeed(t)
	compare := func() string {
		l := newLedger("site.1", true, new(tally))
		for _, ev := range f.events {
			l.take(ev)
		}
		return fmt.Sprint(l.compare(truth))
	}
	if wrong := compare(); !strings.Contains(wrong, "site.1.hall.0 is {") || strings.Count(wrong, "must be") != 1 {
		t.Errorf("before the hall has changed it finds %s", wrong)
	}
	f.seq(8)
	if wrong := compare(); wrong != "[]" {
		t.Errorf("with all as it must be it finds %s", wrong)
	}
	truth["site.1.halls"] = collectionOf([]any{"run 1"})
	if wrong := compare(); !strings.Contains(wrong, "site.1.hall.0 is reached no more") {
		t.Errorf("with a hall too many it finds %s", wrong)
	}
	truth["site.1.halls"] = collectionOf([]any{"run 1", ref("site.1.hall.0"), ref("site.1.hall.1")})
	if wrong := compare(); !strings.Contains(wrong, "site.1.hall.1 has not come") {
		t.Errorf("with a hall missing it finds %s", wrong)
	}
	f.reg.Disconnected(nil)
	f.take()
	if wrong := compare(); !strings.Contains(wrong, "stale true") {
		t.Errorf("without a connection it finds %s", wrong)
	}
}

func stopped() time.Duration { return time.Second }

func TestWhatTheGatewayHasSentIsNoExcuse(t *testing.T) {
	frame := func(tap *wiretap, generation uint64, seq int) {
		tap.hook(conn.Frame{Generation: generation, Data: fmt.Appendf(nil, `{"event":"site.1.hall.0.change","data":{"values":{"seq":%d}}}`, seq)})
	}
	for what, c := range map[string]struct {
		frames func(*wiretap)
		lost   bool
	}{
		"nothing of it":              {func(tap *wiretap) { frame(tap, 1, 8); frame(tap, 1, 12) }, false},
		"one of it":                  {func(tap *wiretap) { frame(tap, 1, 8); frame(tap, 1, 9); frame(tap, 1, 12) }, true},
		"one on a connection before": {func(tap *wiretap) { frame(tap, 1, 9); frame(tap, 2, 12) }, false},
	} {
		tap := newWiretap(new(tally), stopped)
		c.frames(tap)
		tap.wait()
		f := newFeed(t)
		f.seq(8)
		f.newRun(12, 2) // 9 to 11
		l := newLedger("site.1", true, tap.tally)
		l.wire = tap
		for _, ev := range f.events {
			l.take(ev)
		}
		if lost := l.tally.lost.Load() > 0; lost != c.lost {
			t.Errorf("when %s was sent, it is lost: %v", what, lost)
		}
	}
	late := newWiretap(new(tally), stopped)
	late.sentAny("site.1.hall.0", "change", gap{8, 12})
	frame(late, 0, 10)
	late.wait()
	if late.tally.lost.Load() != 1 {
		t.Error("an event that is seen on the wire after its loss was judged is not lost")
	}
}

func TestAFindingShowsTheFramesAboutIt(t *testing.T) {
	tap := newWiretap(new(tally), stopped)
	say := func(sent bool, data string) { tap.hook(conn.Frame{Generation: 3, Sent: sent, Data: []byte(data)}) }
	say(true, `{"id":7,"method":"subscribe.site.1"}`)
	say(false, `{"event":"site.1.machine.54.change","data":{"values":{"seq":2}}}`)
	say(false, `{"event":"site.1.machine.547.change","data":{"values":{"seq":2}}}`)
	tap.wait()
	tap.tally.lose(1, tap.evidence("site.1.machine.54"), "something")
	say(false, `{"event":"site.1.machine.54.change","data":{"values":{"seq":4}}}`)
	say(false, "{\"event\":\"site.1.machine.54.change\",\"\x00ata\"")
	tap.wait()
	found := strings.Join(tap.tally.found(), "\n")
	for _, want := range []string{"lost: something", `1.000 s, connection 3, received: …{"event":"site.1.machine.54.change","data":{"values":{"seq":2}}}`, "found here", `"seq":4`, `"\x00ata"`} {
		if !strings.Contains(found, want) {
			t.Errorf("the finding has no %s:\n%s", want, found)
		}
	}
	for _, not := range []string{"547", "subscribe"} {
		if strings.Contains(found, not) {
			t.Errorf("the finding has %s, which is about something else:\n%s", not, found)
		}
	}
}

func TestAHistoryIsBounded(t *testing.T) {
	h := newHistory()
	huge := []byte(strings.Repeat("x", historyRoom))
	for range 100 {
		h.add("huge: ", huge)
		h.add("small: ", []byte("site.1"))
	}
	if room := cap(h.lines) + cap(h.before); room > historyRoom {
		t.Errorf("it takes %d bytes", room)
	}
	for range 2 * evidenceBefore {
		h.add("small: ", []byte("site.1"))
	}
	e := h.open("site.1", "found")
	for range 2 * evidenceAfter {
		h.add("small: ", []byte("site.1"))
	}
	if n := len(e.lines); n != evidenceBefore+1+evidenceAfter {
		t.Errorf("the evidence has %d lines", n)
	}
}
