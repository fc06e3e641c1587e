package simulation

import (
	"math"
	"slices"
	"time"

	"github.com/resclient/resclient-go/wire"
)

// outRequest is a request on the present connection.
type outRequest struct {
	wire.Request
	name     name
	sent     time.Time
	timedOut bool
	replay   bool // of what was subscribed when the connection was opened
}

// hasSynced reports whether a subscription on n has had its first Sync.
func (w *world) hasSynced(n name) bool {
	for _, l := range w.listeners {
		if l.name == n && l.synced {
			return true
		}
	}
	return false
}

func usesLine(q wire.Request) bool {
	return mayHold(q) || q.Type == wire.TypeUnsubscribe
}

func mayHold(q wire.Request) bool { return q.Type == wire.TypeSubscribe || q.Type == wire.TypeGet }

// outstanding reports whether a request is out that may subscribe to something.
func (w *world) outstanding() bool {
	return slices.ContainsFunc(w.out, func(o outRequest) bool { return o.Type != wire.TypeUnsubscribe })
}

// newestOut returns the id of the newest request that is out, 0 for none.
func (w *world) newestOut() uint64 {
	if len(w.out) == 0 {
		return 0
	}
	return w.out[len(w.out)-1].ID
}

// stillOut reports whether a request up to a given one is out, so that the client still has what
// was let go then.
func (w *world) stillOut(newest uint64) bool {
	for i := range w.out {
		if o := &w.out[i]; !o.timedOut {
			return o.ID <= newest
		}
	}
	return false
}

// newestCall returns the id of the newest call that is out, 0 for none.
func (w *world) newestCall() (id uint64) {
	for i := range w.out {
		if o := &w.out[i]; !usesLine(o.Request) {
			id = o.ID
		}
	}
	return id
}

// oldestCall returns the id of the oldest call that is out, a large number for none.
func (w *world) oldestCall() uint64 {
	for i := range w.out {
		if o := &w.out[i]; !usesLine(o.Request) {
			return o.ID
		}
	}
	return math.MaxUint64
}

func (w *world) answered(id uint64) {
	if i := w.request(id); i >= 0 {
		w.out = slices.Delete(w.out, i, i+1)
		w.conn.reveal(w.oldestCall())
	}
}

// request returns where in out the request with an id is, -1 for nowhere.
func (w *world) request(id uint64) int {
	return slices.IndexFunc(w.out, func(o outRequest) bool { return o.ID == id })
}

// expireRequests notes what the core gives up at this moment.
func (w *world) expireRequests() {
	for i := range w.out {
		o := &w.out[i]
		if w.now.Before(o.sent.Add(requestTimeout)) {
			return
		}
		if !o.timedOut {
			o.timedOut = true
			w.conn.reasons.add(unanswered)
			w.conn.hung = w.conn.hung || w.calm
			if o.name != nameless {
				w.conn.belief.lost[o.name] = true
			}
			if usesLine(o.Request) { // an unsubscribe, too, before the replay of the resource: that is not waited for any more
				w.conn.toReplay[o.name] = false
			}
		}
	}
}
