package main

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// world is a fleet of clients and the zones of gateways they connect to, on
// simulated time.
type world struct {
	scenario
	now     time.Time
	fault   time.Time // when something goes wrong
	pending events
	order   uint64 // of the newest event, so that those of one moment keep their order
	rand    *rand.Rand
	zones   []*zone
	clients []*client
	figures figures
}

type event struct {
	at    time.Time
	order uint64
	do    func()
}

// events is a heap: the earliest first.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for container/heap.
func (e *events) Push(x any) { *e = append(*e, x.(event)) }

// Pop is for container/heap.
func (e *events) Pop() any {
	last := len(*e) - 1
	ev := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return ev
}

// begin is when simulated time begins. What goes wrong goes wrong when every client
// has been Connected for long enough to begin again with the shortest delay.
var begin = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// startUp is the time in which the clients start, one after the other.
const startUp = time.Minute

func newWorld(s scenario) *world {
	w := &world{scenario: s, now: begin, rand: rand.New(rand.NewPCG(s.seed, 1))}
	w.fault = begin.Add(startUp + 2*stableAfter)
	w.figures.periods = make([]period, s.length/s.step)
	for range s.zones {
		w.zones = append(w.zones, newZone(w))
	}
	for i := range s.clients {
		c := newClient(w, uint64(i))
		w.clients = append(w.clients, c)
		w.after(w.upTo(startUp), c.start)
	}
	w.at(w.fault, func() { s.strike(w) })
	for i := range w.figures.periods {
		w.at(w.fault.Add(time.Duration(i+1)*s.step-1), func() { w.sample(&w.figures.periods[i]) })
	}
	return w
}

// run plays a scenario and returns what it came to.
func run(s scenario) *figures {
	w := newWorld(s)
	for end := w.fault.Add(s.length); len(w.pending) > 0 && w.pending[0].at.Before(end); {
		ev := heap.Pop(&w.pending).(event)
		w.now = ev.at
		ev.do()
	}
	return &w.figures
}

func (w *world) at(t time.Time, do func()) {
	w.order++
	heap.Push(&w.pending, event{at: t, order: w.order, do: do})
}

func (w *world) after(d time.Duration, do func()) { w.at(w.now.Add(d), do) }

// upTo returns any time up to d.
func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.rand.Int64N(int64(d))) }

// latency is how long a packet takes.
func (w *world) latency() time.Duration { return time.Millisecond + w.upTo(time.Millisecond) }
