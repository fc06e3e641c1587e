package conformance_test

import (
	"slices"
	"sync"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// tape records what a client sends and receives, and its transitions in between.
type tape struct {
	mu      sync.Mutex
	records []record
}

// record is a frame or a transition. Of request, response, event and transition one
// is set; none is if a frame makes no sense.
type record struct {
	generation uint64
	sent       bool
	text       string
	request    *wire.Request
	response   *wire.Response
	event      *wire.Event
	transition *state.Transition
}

func (t *tape) frame(f conn.Frame) {
	r := record{generation: f.Generation, sent: f.Sent, text: string(f.Data)}
	if f.Sent {
		if request, err := wire.ParseRequest(f.Data); err == nil {
			r.request = &request
		}
	} else if message, err := wire.Parse(f.Data); err == nil {
		r.response, _ = message.(*wire.Response)
		r.event, _ = message.(*wire.Event)
	}
	t.add(r)
}

func (t *tape) moved(tr state.Transition) {
	t.add(record{generation: tr.Generation, text: tr.String(), transition: &tr})
}

func (t *tape) add(r record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, r)
}

func (t *tape) all() []record {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.records)
}

// transitions returns them in order.
func (t *tape) transitions() (list []state.Transition) {
	for _, r := range t.all() {
		if r.transition != nil {
			list = append(list, *r.transition)
		}
	}
	return list
}

// requests returns the requests of a type about a resource, "" for any.
func (t *tape) requests(kind wire.RequestType, rid string) (list []record) {
	for _, r := range t.all() {
		if r.request != nil && r.request.Type == kind && (rid == "" || r.request.RID == rid) {
			list = append(list, r)
		}
	}
	return list
}

// index returns where the first record is for which is holds, and -1 for none.
func (t *tape) index(is func(record) bool) int { return slices.IndexFunc(t.all(), is) }

// answered reports whether a request has been.
func (t *tape) answered(request record) bool {
	return t.index(func(r record) bool {
		return r.generation == request.generation && r.response != nil && r.response.ID == request.request.ID
	}) >= 0
}

// direct follows the frames of a connection and calls step, after each, with the
// direct subscriptions that the gateway must be counting.
func (t *tape) direct(generation uint64, step func(map[string]int)) map[string]int {
	out, direct := map[uint64]*wire.Request{}, map[string]int{}
	for _, r := range t.all() {
		switch {
		case r.generation != generation:
		case r.request != nil:
			out[r.request.ID] = r.request
		case r.response != nil && out[r.response.ID] != nil:
			count(direct, out[r.response.ID], r.response)
			step(direct)
		case r.event != nil && r.event.Name == wire.EventUnsubscribe:
			if reason, err := r.event.Reason(); err == nil && reason != nil {
				delete(direct, r.event.RID)
			}
		}
	}
	return direct
}

// count takes in what an answer does to the direct subscriptions.
func count(direct map[string]int, q *wire.Request, a *wire.Response) {
	switch q.Type {
	case wire.TypeSubscribe:
		if a.Error == nil {
			direct[q.RID]++
		}
	case wire.TypeUnsubscribe:
		if a.Error == nil {
			direct[q.RID] -= max(q.Count, 1)
		}
	case wire.TypeGet: // one that fails because of the resource leaves a count behind
		if a.Error != nil && a.Error.Code != res.CodeAccessDenied {
			direct[q.RID]++
		}
	case wire.TypeCall, wire.TypeAuth, wire.TypeNew:
		if result, err := a.CallResult(); err == nil && result.RID != "" && !refused(result) {
			direct[result.RID]++
		}
	}
	for rid, n := range direct {
		if n == 0 {
			delete(direct, rid)
		}
	}
}

// refused reports whether the gateway denies the resource that a call is answered
// with. Then it does not count it; it does count one that is missing.
func refused(result wire.CallResult) bool {
	return slices.ContainsFunc(result.Set.Resources, func(r wire.Resource) bool {
		return r.RID == result.RID && r.Kind == wire.KindError && r.Error.Code == res.CodeAccessDenied
	})
}
