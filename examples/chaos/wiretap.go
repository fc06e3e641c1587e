package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/wire"
)

// wiretap remembers which numbers the gateway has sent lately, by the raw frames. What it has
// sent, a subscription must have been given: nothing that services or NATS do is an excuse.
type wiretap struct {
	tally *tally

	mu         sync.Mutex
	generation uint64           // of the connection: earlier ones do not count
	sent       map[string][]int // the latest numbers of each resource's events of a name
	gaps       map[string]gap   // that a ledger has found, whose frames may not have been seen yet
}

// gap is what is missing between two numbers.
type gap struct{ after, before int }

func (g gap) has(n int) bool { return g.after < n && n < g.before }

// tapLength is how many numbers of a resource are remembered.
const tapLength = 64

func newWiretap(t *tally) *wiretap {
	return &wiretap{tally: t, sent: make(map[string][]int), gaps: make(map[string]gap)}
}

// frame is the hook for raw frames.
func (w *wiretap) frame(f conn.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Generation != w.generation {
		w.generation = f.Generation
		clear(w.sent)
		clear(w.gaps)
	}
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
		w.tally.lose(1, "%s: the gateway has sent %d", ev.RID, n)
	}
	numbers := append(w.sent[key], n)
	w.sent[key] = numbers[max(0, len(numbers)-tapLength):]
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
