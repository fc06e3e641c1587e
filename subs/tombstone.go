package subs

import (
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// A gateway keeps, for each connection, the content of a resource as it first
// loaded it, and at times sends that again for a resource that was released on the
// connection, although it has forwarded changes since. The frames alone do not
// always tell such an old copy from a fresh one. It is doubtful if it equals the
// first copy that this connection was sent while the last state known did not, and
// then another connection is the one sure way to know. If the gateway has let go of the
// resource by its slip (see slip.go), what refers to it may keep its first copy beside
// one that was loaded since, and send either: so then the earlier ones are remembered too.

// tombstones remember resources that were released on this connection, by what the
// connection was sent first. They are bounded: the oldest go.
type tombstones struct {
	byRID map[string]*grave
	order chain[grave]
}

type grave struct {
	rid      string
	first    uint64 // hash of the first copy
	outdated bool   // the last state differed, as far as is known
	slipped  bool   // the gateway may have let go of it by its slip
	earlier  firsts
	links    links[grave]
}

// maxTombstones bounds the memory for resources that are gone: about 1 MiB.
const maxTombstones = 8192

func newTombstones() tombstones {
	return tombstones{
		byRID: make(map[string]*grave),
		order: chain[grave]{links: func(g *grave) *links[grave] { return &g.links }},
	}
}

func (t *tombstones) bury(g grave) {
	if older := t.byRID[g.rid]; older != nil {
		t.forget(older)
	}
	t.byRID[g.rid] = &g
	t.order.push(&g)
	if t.order.n > maxTombstones {
		t.forget(t.order.first)
	}
}

func (t *tombstones) forget(g *grave) {
	delete(t.byRID, g.rid)
	t.order.drop(g)
}

// exhume returns what is remembered of rid, and forgets it.
func (t *tombstones) exhume(rid string) (g grave) {
	if known := t.byRID[rid]; known != nil {
		t.forget(known)
		g = *known
	}
	return g
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
	g := r.graves.exhume(e.rid)
	if e.has() && e.sent {
		g = e.grave()
	}
	if g.outdated && content.hash() == g.first || g.earlier.have(content) {
		return true
	}
	if g.outdated && g.slipped {
		g.earlier = g.earlier.with(g.first)
	}
	if len(g.earlier) > 0 {
		r.more(e).earlier = g.earlier
	}
	return false
}

// rememberFirst remembers content that the gateway may send again, beside the present first copy.
func (r *Registry) rememberFirst(e *entry, content *Resource) {
	if x := r.more(e); !x.earlier.have(content) {
		x.earlier = x.earlier.with(content.hash())
	}
}

// firsts is hashes of first copies that the gateway may still have, beside the present one.
type firsts []uint64

func (f firsts) have(content *Resource) bool {
	return len(f) > 0 && slices.Contains(f, content.hash())
}

// with adds one. Of very many the oldest goes.
func (f firsts) with(first uint64) firsts {
	if len(f) == maxFirsts {
		f = slices.Delete(f, 0, 1)
	}
	return append(f, first)
}

const maxFirsts = 8

// grave returns what is to be remembered of e.
func (e *entry) grave() grave {
	x := e.seldom()
	return grave{rid: e.rid, first: e.firstCopy(), outdated: e.doubtful || e.outdated(), slipped: x.slipped, earlier: x.earlier}
}

// firstCopy returns the hash of what this connection was sent first.
func (e *entry) firstCopy() uint64 {
	if e.changed() {
		return e.first
	}
	return e.content.hash()
}

// PassOver tells that the gateway has sent a resource which is not taken in. It may send
// it again, and then it is old; or say no more than that it was sent, and then a copy
// that was there before is none.
func (r *Registry) PassOver(resource wire.Resource) {
	e := r.entry(resource.RID)
	content := r.pack.resource(&e.content, resource)
	switch {
	case !e.has() || !e.sent:
		r.graves.bury(grave{rid: e.rid, first: content.hash(), outdated: true})
	case e.dead:
		r.compare(e, &content)
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
	} else if g := r.graves.byRID[rid]; g != nil {
		g.outdated = true
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
	b := r.is()
	d := digest(fnvOffset).number(uint64(b.kind))
	for _, name := range b.names {
		d = d.text(name)
	}
	d = d.text(string(r.packed))
	for _, p := range b.props {
		d = d.text(p.Name).value(p.Value)
	}
	for _, v := range b.items {
		d = d.value(v)
	}
	if err := b.err; err != nil {
		d = d.text(err.Code).text(err.Message).text(string(err.Data))
	}
	return max(1, uint64(d)) // 0 says that there is none
}

// digest is a hash in the making: FNV-1a.
type digest uint64

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func (d digest) number(n uint64) digest { return (d ^ digest(n)) * fnvPrime }

func (d digest) value(v res.Value) digest { return d.number(uint64(v.Kind())).text(v.Text()) }

func (d digest) text(s string) digest {
	d = d.number(uint64(len(s)))
	for i := range len(s) {
		d = d.number(uint64(s[i]))
	}
	return d
}
