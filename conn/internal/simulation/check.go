package simulation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Failure is something that must not be.
type Failure struct {
	What   string // in a few words, always the same ones
	Detail string
}

// Error says what it was.
func (f *Failure) Error() string { return f.What + ": " + f.Detail }

func (w *world) fail(what, format string, args ...any) {
	if w.broken == nil {
		w.broken = &Failure{What: what, Detail: fmt.Sprintf(format, args...)}
		w.tell("--- %v", w.broken)
	}
}

// checkTransition checks that a transition is one of the table, and has a reason.
func (w *world) checkTransition(t *state.Transition) {
	w.tell("%v -> %v: %v (%v)", t.From, t.To, t.Event, t.Cause)
	if t.From != w.state {
		w.fail("a transition from another state", "%v -> %v, in %v", t.From, t.To, w.state)
	}
	w.state = t.To
	allowed := false
	switch t.Event {
	case state.Started:
		allowed = t.To == state.Dialing
	case state.DialFailed:
		allowed = t.From == state.Dialing && t.To == state.Dialing
	case state.Opened:
		allowed = t.From == state.Dialing && t.To == state.Resubscribing && w.conn != nil
		w.noteReplay()
	case state.Replayed:
		allowed = t.From == state.Resubscribing && t.To == state.Connected
		w.checkReplayed()
	case state.Lost:
		allowed = (t.From == state.Resubscribing || t.From == state.Connected) && t.To == state.Dialing
	case state.GaveUp, state.CloseRequested:
		allowed = t.To == state.Closed
	}
	if !allowed {
		w.fail("a transition that is not in the table", "%v -> %v: %v", t.From, t.To, t.Event)
	}
	if t.Delay < 0 || t.Delay > maxDelay {
		w.fail("a delay out of bounds", "%v", t.Delay)
	}
	if errors.Is(t.Cause, subs.ErrInconsistent) && w.conn != nil && w.conn.reasons == 0 && !w.mayHaveFound() {
		w.fail("a planned reconnect without a reason", "%v", t.Cause)
	}
}

// mayHaveFound reports whether the client may have found what is stuck in its own copy,
// because the program uses the other name of it.
func (w *world) mayHaveFound() bool {
	return w.setup.Probe > 0 && w.conn.copies[nameOf("m0?")] != nil
}

// noteReplay notes what the replay consists of. What is dead already, because a call of the
// authenticate hook has brought it before, is not asked for in it.
func (w *world) noteReplay() {
	reached := w.conn.reachedNow()
	for n := range name(names) {
		known := w.core.Inspect(rids[n])
		ended := w.conn.endedAt[n] != 0 // and waits for its next try
		dead := w.conn.dead[n] && reached[n]
		w.conn.toReplay[n] = w.hasSynced(n) && known.Direct == 0 && !ended && !dead
	}
}

// checkReplayed checks that the replay was answered, or has timed out.
func (w *world) checkReplayed() {
	for _, o := range w.out {
		if o.replay && !o.timedOut {
			w.fail("connected before the replay was answered", "%v %v", o.Type, o.name)
		}
	}
}

// checkRequest checks that a request may be sent.
func (w *world) checkRequest(q wire.Request, n name) {
	if q.Type == wire.TypeVersion {
		return
	}
	for i := range w.out {
		o := &w.out[i]
		if o.name == n && !o.timedOut && usesLine(o.Request) && usesLine(q) && w.now.Before(o.sent.Add(requestTimeout)) {
			w.fail("two requests of a line are out", "%v and %v %v", o.Type, q.Type, n)
		}
	}
	c := w.conn
	switch q.Type {
	case wire.TypeUnsubscribe:
		known := w.core.Inspect(rids[n])
		if known.Uncertain || !c.certain(n) {
			break
		}
		if q.Count > c.most[n] {
			w.fail("more is released than there is", "%d of %d of %v", q.Count, c.direct[n], n)
		}
		// Of several messages, the last may have ended what one before had made too many.
		if known.Wanted && known.Direct > 0 && q.Count >= known.Direct && w.messages <= 1 {
			w.fail("what is wanted is released", "%d of %d of %v", q.Count, known.Direct, n)
		}
	case wire.TypeSubscribe, wire.TypeGet:
		if c.dead[n] && c.reached(w.takenIn())[n] && w.core.ResyncAt().IsZero() && c.reasons&unanswered == 0 {
			w.fail("what is dead is asked for", "%v %v", q.Type, n)
		}
	}
}

// takenIn returns what holds something, as far as the client has to see it. It does not
// take in what it is granted by an answer that has crossed a delete event, for that may be
// dead, and then it cannot know what that still holds. It is to give it back, but a
// request without an answer may keep it from doing so for a while. If it asks for
// something that is dead meanwhile, it is answered with nothing or with the first copy, and
// knows that neither can be right.
func (w *world) takenIn() [names]bool {
	roots := w.conn.alive()
	for n := range name(names) {
		if known := w.core.Inspect(rids[n]); known.Uncertain && known.Direct == 0 {
			roots[n] = false
		}
	}
	return roots
}

// certain reports whether the frames alone tell the number of direct subscriptions.
func (b *belief) certain(n name) bool { return !b.unsure[n] && !b.lost[n] }

func (b *belief) reachedNow() [names]bool { return b.reached(b.alive()) }

// alive returns what has direct subscriptions and is not dead.
func (b *belief) alive() (roots [names]bool) {
	for n, direct := range b.direct {
		roots[n] = direct > 0 && !b.dead[n]
	}
	return roots
}

// checkStep checks everything that must hold after every step.
func (w *world) checkStep(before state.State) {
	if before == state.Closed && w.core.State() != state.Closed {
		w.fail("closed is not the end", "%v", w.core.State())
	}
	if w.core.State() != w.state {
		w.fail("a change of state without a transition", "%v, reported %v", w.core.State(), w.state)
	}
	if d := w.core.Deadline(); !d.IsZero() && d.Before(w.now) {
		w.fail("a deadline in the past", "by %v", w.now.Sub(d))
	}
	if w.closed() {
		w.checkClosed()
		return
	}
	var known [names]core.Inspection
	for n := range known {
		known[n] = w.core.Inspect(rids[n])
	}
	if w.conn != nil {
		w.checkCopies(&known)
	} else {
		w.checkStale(&known)
	}
	w.checkCached(&known)
	w.checkListeners(&known)
	w.checkSizes()
}

// checkClosed checks that nothing is left to do.
func (w *world) checkClosed() {
	if len(w.asked) > 0 || len(w.listeners) > 0 || w.conn != nil || w.dial != nil || !w.core.Deadline().IsZero() {
		w.fail("closed, and not done", "%d requests, %d listeners, socket %v, dial %v, deadline %v",
			len(w.asked), len(w.listeners), w.conn != nil, w.dial != nil, w.core.Deadline())
	}
}

// checkDrain checks that a client which drains is there as long as a call waits, and no longer.
func (w *world) checkDrain() {
	if w.broken != nil || !w.core.Draining() {
		return
	}
	waits := slices.ContainsFunc(w.asked, func(r *request) bool { return r.call != nil })
	switch {
	case !w.closed() && !waits:
		w.fail("a drain that does not end", "%v", w.core.State())
	case w.closed() && w.core.Ended() == core.ErrClosed && w.core.CutOff() > 0:
		w.fail("a drain that does not wait", "%d calls were cut off", w.core.CutOff())
	}
}

// checkCopies compares what the client has with what it has been sent.
func (w *world) checkCopies(known *[names]core.Inspection) {
	c := w.conn
	if c.reasons&muddled != 0 {
		return // who knows what has come of it
	}
	var sure, roots [names]bool
	for n := range known {
		roots[n] = known[n].Direct > 0
		sure[n] = roots[n] && !c.dead[n] // or it holds nothing, but an unsubscribe event is still to say so
	}
	held, mayBeHeld := c.reached(sure), c.reached(roots)
	trusted := w.core.ResyncAt().IsZero() // or the client knows that something is wrong
	for n := range name(names) {
		k := &known[n]
		if !k.Uncertain && c.certain(n) && k.Direct != c.direct[n] {
			w.fail("another count than the gateway's", "%v: %d, not %d", n, k.Direct, c.direct[n])
		}
		switch {
		case k.Live && (c.copies[n] == nil && !c.slipped[n] || c.dead[n]) && trusted:
			w.fail("live, although the gateway does not follow it", "%v %v, dead %v", n, k.Content, c.dead[n])
		case k.Live && !mayBeHeld[n] && trusted:
			w.fail("live, although nothing holds it", "%v %v", n, k.Content)
		case k.Live && c.copies[n] != nil && !c.copies[n].shows(k.Content) && (trusted || !mayBeLeft(n, known)):
			w.fail("another content than the gateway's", "%v %v, not %v", n, k.Content, c.copies[n])
		case !k.Live && held[n] && c.copies[n] != nil && !c.dead[n] && !c.diedOnce[n] && trusted:
			w.fail("not live, although the gateway follows it", "%v %v, sent %v", n, k.Content, c.copies[n])
		}
	}
}

// mayBeLeft reports whether the client holds n by way of something that it has taken out of
// service. That takes no events, so it may refer to what it no longer should.
func mayBeLeft(n name, known *[names]core.Inspection) bool {
	var doubted [names]bool
	for n, k := range known {
		doubted[n] = k.Known && !k.Live
	}
	return reached(doubted, known)[n]
}

// checkStale checks that without a connection nothing passes for live.
func (w *world) checkStale(known *[names]core.Inspection) {
	for n, k := range known {
		if k.Live || k.Direct != 0 || k.Dead || k.Busy || k.Uncertain {
			w.fail("something is left of a connection", "%v: %+v", name(n), k)
		}
	}
}

// checkCached checks that nothing is kept that nobody can reach, once no answer can
// turn out to need it.
func (w *world) checkCached(known *[names]core.Inspection) {
	sizes := w.core.Sizes()
	if w.core.State() != state.Connected || sizes.Requests > 0 {
		return
	}
	var roots [names]bool
	count := 0
	for n, k := range known {
		if k.Known {
			count++
		}
		roots[n] = k.Wanted || k.Direct > 0
	}
	needed := reached(roots, known)
	for n, k := range known {
		if k.Known && !needed[n] {
			w.fail("something is kept that nobody needs", "%v: %+v", name(n), k)
		}
	}
	if have := w.core.Stats().Resources; have != count {
		w.fail("something is kept that nobody knows of", "%d resources, not %d", have, count)
	}
}

// reached returns what roots lead to in the client's copies.
func reached(roots [names]bool, known *[names]core.Inspection) [names]bool {
	var todo []name
	for n, root := range roots {
		if root {
			todo = append(todo, name(n))
		}
	}
	all := roots
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		eachReference(known[n].Content, func(r name) {
			if !all[r] {
				all[r] = true
				todo = append(todo, r)
			}
		})
	}
	return all
}

func eachReference(r *subs.Resource, f func(name)) {
	switch {
	case r == nil:
	case r.Kind() == wire.KindModel:
		for i := range props {
			if v := r.Value(props[i : i+1]); v.IsReference() {
				f(nameOf(v.RID()))
			}
		}
	case r.Kind() == wire.KindCollection:
		for i := range r.Len() {
			if v := r.At(i); v.IsReference() {
				f(nameOf(v.RID()))
			}
		}
	}
}

// checkSizes checks what must not grow.
func (w *world) checkSizes() {
	s := w.core.Sizes()
	if s.Lines > names || s.Retries > names || s.Asked > names || s.Queued > 2*names || s.Offline > w.setup.Offline {
		w.fail("something grows", "%+v", s)
	}
	if s.Requests != len(w.out) && w.conn != nil {
		w.fail("another number of requests out than there are", "%d, not %d", s.Requests, len(w.out))
	}
}

// checkSnapshot checks what a Get is answered with.
func (w *world) checkSnapshot(n name, r *subs.Resource) {
	c := w.conn
	if c == nil {
		w.fail("a snapshot without a connection", "%v", r)
		return
	}
	if c.copies[n].shows(r) || !w.core.ResyncAt().IsZero() || w.ending || c.reasons&muddled != 0 {
		return // right, or the client knows that something is wrong, or has known before it hung up
	}
	for _, recent := range c.recent[n] {
		if recent.shows(r) {
			return
		}
	}
	w.fail("a snapshot of what was not sent", "%v: %v, not %v", n, r, c.copies[n])
}
