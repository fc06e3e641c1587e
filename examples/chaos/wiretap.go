package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/wire"
)

// wiretap remembers which numbers the gateway has sent lately, by the raw frames. What it has
// sent, a subscription must have been given: nothing that services or NATS do is an excuse.
//
// It also keeps the frames themselves for a while: they are the evidence of a finding.
type wiretap struct {
	tally *tally
	since func() time.Duration // the start

	waiting sync.Mutex
	frames  []tapped // to be looked at: the hook must not be slow, or frames are dropped
	busy    bool     // a goroutine does
	idle    *sync.Cond

	mu         sync.Mutex
	history    *history
	generation uint64           // of the connection: earlier ones do not count
	sent       map[string][]int // the latest numbers of each resource's events of a name
	gaps       map[string]gap   // that a ledger has found, whose frames may not have been seen yet
}

// tapped is a frame, and when it was seen.
type tapped struct {
	conn.Frame
	at time.Duration
}

// gap is what is missing between two numbers.
type gap struct{ after, before int }

func (g gap) has(n int) bool { return g.after < n && n < g.before }

// tapLength is how many numbers of a resource are remembered.
const tapLength = 64

func newWiretap(t *tally, since func() time.Duration) *wiretap {
	w := &wiretap{tally: t, since: since, history: newHistory(), sent: make(map[string][]int), gaps: make(map[string]gap)}
	w.idle = sync.NewCond(&w.waiting)
	return w
}

// hook is the hook for raw frames.
func (w *wiretap) hook(f conn.Frame) {
	w.waiting.Lock()
	defer w.waiting.Unlock()
	w.frames = append(w.frames, tapped{f, w.since()})
	if !w.busy {
		w.busy = true
		go w.work()
	}
}

// work looks at the frames that wait.
func (w *wiretap) work() {
	for {
		w.waiting.Lock()
		frames := w.frames
		w.frames = nil
		if w.busy = len(frames) > 0; !w.busy {
			w.idle.Broadcast()
			w.waiting.Unlock()
			return
		}
		w.waiting.Unlock()
		for _, f := range frames {
			w.look(f)
		}
	}
}

// wait returns when all frames so far were looked at.
func (w *wiretap) wait() {
	w.waiting.Lock()
	defer w.waiting.Unlock()
	for w.busy {
		w.idle.Wait()
	}
}

func (w *wiretap) look(f tapped) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Generation != w.generation {
		w.generation = f.Generation
		clear(w.sent)
		clear(w.gaps)
	}
	w.history.add(f.head(), f.Data)
	if f.Sent {
		return
	}
	m, err := wire.Parse(f.Data)
	if err != nil {
		return // it was garbled; the client has noticed, or copies will differ
	}
	ev, is := m.(*wire.Event)
	if !is {
		return
	}
	n, numbered := numberOf(ev)
	if !numbered {
		return
	}
	key := numbering(ev.RID, ev.Name) // a copy, which does not keep the whole frame alive
	if w.gaps[key].has(n) {
		w.tally.lose(1, w.open(ev.RID), "%s: the gateway has sent %d", ev.RID, n)
	}
	numbers := append(w.sent[key], n)
	w.sent[key] = numbers[max(0, len(numbers)-tapLength):]
}

// head begins a line of the history.
func (f tapped) head() string {
	way := "received"
	if f.Sent {
		way = "sent"
	}
	return fmt.Sprintf("%.3f s, connection %d, %s%s", f.at.Seconds(), f.Generation, way, headEnd)
}

// evidence is what the frames have said about a resource, and what they say in the time to come.
// The result may be called at any time.
func (w *wiretap) evidence(rid string) func() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open(rid)
}

// open needs the lock.
func (w *wiretap) open(rid string) func() []string {
	e := w.history.open(rid, fmt.Sprintf("%.3f s: found here", w.since().Seconds()))
	return func() []string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return e.clone()
	}
}

// numbering names what is numbered: the changes of a model, the entries of a log, the ticks of a root.
func numbering(rid, event string) string { return rid + " " + event }

// numberOf returns the number that a service gave an event.
func numberOf(ev *wire.Event) (int, bool) {
	var data struct {
		Values struct{ Seq *int }
		Value  json.RawMessage
		N      *int
	}
	if err := json.Unmarshal(ev.Data, &data); err != nil {
		return 0, false
	}
	switch {
	case data.Values.Seq != nil:
		return *data.Values.Seq, true
	case data.N != nil:
		return *data.N, true
	}
	n, err := strconv.Atoi(string(data.Value))
	return n, err == nil
}

// sentAny reports whether the gateway has sent anything of a gap. If it turns out to have
// done so later, that is a lost event, too.
func (w *wiretap) sentAny(rid, event string, g gap) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := numbering(rid, event)
	w.gaps[key] = g
	return slices.ContainsFunc(w.sent[key], g.has)
}
