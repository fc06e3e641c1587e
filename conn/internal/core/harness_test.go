package core_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// rig drives a core through a fake clock and plays the shell and the gateway. After
// every step it checks what must hold whatever happens.
type rig struct {
	testing.TB
	core *core.Core
	cfg  core.Config
	now  time.Time

	generation uint64     // of the latest dial
	dial       *core.Dial // under way: the test has not said how it ended
	socket     bool       // open
	batch      core.Batch // used again and again
	requests   []wire.Request
	out        map[uint64]outRequest // by id: requests of this socket without an answer

	owed    map[any]bool // who is to have a reply
	replies map[any]core.Reply

	transitions   []state.Transition
	notices       []core.Notice
	asks          []core.Ask
	denials       []core.Denial
	authenticates []uint64
	dials         []core.Dial
	resets        int
}

type outRequest struct {
	wire.Request
	sent time.Time
}

// noon is when every test begins.
var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

func newRig(tb testing.TB, change ...func(*core.Config)) *rig {
	r := &rig{
		TB:      tb,
		now:     noon,
		out:     map[uint64]outRequest{},
		owed:    map[any]bool{},
		replies: map[any]core.Reply{},
		cfg: core.Config{
			Gateways:       []string{"ws://a"},
			VersionTimeout: 10 * time.Second,
			AuthTimeout:    20 * time.Second,
			RequestTimeout: 30 * time.Second,
			StableAfter:    10 * time.Second,
			MaxDelay:       30 * time.Second,
			ReplayWindow:   256,
			ReplaySlot:     500 * time.Millisecond,
			OfflineQueue:   8,
			RetryFloor:     5 * time.Second,
			ResyncInterval: 10 * time.Second,
			NoticeInterval: time.Minute,
			Rand:           rand.New(rand.NewPCG(1, 2)),
		},
	}
	for _, f := range change {
		f(&r.cfg)
	}
	r.core = core.New(r.cfg)
	return r
}

// connected returns a rig whose core is Connected.
func connected(tb testing.TB, change ...func(*core.Config)) *rig {
	tb.Helper()
	r := newRig(tb, change...)
	r.step(core.Start{})
	r.open()
	return r
}

// open lets the dial succeed and answers the version request.
func (r *rig) open() {
	r.Helper()
	r.dialled(core.Delay{Wait: time.Second})
	r.agree(wire.Protocol)
}

func (r *rig) agree(protocol string) {
	r.Helper()
	r.answer(r.sent("version")[0], fmt.Sprintf(`{"protocol":%q}`, protocol))
}

// dialled lets the dial that is under way succeed.
func (r *rig) dialled(next core.Delay) {
	r.Helper()
	d := r.underWay()
	r.socket = true
	r.step(core.Dialled{Generation: d.Generation, Next: next})
}

func (r *rig) dialFails(err error, next core.Delay) {
	r.Helper()
	r.step(core.Dialled{Generation: r.underWay().Generation, Err: err, Next: next})
}

func (r *rig) underWay() core.Dial {
	r.Helper()
	if r.dial == nil {
		r.Fatalf("no dial is under way, state %v", r.core.State())
	}
	d := *r.dial
	r.dial = nil
	return d
}

var errCut = errors.New("the cable is cut")

// cut ends the socket.
func (r *rig) cut() {
	r.Helper()
	r.step(core.Lost{Generation: r.generation, Err: errCut})
}

// reopen waits for the next dial and lets it succeed.
func (r *rig) reopen() {
	r.Helper()
	r.pass(r.cfg.MaxDelay)
	r.open()
}

// step steps the core, takes its output in and checks it.
func (r *rig) step(in core.Input) {
	r.Helper()
	r.expectReply(in)
	r.core.Step(r.now, in)
	r.absorb(r.core.Output())
	if d := r.core.Deadline(); !d.IsZero() && d.Before(r.now) {
		r.Fatalf("after %T the deadline is %v in the past", in, r.now.Sub(d))
	}
	if r.core.State() == state.Closed {
		r.checkEnd()
	}
}

func (r *rig) expectReply(in core.Input) {
	var to any
	switch in := in.(type) {
	case core.Subscribe:
		to = in.To
	case core.Get:
		to = in.To
	case *core.Call:
		to = in.To
	case core.Reconnect:
		to = in.To
	}
	if to != nil {
		r.owed[to] = true
	}
}

// absorb carries an output out, in the order of its fields.
func (r *rig) absorb(out core.Output) {
	r.Helper()
	r.transitions = append(r.transitions, out.Transitions...)
	for _, f := range out.Frames {
		r.write(f)
	}
	for _, generation := range out.Closes {
		r.hangUp(generation)
	}
	for _, generation := range out.Authenticates {
		if generation == r.generation && r.socket {
			r.authenticates = append(r.authenticates, generation)
		}
	}
	r.denials = append(r.denials, out.Denials...)
	for _, d := range out.Dials {
		r.begin(d)
	}
	for _, d := range out.Deliveries {
		d.Handle.Owner.(*listener).hear(d)
	}
	for _, e := range out.Ended {
		e.Handle.Owner.(*listener).end(e.Err)
	}
	for _, reply := range out.Replies {
		if !r.owed[reply.To] {
			r.Fatalf("a reply to %v, who has had one or has not asked: %+v", reply.To, reply)
		}
		delete(r.owed, reply.To)
		r.replies[reply.To] = reply
	}
	r.asks = append(r.asks, out.Asks...)
	r.notices = append(r.notices, out.Notices...)
	if out.ResetBackOff {
		r.resets++
	}
}

func (r *rig) begin(d core.Dial) {
	r.Helper()
	if r.dial != nil || r.socket {
		r.Fatalf("dial %d although there is a dial or a socket", d.Generation)
	}
	if d.Generation <= r.generation {
		r.Fatalf("dial %d comes after %d", d.Generation, r.generation)
	}
	r.generation, r.dial = d.Generation, &d
	r.dials = append(r.dials, d)
}

func (r *rig) hangUp(generation uint64) {
	if generation == r.generation {
		r.socket, r.dial, r.requests = false, nil, nil
		clear(r.out)
	}
}

// write takes in a request and checks that it may be sent.
func (r *rig) write(f core.Frame) {
	r.Helper()
	if f.Generation != r.generation || !r.socket {
		r.Fatalf("frame %s for generation %d, the socket is %d", f.Data, f.Generation, r.generation)
	}
	req, err := wire.ParseRequest(f.Data)
	if err != nil {
		r.Fatalf("frame %s: %v", f.Data, err)
	}
	for _, other := range r.out {
		if usesLine(req) && usesLine(other.Request) && req.RID == other.RID && r.now.Before(other.sent.Add(r.cfg.RequestTimeout)) {
			r.Fatalf("%s is sent while %s is out", describe(req), describe(other.Request))
		}
	}
	r.out[req.ID] = outRequest{req, r.now}
	r.requests = append(r.requests, req)
	r.checkWindows()
}

func usesLine(req wire.Request) bool {
	return req.Type == wire.TypeSubscribe || req.Type == wire.TypeGet || req.Type == wire.TypeUnsubscribe
}

// checkWindows counts what is out of both windows, the one of the replay and the
// one of requests that callers wait for.
func (r *rig) checkWindows() {
	r.Helper()
	places, out := 0, 0
	for _, o := range r.out {
		if (o.Type == wire.TypeSubscribe || o.Type == wire.TypeGet) && r.now.Before(o.sent.Add(r.cfg.RequestTimeout)) {
			out++
			if r.now.Before(o.sent.Add(r.cfg.ReplaySlot)) {
				places++
			}
		}
	}
	window := max(r.cfg.ReplayWindow, r.cfg.MaxReplayWindow)
	if places > 2*window || out > 20*window {
		r.Fatalf("%d requests hold a place, and %d are out, of a window of %d", places, out, window)
	}
}

// checkEnd checks that nothing is left to do for a core that is closed.
func (r *rig) checkEnd() {
	r.Helper()
	if len(r.owed) > 0 || r.socket || r.dial != nil || !r.core.Deadline().IsZero() {
		r.Fatalf("closed, and %d replies are owed, socket %v, dial %v, deadline %v", len(r.owed), r.socket, r.dial, r.core.Deadline())
	}
}

// pass lets time pass, and the core tick when something is due.
func (r *rig) pass(d time.Duration) {
	r.Helper()
	r.passUntil(r.now.Add(d), func() bool { return false })
}

// passUntil lets time pass until then, or until done.
func (r *rig) passUntil(then time.Time, done func() bool) {
	r.Helper()
	for ticks := 0; !done(); ticks++ {
		due := r.core.Deadline()
		if due.IsZero() || due.After(then) {
			r.now = then
			return
		}
		if due.After(r.now) {
			r.now, ticks = due, 0
		}
		if ticks > 1000 {
			r.Fatalf("%v is due again and again, state %v", due, r.core.State())
		}
		r.step(core.Tick{})
	}
}

// reference is the JSON of a reference.
func reference(rid string) string { return fmt.Sprintf(`{"rid":%q}`, rid) }
