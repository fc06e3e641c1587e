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
	begin func() // begins a goroutine with run

	mu      sync.Mutex
	ready   turns // of each subscription one at the most
	standby bool  // a goroutine was begun that has not taken anything yet
}

// beginner returns a function that begins a goroutine of a group with run. Events may come
// one by one, each with a goroutine, so nothing is allocated then.
func (w *workers) beginner(group *sync.WaitGroup) func() {
	run := func() {
		defer group.Done()
		w.run()
	}
	return func() {
		group.Add(1)
		go run()
	}
}

// turn is to run the handler of a subscription: with an event if there is one, and then
// with what waits in its inbox.
type turn struct {
	*Subscription
	first subs.Event
}

// add has handlers run.
func (w *workers) add(ready ...turn) {
	if len(ready) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range ready {
		w.ready.push(t)
	}
	w.standBy()
}

// standBy sees to it that another goroutine is there for what waits.
func (w *workers) standBy() {
	if !w.standby && !w.ready.empty() {
		w.standby = true
		w.begin()
	}
}

// run runs handlers until none waits.
func (w *workers) run() {
	for first := true; ; first = false {
		t, ok := w.take(first)
		if !ok {
			return
		}
		t.deliver()
	}
}

// take returns the next turn, if there is one. Whoever stood by does no longer.
func (w *workers) take(stoodBy bool) (t turn, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if stoodBy {
		w.standby = false
	}
	if w.ready.empty() {
		return t, false
	}
	t = w.ready.pop()
	w.standBy()
	return t, true
}

// deliver calls the handler until there is nothing to read. A handler may end its
// goroutine with runtime.Goexit, as FailNow of a test does; another one goes on.
func (t turn) deliver() {
	done := false
	defer func() {
		if !done {
			t.client.workers.add(turn{Subscription: t.Subscription})
		}
	}()
	if t.first != nil && !t.closed.Load() {
		t.callHandler(t.first)
	}
	for {
		ev, ok := t.pop()
		if !ok {
			done = true
			return
		}
		t.callHandler(ev)
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
