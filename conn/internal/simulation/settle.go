package simulation

import (
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// settle ends all faults, lets everything come to rest, and compares the client
// with the truth: first on the connection that there is, then on another one.
func (w *world) settle() {
	w.checkDrain()
	if w.broken != nil || w.closed() {
		return
	}
	w.tell("--- no more faults")
	w.heal()
	w.rest(time.Hour)
	w.checkDrain()
	w.checkRest()
	w.noteUntold()
	w.compare(false)
	w.tell("--- another connection")
	w.actReconnect(nil)
	w.rest(time.Hour)
	w.checkRest()
	w.compare(true)
	w.tell("--- the program closes everything")
	for w.broken == nil && len(w.listeners) > 0 {
		w.close(w.listeners[0])
	}
	w.rest(time.Hour)
	w.compare(true)
	w.step(core.Close{})
}

// heal makes everybody behave.
func (w *world) heal() {
	w.calm = true
	w.setup.Prompt, w.setup.Lag, w.setup.Eager = true, false, true
	for _, g := range w.gateways {
		if !g.up {
			g.start()
		}
		g.frozen = false
	}
	for _, t := range w.things {
		t.denied, t.secret = false, false
		if t.now == nil {
			w.create(t, t.number)
		}
		w.restart(t, t.now) // so that no gateway has missed anything
		w.reaccess(t)
	}
}

// rest lets time pass and everybody do what they have to do.
func (w *world) rest(d time.Duration) {
	for end := w.now.Add(d); w.broken == nil && !w.closed(); {
		for w.stir() {
		}
		due := earlier(w.core.Deadline(), w.shellDue())
		for _, g := range w.gateways {
			due = earlier(due, g.due())
		}
		if due.IsZero() || due.After(end) {
			w.now = end
			return
		}
		w.pass(max(0, due.Sub(w.now)))
	}
}

// stir does everything that can be done now, and reports whether there was anything.
func (w *world) stir() bool {
	if w.broken != nil || w.closed() {
		return false
	}
	w.follow()
	next := core.Delay{Wait: time.Second}
	for _, g := range w.gateways {
		if !g.up { // it has crashed
			g.start()
			return true
		}
		if open := g.unserved(); len(open) > 0 {
			g.serve(open[0], w.judge(open[0]))
			return true
		}
	}
	switch {
	case w.conn != nil && len(w.conn.outbox) > 0:
		w.deliver(len(w.conn.outbox))
	case w.dial != nil:
		w.tryDial(next)
	case w.hook != 0:
		w.answerHook(nil)
	case len(w.asks) > 0:
		w.answerAsk(next)
	case w.resets > 0:
		w.answerReset()
	default:
		return false
	}
	return true
}

// checkRest checks that nobody waits any more.
func (w *world) checkRest() {
	if w.broken != nil || w.closed() {
		return
	}
	if w.core.State() != state.Connected {
		w.fail("not connected in the end", "%v", w.core.State())
	}
	for _, r := range w.asked {
		w.fail("a request that never ends", "%T of %v", r.in, r.name)
	}
}

// noteUntold notes what has slipped away since the gateway's last message.
func (w *world) noteUntold() {
	if w.conn == nil {
		return
	}
	for i := range w.conn.pending {
		if e := &w.conn.pending[i]; e.kind == slippedAway {
			w.conn.believe(e)
		}
	}
}

// compare compares the client with the truth. On the connection that there is, what
// the gateway itself has wrong cannot be had right.
func (w *world) compare(altogether bool) {
	if w.broken != nil || w.closed() {
		return
	}
	c := w.conn
	for n := range name(names) {
		k, truth := w.core.Inspect(rids[n]), w.things[spellings[n].thing].now
		e, direct := c.entries[n], 0
		if e != nil {
			direct = max(0, e.direct) // below 0 is a mistake of the gateway's
		}
		wanted := 0
		if k.Wanted {
			wanted = 1
		}
		stuck := !altogether && (c.reasons&muddled != 0 || c.hung || c.lostTrack(n) || e != nil && (e.code != "" || e.dead) && !w.looksFor(n, e))
		switch {
		case direct > 1 && k.Wanted && k.Uncertain: // what is too much is given back when it is released
		case direct != wanted && !(stuck && direct == 0) && (altogether || !c.hung):
			w.fail("the gateway counts what nobody wants, or not what is wanted", "%v: %d, wanted %v", n, direct, k.Wanted)
		case k.Wanted && !k.Live && !stuck:
			w.fail("stale in the end", "%v", n)
		case k.Live && !stuck && !truth.shows(k.Content):
			w.fail("not the truth in the end", "%v: %v, not %v", n, k.Content, truth)
		}
	}
	if altogether && !w.core.InSync() {
		w.fail("not in sync in the end", "%+v", w.core.Stats())
	}
	for _, l := range w.listeners {
		if !l.upToDate() {
			w.fail("events that nobody can read", "%v", l)
		}
	}
}

// looksFor reports whether the client looks for what is stuck at the gateway, as e. It
// cannot know of it when nothing that it has refers to that, and only the gateway still
// holds what does, by mistake: then the gateway goes on to answer a subscribe with an old
// error. Nor does it look again for what was too large to be read when it did.
func (w *world) looksFor(n name, e *entry) bool {
	c := w.conn
	leaked := e.direct <= 0 && c.reasons&heldByMistake != 0 && !c.reachedNow()[n]
	return w.setup.Probe > 0 && !strings.Contains(rids[n], "?") && c.entries[n+1] == nil && !c.refused[n+1] && !w.tooLarge[n+1] && !leaked
}
