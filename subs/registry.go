package subs

import (
	"errors"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// Handle is one subscription of the program to one resource. Many handles may
// share a resource; the gateway counts one direct subscription for all of them.
type Handle struct {
	// Owner belongs to whoever made the handle. The registry looks at it only to see
	// whether it is a [*Latest].
	Owner any

	entry *entry
	next  *Handle // see ring

	// Deep makes the handle hear everything that its resource reaches through
	// references, too. It is set before the handle is opened.
	Deep bool

	// Silent makes the handle hear nothing: it only keeps its resource. It is set
	// before the handle is opened.
	Silent bool

	stream bool // on a pattern: it has no entry
	synced bool // has been given its first Sync
	news   bool // has been told that something is newer than its last Sync
	live   bool // see Live
}

// Live reports whether the resource was live after the last event for the handle.
func (h *Handle) Live() bool { return h.live }

// Registry knows what the program subscribes to, what the gateway has subscribed
// for it on the present connection, and the local copy of everything in between.
// Its owner feeds it with answers and events and takes deliveries from it. A
// Registry is not safe for concurrent use.
type Registry struct {
	entries    map[string]*entry
	spare      *extra // see more
	found      *entry // the last that was looked for, if there is one
	pack       packer
	most       int          // entries there have been since compact has last made room
	wanted     chain[entry] // those with handles, in the order of first subscription
	nextWanted *entry       // of a replay, see BeginReplay; nil for no more
	unsynced   int          // how many of them are not held
	lost       int          // how many of these were held once: their handles have had a Sync
	types      typeSet
	depth      int // of views
	streams    []stream
	reached    map[*Handle]map[*entry]struct{} // by deep handles whose resource is live: all but that
	deliveries []Delivery
	taken      []Delivery // by the last call of TakeDeliveries; used again by the next
	faults     []error

	// Worklists of settle. Collection is iterative: however long a chain of
	// references is, it costs no stack.
	unheld   []*entry  // may have lost what held it
	orphans  []*entry  // may have lost what refers to it
	deferred []*entry  // the same, for Sweep
	shrunk   []*Handle // deep, and may not reach what they did
	slips    []*entry  // may be let go by the gateway, although held
	renewed  []*entry  // loaded anew, although held: slips, unless the present event may have let them go
	reloaded []*entry  // loaded anew by the present set, as nothing held them; see lookBehind

	departed      *entry   // from whose copy the present event has taken references
	departing     []string // those
	mayHaveWaited bool     // it has brought something
	opened        []opened // see opened.go

	stuck     map[*entry]struct{} // see stuck.go
	everStuck uint64

	unsure   unsure // see resent.go
	observed observation

	graves         tombstones
	limbo          chain[extra] // in the order of until
	issued, oldest uint64       // requests: the newest sent, the oldest unanswered

	// Subscribe and get requests, until they are answered, which may be
	// long after they have timed out, and what they leave is given back.
	requests requests
	releases map[string]uint64 // as requests, of unsubscribe requests that have timed out

	replaying bool  // a connection was lost, and the replay on the next is not over
	lossCause error // why it was lost
}

var errReleased = errors.New("nothing holds the resource at the gateway any more")

// NewRegistry returns an empty registry. Events and views can be decoded into the
// given types.
func NewRegistry(types ...Type) *Registry {
	return &Registry{
		types:   newTypeSet(types),
		depth:   DefaultDepth,
		entries: make(map[string]*entry),
		wanted:  chain[entry]{links: func(e *entry) *links[entry] { return &e.links }},
		reached: make(map[*Handle]map[*entry]struct{}),
		stuck:   make(map[*entry]struct{}),
		graves:  newTombstones(),
		limbo:   chain[extra]{links: func(x *extra) *links[extra] { return &x.links }},
		oldest:  1,

		releases: make(map[string]uint64),
	}
}

// TakeFaults returns what was found not to fit since the last call; each wraps
// [ErrInconsistent].
func (r *Registry) TakeFaults() []error {
	f := r.faults
	r.faults = nil
	return f
}

// Open subscribes h to rid. It reports whether h has its first Sync already: the
// gateway has granted the subscription, or other handles have the resource, be it
// stale. Otherwise the Sync comes when the gateway has granted it.
func (r *Registry) Open(h *Handle, rid string) bool {
	e := r.entryOf(rid)
	readable := e.standing == held && e.direct > 0 || e.synced()
	h.entry = e
	if as := h.latest(); as != nil {
		h.Deep = as.shape.expands()
	}
	first := !e.wanted()
	e.handles.add(h)
	if first {
		r.wanted.push(e)
		r.tally(e, 1)
	}
	if readable {
		r.sync(h, SyncFirst)
	}
	return readable
}

// Close ends h. Closing it again does nothing.
func (r *Registry) Close(h *Handle) {
	if h.stream {
		r.streams = slices.DeleteFunc(r.streams, func(s stream) bool { return s.Handle == h })
		return
	}
	e := h.entry
	if e == nil {
		return
	}
	r.unwatch(h)
	h.entry = nil
	r.tally(e, -1)
	e.handles.remove(h)
	if e.wanted() {
		r.tally(e, 1)
		return
	}
	if e == r.nextWanted {
		r.nextWanted = e.links.after
	}
	r.wanted.drop(e)
	if e.extra != nil {
		e.extra.told = nil
	}
	r.orphans = append(r.orphans, e)
	r.settle()
}

// Resume gives h what its resource is now, after h's queue has folded events, or when
// it wants the latest.
func (r *Registry) Resume(h *Handle) {
	for _, s := range r.streams {
		if s.Handle == h {
			r.syncStream(s, SyncLag)
		}
	}
	if h.entry != nil && h.synced {
		r.sync(h, SyncLag)
	}
}

// sync delivers the whole resource, and that it is stale if it is.
func (r *Registry) sync(h *Handle, reason SyncReason) {
	e := h.entry
	r.tally(e, -1)
	h.synced = true
	r.tally(e, 1)
	if e.standing == held {
		r.deliver(h, r.whole(h, e.snapshot(), reason))
		r.unwatch(h) // what is doubtful may have come to refer to something else without a word
		r.watch(h)
		return
	}
	r.deliver(h, r.whole(h, e.told(), reason))
	if ending := e.seldom().ending; ending != nil {
		r.deliver(h, ending)
	}
	r.deliver(h, &Stale{subject: subject{e.rid}, Cause: r.causeOf(e)})
}

// Wanted reports whether the program has a handle on rid.
func (r *Registry) Wanted(rid string) bool {
	e := r.find(rid)
	return e != nil && e.wanted()
}

// WantedInOrder returns the ids of all resources with a handle, in the order of
// first subscription.
func (r *Registry) WantedInOrder() []string {
	rids := make([]string, 0, r.wanted.n)
	for e := range r.wanted.all() {
		rids = append(rids, e.rid)
	}
	return rids
}

// Handles returns the handles on rid in the order in which they were opened.
func (r *Registry) Handles(rid string) []*Handle {
	if e := r.find(rid); e != nil {
		return slices.Collect(e.handles.all())
	}
	return nil
}

// Synced reports whether any handle on rid has been given a Sync.
func (r *Registry) Synced(rid string) bool {
	e := r.find(rid)
	return e != nil && e.synced()
}

// Direct returns how many direct subscriptions the gateway counts for rid.
func (r *Registry) Direct(rid string) int {
	if e := r.find(rid); e != nil {
		return int(e.direct)
	}
	return 0
}

// Live reports whether rid's copy is held, so that it is what the gateway has.
func (r *Registry) Live(rid string) bool {
	e := r.find(rid)
	return e != nil && e.standing == held
}

// Follows reports whether there is a copy of rid that follows its events: it is live,
// or may turn out to be.
func (r *Registry) Follows(rid string) bool {
	e := r.find(rid)
	return e != nil && e.follows()
}

// Dead reports whether rid was deleted on this connection and is still referred
// to. The gateway would answer a subscribe with the dead content and send no events.
func (r *Registry) Dead(rid string) bool {
	e := r.find(rid)
	return e != nil && e.dead
}

// Cause returns why rid is stale, nil if it is live or nothing was lost.
func (r *Registry) Cause(rid string) error {
	e := r.find(rid)
	if e == nil || e.standing == held {
		return nil
	}
	return r.causeOf(e)
}

// causeOf returns why e is stale, if it was live once.
func (r *Registry) causeOf(e *entry) error {
	if x := e.extra; x != nil && x.cause != nil {
		return x.cause
	}
	if e.synced() {
		return r.lossCause
	}
	return nil
}

// Snapshot returns rid's copy, and whether it is held; nil when there is none.
func (r *Registry) Snapshot(rid string) (content *Resource, live bool) {
	e := r.find(rid)
	if e == nil || !e.has() {
		return nil, false
	}
	return e.snapshot(), e.standing == held
}

// Counts are the sizes of a registry.
type Counts struct {
	Subscriptions int // resources with a handle
	Stale         int // of these, the ones that are not live
	Lost          int // of these, the ones that were, and do not wait for their first Sync
	Resources     int // all that are known: these, and those reached through references
	Stuck         int // of these, the ones in error or deleted while something refers to them
}

// Counts returns how much there is.
func (r *Registry) Counts() Counts {
	return Counts{Subscriptions: r.wanted.n, Stale: r.unsynced, Lost: r.lost, Resources: len(r.entries), Stuck: len(r.stuck)}
}

// find returns the entry of rid, nil for none. Most questions are about what the one
// before was about.
func (r *Registry) find(rid string) *entry {
	if r.found == nil || r.found.rid != rid {
		r.found = r.entries[rid]
	}
	return r.found
}

// spelled returns an rid that is a part of a message as a string: without making one,
// if it is known.
func (r *Registry) spelled(rid []byte) string {
	if r.found == nil || r.found.rid != string(rid) {
		if r.found = r.entries[string(rid)]; r.found == nil {
			return string(rid)
		}
	}
	return r.found.rid
}

// entry returns the entry of rid, which may be part of a message.
func (r *Registry) entry(rid string) *entry {
	if e := r.find(rid); e != nil {
		return e
	}
	return r.entryOf(strings.Clone(rid))
}

// entryOf is entry for an rid that is kept.
func (r *Registry) entryOf(rid string) *entry {
	e := r.find(rid)
	if e == nil {
		e = newEntry(rid)
		r.entries[rid], r.found = e, e
		r.most = max(r.most, len(r.entries))
	}
	return e
}

// stand changes what e's copy is worth.
func (r *Registry) stand(e *entry, s standing) {
	r.tally(e, -1)
	e.standing = s
	r.tally(e, 1)
	r.noteStuck(e)
	if x := e.extra; x != nil && x.entry != nil {
		r.limbo.drop(x)
		x.entry = nil
	}
}

// tally counts e n times more where it belongs. What decides that is changed between
// a tally of -1 and one of 1. All handles on an entry have had a Sync, or none has.
func (r *Registry) tally(e *entry, n int) {
	if !e.wanted() || e.standing == held {
		return
	}
	r.unsynced += n
	if e.synced() {
		r.lost += n
	}
}

func reasonError(reason *res.Error) error {
	if reason == nil {
		return errReleased
	}
	return reason
}

// CloseAll ends all handles, and returns them: those on resources in the order of
// first subscription, then streams.
func (r *Registry) CloseAll() []*Handle {
	var all []*Handle
	for e := range r.wanted.all() {
		all = slices.AppendSeq(all, e.handles.all())
	}
	for _, s := range r.streams {
		all = append(all, s.Handle)
	}
	for _, h := range all {
		r.Close(h)
	}
	return all
}
