package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// A ledger keeps the books of one subscription: what its resources must be by the events
// that have come, and whether these follow from each other. What the services have
// built into their resources for that is told at [site].
//
// It is not safe for concurrent use.
type ledger struct {
	rid    string
	deep   bool
	tally  *tally
	wire   witness
	reset  func(rid string) bool // whether the service has had the gateways ask for everything anew lately
	copies map[string]*copied
	synced bool // has had its first Sync
	stale  bool // the subscription's own resource is
	lagged bool // the Sync that belongs to a Lag has not come
	bad    int  // copies that are stale or in error
}

// copied is a resource, kept from its events.
type copied struct {
	content
	stale bool
	last  int    // the number that was last put into a log
	mark  string // the run that the log had then
	tick  *tick  // the last custom event; nil if the next one may be any
}

func newLedger(rid string, deep bool, t *tally) *ledger {
	return &ledger{rid: rid, deep: deep, tally: t, wire: blind{}, reset: func(string) bool { return false }, copies: make(map[string]*copied)}
}

// witness knows what the gateway has sent, by the raw frames.
type witness interface {
	sentAny(rid, event string, g gap) bool // whether any of a gap was sent on this connection
	evidence(rid string) func() []string   // the frames about a resource, also those to come
}

// blind has seen nothing.
type blind struct{}

func (blind) sentAny(string, string, gap) bool { return false }
func (blind) evidence(string) func() []string  { return nil }

// behind is how many things keep the subscription from being in sync. One that is just
// being opened was never in sync.
func (l *ledger) behind() int {
	if l.stale || l.lagged {
		return l.bad + 1
	}
	return l.bad
}

// take enters an event.
func (l *ledger) take(ev subs.Event) {
	l.tally.events.Add(1)
	c := l.copies[ev.RID()]
	if c == nil {
		if _, first := ev.(*subs.Sync); !first {
			l.stranger(ev)
			return
		}
	}
	switch ev := ev.(type) {
	case *subs.Sync:
		l.sync(ev)
	case *subs.Change:
		l.alive(ev, c, ev.Resync)
		l.change(ev, c)
	case *subs.Add:
		l.alive(ev, c, ev.Resync)
		l.add(ev, c)
	case *subs.Remove:
		l.alive(ev, c, ev.Resync)
		l.remove(ev, c)
	case *subs.Custom:
		l.alive(ev, c, false)
		l.custom(ev, c)
	case *subs.Stale:
		l.setStale(ev.RID(), c)
	case *subs.Delete:
		l.setStale(ev.RID(), c)
	case *subs.Drop:
		l.drop(ev.RID())
	case *subs.Lag:
		l.tally.lags.Add(1)
		l.lagged = true
	}
}

// stranger judges an event for which there is no copy.
func (l *ledger) stranger(ev subs.Event) {
	switch ev.(type) {
	case *subs.Lag:
		l.tally.lags.Add(1)
		l.lagged = true
	case *subs.Stale, *subs.Unsubscribe, *subs.Delete:
		l.stale = l.stale || ev.RID() == l.rid
	default:
		l.tally.misfit("%s: %v has come without a Sync before", l.rid, ev)
	}
}

// alive checks that an event comes when it may.
func (l *ledger) alive(ev subs.Event, c *copied, resync bool) {
	if stale := c.stale || l.stale; stale != resync {
		l.tally.misfit("%s: %v has come while the resource was stale: %v", l.rid, ev, stale)
	}
}

func (l *ledger) setStale(rid string, c *copied) {
	l.put(rid, c, func() { c.stale, c.tick = true, nil })
	if rid == l.rid {
		l.stale = true
	}
}

// put changes a copy and keeps count of the bad ones.
func (l *ledger) put(rid string, c *copied, change func()) {
	if old := l.copies[rid]; old != nil && old.bad() {
		l.bad--
	}
	change()
	l.copies[rid] = c
	if c.bad() {
		l.bad++
	}
}

func (c *copied) bad() bool { return c.stale || c.kind == wire.KindError }

func (l *ledger) drop(rid string) {
	if l.copies[rid].bad() {
		l.bad--
	}
	delete(l.copies, rid)
}

// sync takes in what a Sync says. Where events were to lead there, they must have.
func (l *ledger) sync(ev *subs.Sync) {
	l.tally.syncs.Add(1)
	rid := ev.RID()
	known := l.copies[rid]
	switch {
	case ev.Reason == subs.SyncFirst && l.synced:
		l.tally.misfit("%s: a first Sync has come again", l.rid)
	case ev.Reason == subs.SyncReached && known != nil:
		l.tally.misfit("%s: %s was reached already", l.rid, rid)
	case ev.Reason == subs.SyncReconnect && ev.View == nil && known != nil && !known.equal(contentOf(ev.Resource)):
		l.tally.misfit("%s: the events lead to %v, and the Sync says %v", rid, known, ev.Resource)
	case l.lagged != (ev.Reason == subs.SyncLag):
		l.tally.misfit("%s: the Sync after a Lag is %v", l.rid, ev.Reason)
	}
	if rid == l.rid {
		l.synced, l.stale, l.lagged = true, false, false
	}
	if ev.View == nil {
		l.install(rid, ev.Resource, false)
		return
	}
	was := l.copies
	l.copies, l.bad = make(map[string]*copied), 0
	for _, rid := range ev.View.RIDs() {
		l.install(rid, ev.View.Resource(rid), !ev.View.Live(rid))
		l.compareAge(was[rid], l.copies[rid])
	}
}

func (l *ledger) install(rid string, r *subs.Resource, stale bool) {
	was := l.copies[rid]
	c := &copied{content: contentOf(r), stale: stale}
	if n, ok := number(c.items); ok {
		c.last, c.mark = n, c.items[0]
	}
	l.put(rid, c, func() {})
	l.compareAge(was, c)
}

// compareAge counts what a new connection has in an older state than the one before:
// each gateway has the news when they come to it. The latest follow as events.
func (l *ledger) compareAge(was, is *copied) {
	if was != nil && was.kind == wire.KindModel && is.kind == wire.KindModel && seqOf(is.props["seq"]) < seqOf(was.props["seq"]) {
		l.tally.older.Add(1)
	}
}

// change applies a change event.
func (l *ledger) change(ev *subs.Change, c *copied) {
	if c.kind != wire.KindModel {
		l.tally.misfit("%s: %v is for a model", l.rid, ev)
		return
	}
	for p := range ev.Changes() {
		if have := c.props[p.Name]; have != p.Old.Raw() {
			l.broken(ev, p, have)
		}
		if c.props[p.Name] = p.New.Raw(); p.New.IsAbsent() {
			delete(c.props, p.Name)
		}
	}
	if was, is := ev.Old("seq"), ev.Value("seq"); !ev.Resync && !is.IsAbsent() {
		l.follows(ev, seqOf(was.Raw()), seqOf(is.Raw()), !ev.Value("run").IsAbsent())
	}
}

// broken judges a property whose old value is not what the events before had made it.
func (l *ledger) broken(ev *subs.Change, p subs.PropertyChange, have string) {
	was, is, mine := seqOf(p.Old.Raw()), seqOf(p.New.Raw()), seqOf(have)
	switch {
	case p.Name != "seq" || mine == was:
		l.tally.misfit("%s: %v, but %s was %s", l.rid, ev, p.Name, have)
	case was > mine:
		l.tally.lose(was-mine, l.wire.evidence(ev.RID()), "%s: %v, but the last event came to %d", l.rid, ev, mine)
	case is <= mine:
		l.tally.twice("%s: %v, but the last event came to %d", l.rid, ev, mine)
	default:
		l.tally.disorder("%s: %v, but the last event came to %d", l.rid, ev, mine)
	}
}

// follows judges a number that must be one more than that of the event before, unless there
// is an excuse.
func (l *ledger) follows(ev subs.Event, was, is int, newRun bool) {
	switch {
	case is == was+1, is == was && newRun:
	case is <= was && newRun:
		l.tally.older.Add(1)
	case is > was:
		l.missing(ev, gap{was, is}, newRun)
	case is == was:
		l.tally.twice("%s: %v follows %d", l.rid, ev, was)
	default:
		l.tally.disorder("%s: %v follows %d", l.rid, ev, was)
	}
}

// missing judges a gap. It is not the client's if the gateway has sent nothing of what is missing on
// this connection, and there is a reason: a new run, for which see [service], or a reset. A gateway
// drops the events of a resource while it asks for it, and if it gets no answer it goes on as if nothing were.
func (l *ledger) missing(ev subs.Event, g gap, newRun bool) {
	sent := l.wire.sentAny(ev.RID(), nameOf(ev), g)
	if n := g.before - g.after - 1; !sent && (newRun || l.reset(ev.RID())) {
		l.tally.skipped.Add(int64(n))
	} else {
		l.tally.lose(n, l.wire.evidence(ev.RID()), "%s: %v follows %d; the gateway has sent any of what is missing: %v", l.rid, ev, g.after, sent)
	}
}

// nameOf is what the gateway calls a numbered event.
func nameOf(ev subs.Event) string {
	switch ev := ev.(type) {
	case *subs.Add:
		return wire.EventAdd
	case *subs.Custom:
		return ev.Name
	}
	return wire.EventChange
}

// add applies an add event.
func (l *ledger) add(ev *subs.Add, c *copied) {
	if c.kind != wire.KindCollection || ev.Index < 0 || ev.Index > len(c.items) {
		l.tally.misfit("%s: %v does not fit %v", l.rid, ev, c)
		return
	}
	atEnd := ev.Index == len(c.items)
	before, filled := number(c.items)
	c.items = slices.Insert(c.items, ev.Index, ev.Value.Raw())
	n, err := strconv.Atoi(ev.Value.Raw())
	if err != nil {
		return
	}
	if !filled {
		before = c.last
	}
	if newRun := c.mark != c.items[0]; !ev.Resync && (atEnd || !newRun) {
		l.follows(ev, before, n, newRun)
	}
	if atEnd {
		c.last, c.mark = n, c.items[0]
	}
}

// remove applies a remove event.
func (l *ledger) remove(ev *subs.Remove, c *copied) {
	if c.kind != wire.KindCollection || ev.Index < 0 || ev.Index >= len(c.items) || c.items[ev.Index] != ev.Value.Raw() {
		l.tally.misfit("%s: %v does not fit %v", l.rid, ev, c)
		return
	}
	c.items = slices.Delete(c.items, ev.Index, ev.Index+1)
}

// custom judges a custom event. There is nothing else to be learnt from it, and nobody
// repeats it.
func (l *ledger) custom(ev *subs.Custom, c *copied) {
	var t tick
	if err := json.Unmarshal(ev.Payload, &t); err != nil || ev.Name != "tick" {
		l.tally.misfit("%s: %v is unreadable", l.rid, ev)
		return
	}
	if c.tick != nil {
		l.follows(ev, c.tick.N, t.N, c.tick.Run != t.Run)
	}
	c.tick = &t
}

// compare says what is not as the services have it.
func (l *ledger) compare(truth map[string]content) (wrong []error) {
	if !l.synced || l.stale || l.lagged {
		wrong = append(wrong, fmt.Errorf("%s: is not in sync: synced %v, stale %v, lagging %v", l.rid, l.synced, l.stale, l.lagged))
	}
	want := map[string]content{l.rid: truth[l.rid]}
	if l.deep {
		want = reach(truth, l.rid)
	}
	for rid, is := range want {
		switch c := l.copies[rid]; {
		case c == nil:
			wrong = append(wrong, fmt.Errorf("%s: %s has not come", l.rid, rid))
		case !c.equal(is):
			wrong = append(wrong, fmt.Errorf("%s: %s is %v, and must be %v (stale: %v)", l.rid, rid, c, is, c.stale))
		case c.stale:
			wrong = append(wrong, fmt.Errorf("%s: %s is stale", l.rid, rid))
		}
	}
	for rid := range l.copies {
		if _, wanted := want[rid]; !wanted {
			wrong = append(wrong, fmt.Errorf("%s: %s is reached no more, and was not dropped", l.rid, rid))
		}
	}
	sort.Slice(wrong, func(i, j int) bool { return wrong[i].Error() < wrong[j].Error() })
	return wrong
}

// reach returns the part of the truth that a resource reaches.
func reach(truth map[string]content, rid string) map[string]content {
	part := make(map[string]content)
	for todo := []string{rid}; len(todo) > 0; {
		rid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, seen := part[rid]; !seen {
			part[rid] = truth[rid]
			todo = append(todo, truth[rid].references()...)
		}
	}
	return part
}

// number returns the last item of a log.
func number(items []string) (int, bool) {
	if len(items) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(items[len(items)-1])
	return n, err == nil
}

// seqOf reads a seq; what is none counts as -1.
func seqOf(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if errors.Is(err, strconv.ErrSyntax) {
		return -1
	}
	return n
}
