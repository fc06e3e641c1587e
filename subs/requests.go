package subs

import (
	"cmp"
	"slices"

	"github.com/resclient/resclient-go/internal/fifo"
)

// requests are the subscribe and get requests whose answers may hold something, by their
// numbers. Most are answered in the order in which they were sent. Of those for one rid only
// the newest counts, and they are looked for by rid only when the gateway ends
// subscriptions or may have made a slip; so there is an index only from then on, for as long
// as requests are out.
type requests struct {
	list  fifo.List[asked]  // some were answered
	n     int               // that count
	index map[string]uint64 // number of the newest by rid; nil while there is no need for it
}

// asked is a request for a resource.
type asked struct {
	seq     uint64
	rid     string
	entry   *entry // of the resource then, nil for none
	revoked bool   // an unsubscribe event has come since
	over    bool   // it does not count any more
}

// clear forgets all requests, and keeps the room.
func (q *requests) clear() {
	q.list.Clear()
	*q = requests{list: q.list}
}

// add adds a request that is newer than all others.
func (q *requests) add(a asked) {
	q.list.Push(a)
	q.added(a)
}

func (q *requests) added(a asked) {
	q.n++
	if q.index != nil {
		q.index[a.rid] = a.seq
	}
}

// insert adds a request that may be older than others, but not of those for its rid.
func (q *requests) insert(a asked) {
	if i, found := q.at(a.seq); found {
		q.list.Items()[i] = a // it was over
	} else {
		q.list.Keep(slices.Insert(q.list.Items(), i, a))
	}
	q.added(a)
}

// at returns where the request with a number is, or would be.
func (q *requests) at(seq uint64) (i int, found bool) {
	list := q.list.Items()
	if len(list) > 0 && list[0].seq == seq {
		return 0, true
	}
	return slices.BinarySearchFunc(list, seq, func(a asked, seq uint64) int { return cmp.Compare(a.seq, seq) })
}

// newest returns the newest request for rid, nil for none.
func (q *requests) newest(rid string) *asked {
	if q.n == 0 {
		return nil
	}
	if q.index == nil {
		q.index = make(map[string]uint64)
		for _, a := range q.list.Items() {
			if !a.over {
				q.index[a.rid] = a.seq
			}
		}
	}
	seq, known := q.index[rid]
	if !known {
		return nil
	}
	i, _ := q.at(seq)
	return &q.list.Items()[i]
}

// end has a request not count any more, nor those before for the same rid, and returns it.
// The zero value says that it did not count.
func (q *requests) end(seq uint64) (ended asked) {
	i, found := q.at(seq)
	list := q.list.Items()
	if !found || list[i].over {
		return ended
	}
	ended = list[i]
	for j := range i {
		if !list[j].over && list[j].rid == ended.rid {
			q.pass(&list[j])
		}
	}
	q.pass(&list[i])
	q.trim()
	return ended
}

func (q *requests) pass(a *asked) {
	if q.index[a.rid] == a.seq {
		delete(q.index, a.rid)
	}
	*a = asked{seq: a.seq, over: true}
	q.n--
}

// overKept is how many requests that are over do not matter.
const overKept = 64

// trim drops requests that are over: those at the head, and the others when there are many.
func (q *requests) trim() {
	for q.list.Len() > 0 && q.list.Items()[0].over {
		q.list.Shift()
	}
	if q.list.Len() > 2*q.n+overKept {
		q.list.Keep(slices.DeleteFunc(q.list.Items(), func(a asked) bool { return a.over }))
	}
	if q.n == 0 {
		q.index = nil
	}
}

// Requested tells that the request that was issued last is a subscribe or get
// request for rid. If rid is in limbo now, that request may be what holds it next.
func (r *Registry) Requested(rid string) {
	e := r.find(rid)
	r.requests.add(asked{seq: r.issued, rid: rid, entry: e})
	if e != nil {
		r.prolong(e)
	}
}

// Replied tells that request number seq, which is about rid, was answered, be it late or
// not, or that the gateway does not count it any more.
func (r *Registry) Replied(rid string, seq uint64) {
	if e := r.requests.end(seq).entry; e != nil && !e.removed {
		r.found = e // what comes next is about it, and there may be very many others
	}
	if len(r.releases) > 0 && r.releases[rid] == seq {
		delete(r.releases, rid)
	}
}

// Owed tells that the gateway may count a direct subscription for rid, because of request
// number seq, that is to be given back.
func (r *Registry) Owed(rid string, seq uint64) {
	owed := asked{seq: seq, rid: rid, entry: r.find(rid)}
	if known := r.requests.newest(rid); known != nil {
		if known.seq >= seq {
			known.entry = owed.entry
			return
		}
		owed.revoked = known.revoked
	}
	r.requests.insert(owed)
}

// GivenBack tells that the gateway counts none any more because of requests before.
func (r *Registry) GivenBack(rid string) {
	if known := r.requests.newest(rid); known != nil {
		r.requests.end(known.seq)
	}
}
