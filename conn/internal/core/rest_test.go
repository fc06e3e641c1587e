package core_test

import (
	"maps"
	"slices"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// check compares every subscription's copy, which is kept by its events alone, with
// what its Syncs say.
func (w *walk) check() {
	for _, l := range w.subs {
		w.mirror(l)
	}
}

// settleDown ends the faults, brings back what was deleted and lets everything come to rest.
func (w *walk) settleDown() {
	w.tell("--- calm")
	w.calm = true
	clear(w.denied)
	for _, rid := range rids {
		if w.truth[rid] == nil {
			w.create(rid)
		}
	}
	w.run(time.Hour)
	if w.core.State() != state.Connected {
		w.Fatalf("state %v after an hour without faults", w.core.State())
	}
	if len(w.waiting) > 0 || len(w.gets) > 0 || len(w.calls) > 0 {
		w.Fatalf("still waiting: %v %v %v", w.waiting, w.gets, w.calls)
	}
}

// run lets everything that can happen happen, for a while.
func (w *walk) run(d time.Duration) {
	for end := w.now.Add(d); ; {
		for w.busy() {
			w.shell()
			w.receive()
			w.serve()
			w.deliver()
			w.hangUpGateway()
		}
		w.collect()
		w.check()
		due := w.core.Deadline()
		if due.IsZero() || due.After(end) {
			w.now = end
			return
		}
		w.now = slices.MaxFunc([]time.Time{w.now, due}, time.Time.Compare)
		w.step(core.Tick{})
		w.hangUpGateway()
	}
}

func (w *walk) busy() bool {
	s := w.session
	return w.dial != nil || len(w.authenticates) > 0 && w.socket || len(w.asks)+len(w.denials) > 0 ||
		s != nil && len(w.requests)+len(s.pending)+len(s.outbox) > 0
}

// checkContent checks that what the program wants is what the gateway has, as far
// as it can be on this connection, or altogether on a new one.
func (w *walk) checkContent(altogether bool) {
	wanted := map[string]bool{}
	for _, l := range w.subs {
		wanted[l.rid] = true
		e := w.session.entries[l.rid]
		if !altogether && w.cfg.ProbeInterval == 0 && (e == nil || e.dead != nil || e.sticky != nil) {
			continue // what cannot be had while something refers to it, and is not looked for
		}
		if !l.live || w.mirrors[l].String() != w.truth[l.rid].String() {
			w.Fatalf("%v, live %v, has %v, the gateway %v", l, l.live, w.mirrors[l], w.truth[l.rid])
		}
	}
	s := w.core.Stats()
	for rid, e := range w.session.entries {
		if !wanted[rid] && e.count != 0 || wanted[rid] && e.count != 1 && (altogether || s.Timeouts == 0 && e.sticky == nil && e.dead == nil) {
			w.Fatalf("the gateway counts %d on %q, wanted %v", e.count, rid, wanted[rid])
		}
	}
	if s.Subscriptions != len(wanted) {
		w.Fatalf("%d subscriptions, %d wanted", s.Subscriptions, len(wanted))
	}
	if s.Timeouts+s.Inconsistencies == 0 && !w.deletes && s.UnknownEvents > 0 || s.BadFrames > 0 {
		w.Fatalf("the gateway made no mistake, and the figures are %+v\n%v", s, w.notices)
	}
	if n := len(w.session.entries); altogether && (s.Resources != n || s.Stale != 0 || s.Pending != 0 || !w.core.InSync()) {
		w.Fatalf("the gateway has %d resources for the client: %v\nand the figures are %+v",
			n, slices.Sorted(maps.Keys(w.session.entries)), s)
	}
}

// closeAll ends every subscription, then the client.
func (w *walk) closeAll() {
	for _, l := range slices.Clone(w.subs) {
		w.drop(l)
		l.close()
	}
	w.run(time.Minute)
	if s := w.core.Stats(); s.Resources != 0 || s.Subscriptions != 0 || s.Pending != 0 || len(w.session.entries) != 0 {
		w.Fatalf("all is closed, and the figures are %+v; the gateway has %v", s, slices.Sorted(maps.Keys(w.session.entries)))
	}
	w.step(core.Close{})
}

// drain has the client end as soon as its calls are answered, with all the faults
// there were until now.
func (w *walk) drain() {
	w.tell("--- drain")
	w.calm = true
	calls := len(w.calls)
	w.step(core.Drain{})
	w.run(time.Hour)
	if w.core.State() != state.Closed || w.core.CutOff() != 0 {
		w.Fatalf("state %v an hour after the drain began, %d of %d calls cut off", w.core.State(), w.core.CutOff(), calls)
	}
}
