package subs

import (
	"cmp"
	"slices"
)

// requests are the subscribe and get requests whose answers may hold something, by their
// numbers. Most are answered in the order in which they were sent. Of those for one rid only
// the newest counts, and they are looked for by rid only when the gateway ends
// subscriptions or may have made a slip; so there is an index only from then on, for as long
// as requests are out.
type requests struct {
	list  []asked // those before begin were answered, and some of the others, too
	begin int
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

// add adds a request that is newer than all others.
func (q *requests) add(a asked) {
	if len(q.list) == cap(q.list) && q.begin > len(q.list)/4 {
		n := copy(q.list, q.list[q.begin:])
		clear(q.list[n:])
		q.list, q.begin = q.list[:n], 0
	}
	q.list = append(q.list, a)
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
		q.list[i] = a // it was over
	} else {
		q.list = slices.Insert(q.list, i, a)
	}
	q.added(a)
}

// at returns where the request with a number is, or would be.
func (q *requests) at(seq uint64) (i int, found bool) {
	if q.begin < len(q.list) && q.list[q.begin].seq == seq {
		return q.begin, true
	}
	i, found = slices.BinarySearchFunc(q.list[q.begin:], seq, func(a asked, seq uint64) int { return cmp.Compare(a.seq, seq) })
	return q.begin + i, found
}

// newest returns the newest request for rid, nil for none.
func (q *requests) newest(rid string) *asked {
	if q.n == 0 {
		return nil
	}
	if q.index == nil {
		q.index = make(map[string]uint64)
		for _, a := range q.list[q.begin:] {
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
	return &q.list[i]
}

// end has a request not count any more, nor those before for the same rid, and returns it.
// The zero value says that it did not count.
func (q *requests) end(seq uint64) (ended asked) {
	i, found := q.at(seq)
	if !found || q.list[i].over {
		return ended
	}
	ended = q.list[i]
	for j := q.begin; j < i; j++ {
		if !q.list[j].over && q.list[j].rid == ended.rid {
			q.pass(j)
		}
	}
	q.pass(i)
	q.trim()
	return ended
}

func (q *requests) pass(i int) {
	a := &q.list[i]
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
	if q.n == 0 {
		list := q.list[:0]
		if cap(list) > roomForRequests {
			list = nil
		}
		*q = requests{list: list}
		return
	}
	for q.list[q.begin].over {
		q.begin++
	}
	if len(q.list)-q.begin > 2*q.n+overKept {
		left := slices.DeleteFunc(q.list[q.begin:], func(a asked) bool { return a.over })
		q.list, q.begin = left, 0
	}
}

// roomForRequests is for how many requests room is kept when there are none.
const roomForRequests = 256

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
