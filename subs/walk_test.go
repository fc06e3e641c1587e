package subs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// The registry against a naive model of the gateway, through random walks: who
// holds what, what is live, what is in the copies, and what programs make of their
// events.
func TestRegistryAgainstAModel(t *testing.T) {
	walks := uint64(1200)
	if testing.Short() {
		walks = 200
	}
	for seed := range walks {
		w := newWalk(t, seed)
		for range 150 {
			w.step()
		}
		w.finish()
	}
}

// asked is a request that is out.
type asked struct {
	seq  uint64
	kind wire.RequestType
	rid  string
}

// walk is a client, as simple as one can be, with its gateway.
type walk struct {
	gateway
	t         *testing.T
	seed      uint64
	log       []string
	reg       *subs.Registry
	seq       uint64
	out       []asked
	consumers map[string][]*consumer
	connected bool
	replay    map[uint64]bool // requests of the replay that are out; nil when it is over
	damaged   bool            // something did not fit on this connection
}

func newWalk(t *testing.T, seed uint64) *walk {
	w := &walk{t: t, seed: seed, reg: subs.NewRegistry(), consumers: map[string][]*consumer{}}
	w.rnd = rand.New(rand.NewPCG(seed, 5))
	w.truth = map[string]wire.Resource{}
	for i := range 2 + w.rnd.IntN(7) {
		w.rids = append(w.rids, fmt.Sprintf("r%d", i))
	}
	for _, rid := range w.rids {
		w.truth[rid] = w.resource(rid)
	}
	w.gateway.connect()
	w.connected = true
	return w
}

func (w *walk) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *walk) fatal(err error) {
	w.t.Helper()
	for _, line := range w.log {
		w.t.Log(line)
	}
	w.t.Fatalf("seed %d: %v", w.seed, err)
}

func (w *walk) pick() string { return w.rids[w.rnd.IntN(len(w.rids))] }

func (w *walk) step() {
	switch k := w.rnd.IntN(100); {
	case k < 12:
		w.open(w.pick())
	case k < 20:
		w.close(w.pick())
	case k < 25:
		w.ask(wire.TypeGet, w.pick())
	case k < 40:
		w.reconcile()
	case k < 60:
		w.answer(w.rnd.IntN(10) > 0)
	case k < 63:
		w.disconnect()
	case k < 66:
		w.connect()
	case k < 69:
		w.revoke(w.pick())
	case k < 72:
		w.delete(w.pick())
	case k < 73:
		w.damage(w.pick())
	case k < 76:
		w.custom(w.pick())
	default:
		w.happen(w.pick())
	}
	w.settle()
	w.read()
}

// settle checks everything there is to check between two steps.
func (w *walk) settle() {
	w.t.Helper()
	if err := w.reg.Check(); err != nil {
		w.fatal(err)
	}
	if faults := w.reg.TakeFaults(); faults != nil && !w.damaged {
		// A resource that happened to become again what it was at first is doubtful,
		// and the gateway may have let go of a cycle. The client would reconnect.
		w.damaged = slices.ContainsFunc(w.rids, w.reg.Doubtful) ||
			slices.ContainsFunc(faults, func(err error) bool { return errors.Is(err, subs.ErrSlip) })
		if !w.damaged {
			w.fatal(fmt.Errorf("faults %v", faults))
		}
	}
	if !w.connected || w.damaged {
		return
	}
	live := w.live()
	for _, rid := range w.rids {
		content, isLive := w.reg.Snapshot(rid)
		_, isDead := w.dead[rid]
		switch want := subs.NewResource(w.truth[rid]); {
		case isLive != live[rid]:
			w.fatal(fmt.Errorf("%q is live: %t, want %t", rid, isLive, live[rid]))
		case isDead != w.reg.Dead(rid):
			w.fatal(fmt.Errorf("%q is dead: %t, want %t", rid, w.reg.Dead(rid), isDead))
		case w.sent[rid] && (content == nil || !content.Equal(want)):
			w.fatal(fmt.Errorf("%q is %v, want %v", rid, content, want))
		}
	}
}

// read lets some consumers read some events.
func (w *walk) read() {
	deliver(w.reg)
	for _, rid := range w.rids {
		for _, c := range w.consumers[rid] {
			err := c.read(w.reg, w.rnd.IntN(3))
			if err == nil && c.latest != nil {
				err = c.latest.differs(w.reg, rid, c.queue.Len())
			}
			if err != nil {
				w.fatal(fmt.Errorf("a handle on %q: %w", rid, err))
			}
		}
	}
}

func (w *walk) open(rid string) {
	w.note("open %s", rid)
	c := newConsumer(4 + w.rnd.IntN(8))
	switch w.rnd.IntN(6) {
	case 0, 1:
		c = newDeepConsumer(rid, 4+w.rnd.IntN(60))
	case 2:
		c = newLatestConsumer[any]()
	case 3:
		c = newLatestConsumer[[]json.RawMessage]() // of a model, only that it is one
	}
	w.consumers[rid] = append(w.consumers[rid], c)
	w.reg.Open(c.handle, rid)
}

func (w *walk) close(rid string) {
	open := w.consumers[rid]
	if len(open) == 0 {
		return
	}
	w.note("close one of %s", rid)
	i := w.rnd.IntN(len(open))
	deliver(w.reg)
	w.reg.Close(open[i].handle)
	w.consumers[rid] = slices.Delete(open, i, i+1)
}

// reconcile sends the first request that is needed.
func (w *walk) reconcile() bool {
	for _, rid := range w.rids {
		wanted, direct := w.reg.Wanted(rid), w.reg.Direct(rid)
		switch {
		case wanted && direct == 0 && w.ask(wire.TypeSubscribe, rid):
			return true
		case !wanted && direct > 0 && w.ask(wire.TypeUnsubscribe, rid):
			return true
		}
	}
	return false
}

// ask sends a request if none is out about rid. None is sent while something is
// dead: what the gateway answers then is tested elsewhere.
func (w *walk) ask(kind wire.RequestType, rid string) bool {
	busy := slices.ContainsFunc(w.out, func(a asked) bool { return a.rid == rid })
	if busy || !w.connected || len(w.dead) > 0 {
		return false
	}
	w.seq++
	w.note("%v %s: %d", kind, rid, w.seq)
	w.out = append(w.out, asked{seq: w.seq, kind: kind, rid: rid})
	w.reg.Issued(w.seq)
	w.reg.Requested(rid)
	if kind == wire.TypeSubscribe {
		w.pending[rid] = true
	}
	return true
}

// answer answers one of the requests that are out, in any order.
func (w *walk) answer(grant bool) {
	if len(w.out) == 0 {
		return
	}
	i := w.rnd.IntN(len(w.out))
	a := w.out[i]
	w.out = slices.Delete(w.out, i, i+1)
	grant = grant && (a.kind == wire.TypeUnsubscribe || w.truth[a.rid].Kind != wire.KindError)
	w.note("answer %v %s: %d %t", a.kind, a.rid, a.seq, grant)
	switch a.kind {
	case wire.TypeSubscribe:
		delete(w.pending, a.rid)
		w.subscribed(a.rid, grant)
	case wire.TypeGet:
		if grant {
			w.got(a.rid)
		}
	case wire.TypeUnsubscribe:
		w.direct[a.rid] = max(0, w.direct[a.rid]-1) // it may have been revoked since
		w.reg.Unsubscribed(a.rid, 1)
	}
	w.prune()
	oldest := w.seq + 1
	if len(w.out) > 0 {
		oldest = w.out[0].seq
	}
	w.reg.Answered(oldest)
	if w.replay != nil {
		delete(w.replay, a.seq)
		w.endReplay()
	}
}

func (w *walk) subscribed(rid string, grant bool) {
	if grant {
		install(w.reg, w.collect(rid))
		w.direct[rid]++
		w.reg.Subscribed(rid)
		return
	}
	if !w.reg.Synced(rid) {
		for _, h := range w.reg.Handles(rid) {
			w.reg.Close(h)
		}
		w.consumers[rid] = nil
	}
}

func (w *walk) got(rid string) {
	install(w.reg, w.collect(rid))
	content, _ := w.reg.Snapshot(rid)
	if w.damaged || w.reg.Doubtful(rid) {
		return // nobody is given that
	}
	if want := subs.NewResource(w.truth[rid]); content == nil || !content.Equal(want) {
		w.fatal(fmt.Errorf("get of %q gives %v, want %v", rid, content, want))
	}
}

func (w *walk) disconnect() {
	if !w.connected {
		return
	}
	w.note("disconnect")
	w.connected, w.damaged, w.replay, w.out = false, false, nil, nil
	w.gateway.connect()
	w.reg.Disconnected(errLost)
}

func (w *walk) connect() {
	if w.connected {
		return
	}
	w.note("connect")
	w.connected, w.replay = true, map[uint64]bool{}
	for _, rid := range w.reg.WantedInOrder() {
		if w.ask(wire.TypeSubscribe, rid) {
			w.replay[w.seq] = true
		}
	}
	w.endReplay()
}

func (w *walk) endReplay() {
	if len(w.replay) == 0 {
		w.note("sweep")
		w.replay = nil
		w.reg.Sweep()
	}
}

// finish lets everything come to rest, and compares what every program has.
func (w *walk) finish() {
	if w.damaged || len(w.dead) > 0 {
		w.disconnect()
	}
	w.connect()
	w.rest()
	if w.settle(); w.damaged { // by a doubt
		w.disconnect()
		w.connect()
		w.rest()
	}
	live := w.live()
	for _, rid := range w.rids {
		for _, c := range w.consumers[rid] {
			if err := c.readAll(w.reg); err != nil {
				w.fatal(fmt.Errorf("a handle on %q: %w", rid, err))
			}
			switch {
			case c.deep != nil:
				w.compareDeep(c.deep, live[rid])
				continue
			case c.latest != nil:
				if err := c.latest.differs(w.reg, rid, c.queue.Len()); err != nil {
					w.fatal(fmt.Errorf("a handle on %q: %w", rid, err))
				}
				continue
			}
			if want := subs.NewResource(w.truth[rid]); c.live != live[rid] || c.live && !c.equal(want) {
				w.fatal(fmt.Errorf("a handle on %q, live %t, has %v %v, want %v, live %t", rid, c.live, c.props, c.items, want, live[rid]))
			}
		}
	}
	for _, rid := range w.rids {
		for len(w.consumers[rid]) > 0 {
			w.close(rid)
			w.settle()
		}
	}
	w.rest()
	if got := w.reg.Counts(); got != (subs.Counts{}) {
		w.fatal(fmt.Errorf("at the end there are %+v", got))
	}
}

// compareDeep compares what a deep handle was told with the truth.
func (w *walk) compareDeep(d *deepMirror, live bool) {
	err := d.differs(w.truth)
	if d.live != live || live && err != nil {
		w.fatal(fmt.Errorf("a deep handle on %q, live %t, want live %t: %w", d.root, d.live, live, err))
	}
}

// rest sends what is needed and answers it, until nothing is. Resources in error
// cannot be subscribed.
func (w *walk) rest() {
	for range 100 {
		for w.reconcile() {
		}
		if len(w.out) == 0 {
			break
		}
		for len(w.out) > 0 {
			w.answer(true)
			w.settle()
			deliver(w.reg)
		}
	}
	if len(w.dead) > 0 {
		w.fatal(fmt.Errorf("dead at rest: %v", w.dead))
	}
}
