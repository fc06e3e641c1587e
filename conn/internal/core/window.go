package core

import (
	"time"

	"github.com/resclient/resclient-go/internal/fifo"
)

// window limits how many subscribe and get requests are out at a time, so that a
// replay does not bury the gateway. A request that is not answered within the
// slot time gives up its place: a service that does not answer must not hold up
// the others. There is a limit to that too.
type window struct {
	limit    int // at present, from least to most
	least    int
	most     int
	fastest  time.Duration // a request was answered on this connection; 0 for none
	slot     time.Duration
	interval time.Duration       // on average, between two requests; 0 for no rate
	next     time.Time           // nothing is sent before
	queue    []*line             // waiting for a place
	turn     string              // comes next, before the queue: the resource of a replay that is not all sent; or ""
	slots    fifo.List[*request] // having a place, or nil where it was left; in the order sent
	shifted  int                 // how many were before slots
	used     int                 // places taken
	out      int                 // requests out, with a place or without
}

func newWindow(cfg Config) window {
	return window{limit: cfg.ReplayWindow, least: cfg.ReplayWindow, most: max(cfg.ReplayWindow, cfg.MaxReplayWindow), slot: cfg.ReplaySlot}
}

// rateSlack is for how long a rate makes up for what was not sent: by so much a
// request may come early, or the owner late.
const rateSlack = 100 * time.Millisecond

// rated returns a window that sends so many requests a second, any number for 0.
func (w window) rated(perSecond int) window {
	if perSecond > 0 {
		w.interval = time.Second / time.Duration(perSecond)
	}
	return w
}

// holdUntil has nothing sent before then.
func (w *window) holdUntil(then time.Time) { w.next = maxTime(w.next, then) }

// slotsPerPlace limits the requests out to so many times the window.
const slotsPerPlace = 10

func (w *window) free() bool { return w.used < w.limit && w.out < slotsPerPlace*w.limit }

func (w *window) enter(q *request) {
	w.next = maxTime(w.next, q.sent.Add(-rateSlack)).Add(w.interval)
	q.window, q.slot = w, w.shifted+w.slots.Len()
	w.slots.Push(q)
	w.used++
	w.out++
}

// leave takes back the place of a request that was answered or has timed out.
func (w *window) leave(q *request) {
	if q.window != w {
		return
	}
	q.window = nil
	w.out--
	if i := q.slot - w.shifted; i >= 0 { // or it has given up its place
		w.slots.Items()[i] = nil
		w.used--
	}
	w.trim()
}

// patience is what an answer may take longer than the fastest, twice over, before the
// gateway is taken to be busy.
const patience = 10 * time.Millisecond

// answered takes back the place of a request that was answered, and adapts the limit. As
// long as answers take about as long as the way takes, requests do not pile up at the
// gateway, and there may be more. When they take much longer, it has enough to do.
func (w *window) answered(q *request, now time.Time) {
	w.leave(q)
	took := now.Sub(q.sent)
	if w.fastest == 0 || took < w.fastest {
		w.fastest = took
	}
	switch prompt := 2*w.fastest + patience; {
	case took <= prompt:
		w.limit = min(w.limit+1, w.most)
	case took > 2*prompt:
		w.limit = max(w.limit-1, w.least)
	}
}

// trim drops the places at the head that were left.
func (w *window) trim() {
	for w.slots.Len() > 0 && w.slots.Items()[0] == nil {
		w.shift()
	}
}

func (w *window) shift() {
	w.slots.Shift()
	w.shifted++
}

func (w *window) deadline() time.Time {
	switch {
	case len(w.queue) == 0 && w.turn == "":
		return time.Time{}
	case w.free():
		return w.next
	case w.slots.Len() == 0:
		return time.Time{}
	}
	return w.slots.Items()[0].sent.Add(w.slot)
}

// expire frees the places of requests that have held them for too long.
func (w *window) expire(now time.Time) {
	for w.slots.Len() > 0 && !now.Before(w.slots.Items()[0].sent.Add(w.slot)) {
		w.shift()
		w.used--
		w.trim()
	}
}

func (w *window) clear() {
	for _, l := range w.queue {
		l.queued = false
	}
	*w = window{limit: w.least, least: w.least, most: w.most, slot: w.slot, interval: w.interval, next: w.next}
}

// sentAtOnce is how many requests of a window are sent in one step. More follow at once, but
// the gateway has something to answer meanwhile.
const sentAtOnce = 256

// pump sends what waits as far as there are places.
func (c *Core) pump(w *window) {
	for n := 0; n < sentAtOnce && w.free() && !c.now.Before(w.next); n++ {
		switch {
		case w.turn != "":
			c.replayNext()
		case len(w.queue) > 0:
			w.take().sendNext(c, w)
		default:
			return
		}
	}
}

// take returns the line that has waited the longest.
func (w *window) take() *line {
	l := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	l.queued = false
	return l
}
