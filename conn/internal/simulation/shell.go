package simulation

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// shell is what stands for the package conn: it dials, writes and reads, runs the
// authenticate hook and asks the back-offs.
type shell struct {
	generation uint64 // of the latest dial
	dial       *dialling
	conn       *conn        // open
	ending     bool         // what is written in the present step comes too late
	out        []outRequest // that were not answered
	frozenAt   time.Time    // since when the gateway of conn is silent, zero if it is not

	hook   uint64 // the generation whose authenticate hook runs, 0 for none
	asks   []core.Ask
	resets int // BackOffReset that are owed
	old    oldSocket
	state  state.State // after the last transition
}

// dialling is a dial that is under way.
type dialling struct {
	core.Dial
	due time.Time
}

// oldSocket is a socket that is closed, and may still have something to say.
type oldSocket struct {
	generation uint64
	unread     []frame
}

// The times of the package conn.
const (
	dialTimeout      = 15 * time.Second
	keepaliveTimeout = 40 * time.Second
	slotTime         = 500 * time.Millisecond
)

var (
	errCut     = errors.New("the cable is cut")
	errRefused = errors.New("connection refused")
	errSilent  = errors.New("no sign of life")
)

// absorb carries an output out: first what the program is told, which is checked against
// what the connection is that it came on.
func (w *world) absorb(out core.Output) {
	w.ending = slices.Contains(out.Closes, w.generation)
	for i := range out.Transitions {
		w.checkTransition(&out.Transitions[i])
	}
	for _, d := range out.Deliveries {
		if l := w.ownerOf(d.Handle.Owner, "a delivery"); l != nil {
			l.push(d)
		}
	}
	for _, e := range out.Ended {
		if l := w.ownerOf(e.Handle.Owner, "the end of a subscription"); l != nil {
			l.end(e.Err)
		}
	}
	for _, n := range out.Notices {
		w.tell("notice %d %s: %v", n.Kind, n.RID, n.Err)
	}
	for _, r := range out.Replies {
		w.replied(r)
	}
	for _, f := range out.Frames {
		w.write(f)
	}
	for _, generation := range out.Closes {
		w.hangUp(generation)
	}
	for _, generation := range out.Authenticates {
		if generation == w.generation && w.conn != nil {
			w.hook = generation
		}
	}
	for _, d := range out.Dials {
		w.begin(d)
	}
	if w.closed() {
		w.hangUp(w.generation) // the dial may have begun in the step that was the last
	}
	for _, ask := range out.Asks {
		if !ask.Forget {
			w.asks = append(w.asks, ask)
		}
	}
	if out.ResetBackOff {
		w.resets++
	}
}

func (w *world) begin(d core.Dial) {
	if w.dial != nil || w.conn != nil {
		w.fail("a dial beside another one", "dial %d", d.Generation)
	}
	if d.Generation <= w.generation {
		w.fail("generations do not grow", "dial %d comes after %d", d.Generation, w.generation)
	}
	w.generation = d.Generation
	w.dial = &dialling{Dial: d, due: w.now.Add(dialTimeout)}
}

// dialled ends the dial that is under way.
func (w *world) dialled(err error, next core.Delay) {
	d := w.dial
	w.dial = nil
	if err == nil {
		g := w.gateways[d.Gateway]
		w.conn = &conn{gateway: g, generation: d.Generation}
		g.conn = w.conn
	}
	w.step(core.Dialled{Generation: d.Generation, Err: err, Next: next})
}

// tryDial lets the dial come to what the gateway makes of it.
func (w *world) tryDial(next core.Delay) {
	switch g := w.gateways[w.dial.Gateway]; {
	case !g.up:
		w.dialled(errRefused, next)
	case !g.frozen:
		w.dialled(nil, next)
	}
}

func (w *world) hangUp(generation uint64) {
	if generation != w.generation {
		return
	}
	w.dial, w.hook, w.out = nil, 0, nil
	if c := w.conn; c != nil {
		w.old = oldSocket{generation: generation, unread: c.outbox}
		if c.gateway.conn == c {
			c.gateway.conn = nil
		}
		c.dispose()
		w.conn = nil
	}
}

// write takes in a request and checks that it may be sent.
func (w *world) write(f core.Frame) {
	if w.conn == nil || f.Generation != w.generation {
		w.fail("a frame without a socket", "%s for generation %d", f.Data, f.Generation)
		return
	}
	w.tell("client sends %s", f.Data)
	q, err := wire.ParseRequest(f.Data)
	if err != nil {
		w.fail("a frame that is no request", "%s: %v", f.Data, err)
		return
	}
	if w.setup.Protocol != "" && bytes.Contains(f.Data, []byte(`"count"`)) {
		w.fail("a count that the gateway does not know", "%s", f.Data)
	}
	n := nameOf(q.RID)
	if !w.ending {
		w.checkRequest(q, n)
	}
	replay := q.Type == wire.TypeSubscribe && w.conn.toReplay[n]
	if replay {
		replay = w.hasSynced(n) // or all who wanted it then have left, and somebody has come since
		w.conn.toReplay[n] = false
	}
	if mayHold(q) {
		w.sent++
	}
	w.out = append(w.out, outRequest{Request: q, name: n, sent: w.now, replay: replay})
	w.conn.requests = append(w.conn.requests, q)
}

// deliver lets the client read n frames.
func (w *world) deliver(n int) {
	c := w.conn
	n = min(n, len(c.outbox))
	messages := make([]core.Message, n)
	c.begin()
	for i := range messages {
		f := &c.outbox[i]
		w.tell("client reads %s", f.text)
		messages[i] = core.Decode(f.text)
		c.read(f)
		w.answered(f.id)
	}
	c.outbox = c.outbox[n:]
	w.step(core.Received{Generation: c.generation, Messages: messages})
}

// lost ends the socket.
func (w *world) lost(err error) { w.step(core.Lost{Generation: w.conn.generation, Err: err}) }

// shellDue returns when the shell has something to do.
func (w *world) shellDue() time.Time {
	var due time.Time
	if w.dial != nil {
		due = w.dial.due
	}
	switch c := w.conn; {
	case c == nil:
	case c.gone:
		due = earlier(due, w.now)
	case c.gateway.frozen:
		due = earlier(due, w.frozenAt.Add(keepaliveTimeout))
	}
	for i := range w.out {
		if o := &w.out[i]; !o.timedOut {
			due = earlier(due, o.sent.Add(requestTimeout))
			break
		}
	}
	return due
}

func (w *world) expireShell() {
	w.expireRequests()
	if d := w.dial; d != nil && !w.now.Before(d.due) {
		w.dialled(errSilent, core.Delay{Wait: time.Second})
	}
	switch c := w.conn; {
	case c == nil:
	case c.gone:
		if len(c.outbox) > 0 {
			w.deliver(len(c.outbox))
		}
		if w.conn == c {
			w.lost(errCut)
		}
	case c.gateway.frozen && !w.now.Before(w.frozenAt.Add(keepaliveTimeout)):
		w.lost(errSilent)
	}
}

// answerHook lets the authenticate hook return.
func (w *world) answerHook(err error) {
	generation := w.hook
	w.hook = 0
	w.step(core.Authenticated{Generation: generation, Err: err})
}

// answerAsk lets the policy of a subscription answer.
func (w *world) answerAsk(next core.Delay) {
	ask := w.asks[0]
	w.asks = w.asks[1:]
	w.step(core.RetryAfter{RID: ask.RID, Next: next})
}

// answerReset lets the back-off start anew.
func (w *world) answerReset() {
	w.resets--
	w.step(core.BackOffReset{Next: core.Delay{Wait: time.Second}})
}

// lateWords lets an old socket say what it still had to say.
func (w *world) lateWords(n int) {
	old := &w.old
	n = min(n, len(old.unread))
	messages := make([]core.Message, n)
	for i := range messages {
		messages[i] = core.Decode(old.unread[i].text)
	}
	old.unread = old.unread[n:]
	w.quietly(core.Received{Generation: old.generation, Messages: messages})
}

// quietly steps the core with what must not change anything.
func (w *world) quietly(in core.Input) {
	w.step(core.Tick{}) // what is due comes first
	for w.broken == nil && !w.closed() && w.isDue() {
		w.step(core.Tick{})
	}
	if w.broken != nil || w.closed() {
		return
	}
	w.inputs++
	w.tellInput(in)
	before, deadline := w.core.Stats(), w.core.Deadline()
	w.core.Step(w.now, in)
	out := w.core.Output()
	if w.core.Stats() != before || !w.core.Deadline().Equal(deadline) || !isEmpty(out) {
		w.fail("an old generation is heard", "%T: %+v", in, out)
	}
}

func isEmpty(out core.Output) bool {
	return len(out.Transitions)+len(out.Deliveries)+len(out.Ended)+len(out.Replies)+len(out.Frames)+
		len(out.Closes)+len(out.Authenticates)+len(out.Dials)+len(out.Asks) == 0 && !out.ResetBackOff
}
