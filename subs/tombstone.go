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

// tombstones remember resources that were changed and then released on this
// connection, by what the connection was sent first. They are bounded: the oldest
// go.
type tombstones struct {
	byRID map[string]*list.Element // of grave
	order *list.List
}

type grave struct {
	rid   string
	first uint64 // hash of the first copy; the last state differed
}

// maxTombstones bounds the memory for resources that are gone: about 1 MiB.
const maxTombstones = 8192

func newTombstones() tombstones {
	return tombstones{byRID: make(map[string]*list.Element), order: list.New()}
}

func (t *tombstones) bury(rid string, first uint64) {
	t.exhume(rid)
	t.byRID[rid] = t.order.PushBack(grave{rid, first})
	if t.order.Len() > maxTombstones {
		t.exhume(t.order.Front().Value.(grave).rid)
	}
}

// exhume returns what is remembered of rid, and forgets it.
func (t *tombstones) exhume(rid string) (first uint64, found bool) {
	el := t.byRID[rid]
	if el == nil {
		return 0, false
	}
	delete(t.byRID, rid)
	return t.order.Remove(el).(grave).first, true
}

// outdated reports whether e's copy has changed since this connection was sent it,
// and to something else.
func (c *localCopy) outdated() bool { return c.changed && c.content.hash() != c.first }

// doubt reports whether content that the gateway sends for e, which it does not
// hold, may be the first copy again.
func (r *Registry) doubt(e *entry, content *Resource) bool {
	if e.doubtful {
		return true
	}
	first, buried := r.graves.exhume(e.rid)
	if e.content != nil && e.changed {
		first, buried = e.first, e.outdated()
	}
	return buried && content.hash() == first
}

// Doubtful reports whether rid's copy may be an old one, so that only another
// connection can tell.
func (r *Registry) Doubtful(rid string) bool {
	e := r.entries[rid]
	return e != nil && e.doubtful
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
	text(r.kind.String())
	for _, p := range r.props {
		text(p.Name)
		text(p.Value.Raw())
	}
	for _, v := range r.items {
		text(v.Raw())
	}
	if r.kind == wire.KindError {
		text(r.err.Code)
		text(r.err.Message)
		text(string(r.err.Data))
	}
	return h.Sum64()
}
