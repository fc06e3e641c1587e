package randomprogram_test

import (
	"maps"
	"sync"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// ledger keeps, from the frames of a client alone, what the gateway must be counting
// for it, and which probe events have come.
type ledger struct {
	mu         sync.Mutex
	generation uint64
	requests   map[uint64]wire.Request
	counts     map[string]int  // direct subscriptions
	errors     map[string]bool // by resource, whether the last subscribe request was refused
	probes     map[string]int
}

func newLedger() *ledger { return &ledger{probes: make(map[string]int)} }

// frame takes in a frame, in the order of the wire.
func (l *ledger) frame(f conn.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Generation != l.generation {
		l.generation, l.requests = f.Generation, make(map[uint64]wire.Request)
		l.counts, l.errors = make(map[string]int), make(map[string]bool)
	}
	if f.Sent {
		if q, err := wire.ParseRequest(f.Data); err == nil {
			l.requests[q.ID] = q
		}
		return
	}
	switch m, _ := wire.Parse(f.Data); m := m.(type) {
	case *wire.Event:
		if m.Name == probeEvent {
			l.probes[m.RID]++
		}
		if _, err := m.Reason(); m.Name == wire.EventUnsubscribe && err == nil {
			delete(l.counts, m.RID)
		}
	case *wire.Response:
		q := l.requests[m.ID]
		delete(l.requests, m.ID)
		l.answered(q, m)
	}
}

func (l *ledger) answered(q wire.Request, a *wire.Response) {
	if q.Type == wire.TypeSubscribe {
		l.errors[q.RID] = a.Error != nil
	}
	switch {
	case q.Type == wire.TypeGet && a.Error != nil && a.Error.Code != res.CodeAccessDenied:
		l.add(q.RID, 1) // the gateway forgets to give it back
	case q.Type == wire.TypeUnsubscribe && a.Error != nil && a.Error.Code == res.CodeNoSubscription && q.Count == 1:
		delete(l.counts, q.RID)
	case a.Error != nil:
	case q.Type == wire.TypeSubscribe:
		l.add(q.RID, 1)
	case q.Type == wire.TypeUnsubscribe:
		l.add(q.RID, -max(1, q.Count))
	case q.Type == wire.TypeCall:
		if result, err := a.CallResult(); err == nil && result.RID != "" {
			l.add(result.RID, 1) // with an error it may not be counted
		}
	}
}

func (l *ledger) add(rid string, n int) {
	if l.counts[rid] += n; l.counts[rid] <= 0 {
		delete(l.counts, rid)
	}
}

// direct returns what the gateway must be counting.
func (l *ledger) direct() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// refused reports whether the gateway has refused the last subscribe request.
func (l *ledger) refused(rid string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errors[rid]
}

// heard returns how many probe events of a resource have come.
func (l *ledger) heard(rid string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.probes[rid]
}
