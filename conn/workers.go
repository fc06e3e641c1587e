package conn

import (
	"fmt"
	"sync"

	"github.com/resclient/resclient-go/subs"
)

// workers run the handlers of subscriptions, in goroutines that exist only while
// there are events. One goroutine serves many subscriptions, one after the other,
// for as long as their handlers return; but before it calls one while others wait, it
// has another goroutine stand by, which takes those over if the handler blocks. If it
// does not, the other one finds little to do: a goroutine is begun for many
// events, and not for each.
type workers struct {
	spawn func(func())

	mu      sync.Mutex
	ready   []*Subscription // whose handlers are to run, each once
	head    int             // ready[:head] have been taken
	standby bool            // a goroutine was begun that has not taken anything yet
}

// add has the handlers of subscriptions run.
func (w *workers) add(ready ...*Subscription) {
	if len(ready) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.head > len(w.ready)/2 { // so that what was taken does not pile up
		w.ready, w.head = append([]*Subscription(nil), w.ready[w.head:]...), 0
	}
	w.ready = append(w.ready, ready...)
	w.standBy()
}

// standBy sees to it that another goroutine is there for what waits.
func (w *workers) standBy() {
	if !w.standby && w.head < len(w.ready) {
		w.standby = true
		w.spawn(w.run)
	}
}

// run runs handlers until none waits.
func (w *workers) run() {
	for first := true; ; first = false {
		s := w.take(first)
		if s == nil {
			return
		}
		s.deliver()
	}
}

// take returns the next subscription, nil for none. Whoever stood by does no longer.
func (w *workers) take(stoodBy bool) *Subscription {
	w.mu.Lock()
	defer w.mu.Unlock()
	if stoodBy {
		w.standby = false
	}
	if w.head == len(w.ready) {
		return nil
	}
	s := w.ready[w.head]
	w.ready[w.head] = nil
	w.head++
	if w.head == len(w.ready) {
		w.ready, w.head = w.ready[:0], 0
	}
	w.standBy()
	return s
}

// deliver calls the handler until there is nothing to read. A handler may end its
// goroutine with runtime.Goexit, as FailNow of a test does; another one goes on.
func (s *Subscription) deliver() {
	done := false
	defer func() {
		if !done {
			s.client.workers.add(s)
		}
	}()
	for {
		ev, ok := s.pop()
		if !ok {
			done = true
			return
		}
		s.callHandler(ev)
	}
}

// callHandler runs the handler. A panic in it ends the program, and says which
// subscription it was in: the stack does not.
func (s *Subscription) callHandler(ev subs.Event) {
	defer func() {
		if cause := recover(); cause != nil {
			panic(fmt.Sprintf("conn: handler of %q: %v", ev.RID(), cause))
		}
	}()
	s.handler(ev)
}
