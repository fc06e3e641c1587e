package subs

import (
	"container/list"
	"encoding/binary"
	"hash/fnv"

	"github.com/resclient/resclient-go/wire"
)

// A gateway keeps, for each connection, the content of a resource as it first
// loaded it, and at times sends that again for a resource that was released on the
// connection, although it has forwarded changes since. The frames alone do not
// always tell such an old copy from a fresh one. It is doubtful if it equals the
// first copy that this connection was sent while the last state known did not, and
// then another connection is the one sure way to know.

// tombstones remember resources that were released on this connection, by what the
// connection was sent first. They are bounded: the oldest go.
type tombstones struct {
	byRID map[string]*list.Element // of grave
	order *list.List
}

type grave struct {
	rid      string
	first    uint64 // hash of the first copy
	outdated bool   // the last state differed, as far as is known
}

// maxTombstones bounds the memory for resources that are gone: about 1 MiB.
const maxTombstones = 8192

func newTombstones() tombstones {
	return tombstones{byRID: make(map[string]*list.Element), order: list.New()}
}

func (t *tombstones) bury(g grave) {
	t.exhume(g.rid)
	t.byRID[g.rid] = t.order.PushBack(g)
	if t.order.Len() > maxTombstones {
		t.exhume(t.order.Front().Value.(grave).rid)
	}
}

// exhume returns what is remembered of rid, and forgets it.
func (t *tombstones) exhume(rid string) (g grave, found bool) {
	el := t.byRID[rid]
	if el == nil {
		return grave{}, false
	}
	delete(t.byRID, rid)
	return t.order.Remove(el).(grave), true
}

// outdated reports whether the resource has changed since this connection was sent
// the copy, and to something else.
func (e *entry) outdated() bool {
	return e.missed || e.changed() && e.content.hash() != e.first
}

// doubt reports whether content that the gateway sends for e, which it does not
// hold, may be the first copy again.
func (r *Registry) doubt(e *entry, content *Resource) bool {
	if e.doubtful {
		return true
	}
	g, _ := r.graves.exhume(e.rid)
	if e.has() && e.sent {
		g = e.grave()
	}
	return g.outdated && content.hash() == g.first
}

// grave returns what is to be remembered of e.
func (e *entry) grave() grave {
	first := e.first
	if !e.changed() {
		first = e.content.hash()
	}
	return grave{rid: e.rid, first: first, outdated: e.doubtful || e.outdated()}
}

// PassOver tells that the gateway has sent a resource which is not taken in. It may send
// it again, and then it is old; or say no more than that it was sent, and then a copy
// that was there before is none.
func (r *Registry) PassOver(resource wire.Resource) {
	e := r.entry(resource.RID)
	content := r.pack.resource(e.rid, resource)
	switch {
	case !e.has() || !e.sent:
		r.graves.bury(grave{rid: e.rid, first: content.hash(), outdated: true})
	case e.standing == limbo:
		r.unpark(e)
		fallthrough
	default:
		e.passOver(&content)
	}
	r.orphans = append(r.orphans, e)
	r.settle()
}

// passOver notes that the gateway has sent content which is not taken in.
func (e *entry) passOver(content *Resource) { e.first, e.missed = content.hash(), true }

// miss notes an event that changes what the client does not follow any more. The
// gateway holds it nevertheless: because of a resource that was deleted, of a slip, or
// of something that is still loading.
func (r *Registry) miss(rid string) {
	if e := r.find(rid); e != nil && e.has() && e.sent {
		e.missed = true
	} else if el := r.graves.byRID[rid]; el != nil {
		g := el.Value.(grave)
		g.outdated = true
		el.Value = g
	}
}

// Doubtful reports whether rid's copy may be an old one, or one that the gateway has let
// go, so that only another connection can tell.
func (r *Registry) Doubtful(rid string) bool {
	e := r.find(rid)
	return e != nil && (e.doubtful || e.seldom().slipped)
}

// hash tells contents apart: equal contents have equal hashes, if the gateway
// spells them alike, as it does on one connection.
func (r *Resource) hash() uint64 {
	h := fnv.New64a()
	text := func(s string) {
		var length [8]byte
		binary.LittleEndian.PutUint64(length[:], uint64(len(s)))
		h.Write(length[:])
		h.Write([]byte(s))
	}
	text(r.Kind().String())
	for i := range r.properties() {
		p := r.property(i)
		text(p.Name)
		text(p.Value.Raw())
	}
	for _, v := range r.items() {
		text(v.Raw())
	}
	if err := r.is().err; err != nil {
		text(err.Code)
		text(err.Message)
		text(string(err.Data))
	}
	return max(1, h.Sum64()) // 0 says that there is none
}
