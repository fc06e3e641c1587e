package core

import (
	"iter"
	"slices"
	"sort"
	"time"

	"github.com/resclient/resclient-go/internal/fifo"
)

// table holds the requests that are out.
type table struct {
	recent ordered // that have not timed out
	late   ordered // that have: all of them are older
	seq    uint64  // of the newest, over all connections
}

// reset empties the table and returns what was in it, oldest first.
func (t *table) reset() []*request {
	lost := make([]*request, 0, t.out())
	for q := range t.all() {
		lost = append(lost, q)
	}
	t.recent.clear()
	t.late.clear()
	return lost
}

func (t *table) add(q *request) {
	t.seq++
	t.recent.add(q)
}

// find returns the request with an id, nil if it is not out.
func (t *table) find(id uint64) *request {
	if q := t.recent.find(id); q != nil {
		return q
	}
	return t.late.find(id)
}

// take is find, and removes it.
func (t *table) take(id uint64) *request {
	q := t.find(id)
	switch {
	case q == nil:
	case q.timedOut:
		t.late.drop(q)
	default:
		t.recent.drop(q)
	}
	return q
}

// out returns how many requests there are.
func (t *table) out() int { return t.late.n + t.recent.n }

// all iterates over the requests, oldest first.
func (t *table) all() iter.Seq[*request] {
	return func(yield func(*request) bool) {
		for _, o := range []*ordered{&t.late, &t.recent} {
			for q := range o.all() {
				if !yield(q) {
					return
				}
			}
		}
	}
}

// oldest returns the number of the oldest request that is out and has not timed
// out, or the next number to be given when there is none. Some requests are never
// answered; the registry must not wait for them.
func (t *table) oldest() uint64 {
	if q := t.recent.first(); q != nil {
		return requestSeq(q.id)
	}
	return t.seq + 1
}

// oldestOut is oldest with those that have timed out.
func (t *table) oldestOut() uint64 {
	if q := t.late.first(); q != nil {
		return requestSeq(q.id)
	}
	return t.oldest()
}

func (t *table) deadline(timeout time.Duration) time.Time {
	if q := t.recent.first(); q != nil {
		return q.sent.Add(timeout)
	}
	return time.Time{}
}

// expired returns a request that has just timed out, nil if there is none.
func (t *table) expired(now time.Time, timeout time.Duration) *request {
	q := t.recent.first()
	if q == nil || now.Before(q.sent.Add(timeout)) {
		return nil
	}
	t.recent.drop(q)
	q.timedOut, q.dropped = true, false // it was the first, so nothing of it is left there
	t.late.add(q)
	return q
}

// ordered is requests by their ids, which rise in the order in which they were sent.
// Most are answered in that order. Of others the place is left, until many are.
type ordered struct {
	fifo.List[*request]
	n int // that were not dropped
}

// clear forgets all requests, and keeps the room.
func (o *ordered) clear() {
	o.Clear()
	o.n = 0
}

// placesLeft is how many places of dropped requests do not matter.
const placesLeft = 64

func (o *ordered) add(q *request) {
	q.listed = true
	o.Push(q)
	o.n++
}

func (o *ordered) find(id uint64) *request {
	list, i := o.Items(), 0
	if len(list) > 0 && list[0].id < id {
		i = sort.Search(len(list), func(i int) bool { return list[i].id >= id })
	}
	if i == len(list) || list[i].id != id || list[i].dropped {
		return nil
	}
	return list[i]
}

// drop removes a request that is there.
func (o *ordered) drop(q *request) {
	q.dropped = true
	o.n--
	for o.Len() > 0 && o.Items()[0].dropped {
		o.Shift().listed = false
	}
	if o.Len() > 2*o.n+placesLeft {
		o.Keep(slices.DeleteFunc(o.Items(), func(q *request) bool {
			q.listed = !q.dropped
			return q.dropped
		}))
	}
}

// first returns the oldest request, nil if there is none.
func (o *ordered) first() *request {
	if o.n == 0 {
		return nil
	}
	return o.Items()[0]
}

func (o *ordered) all() iter.Seq[*request] {
	return func(yield func(*request) bool) {
		for _, q := range o.Items() {
			if !q.dropped && !yield(q) {
				return
			}
		}
	}
}
