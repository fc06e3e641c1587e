package subs

import (
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Install takes in the resource set of any answer or event; it keeps nothing of it.
// What is held already is left as it is: the gateway sends content again that
// it first loaded long ago, and the events since are in the copy. Anything else for
// it is a fault. What was deleted is left so too, as long as something refers to it:
// no event would come.
//
// What nothing turns out to hold stays until [Registry.Answered] or another method
// that applies something is called, so that it can be read with [Registry.Snapshot].
func (r *Registry) Install(set wire.Set) {
	for _, resource := range set.Resources {
		if disposed(resource) { // and what refers to it there holds nothing
			r.faults = append(r.faults, inconsistent(resource.RID, "the gateway has ended its subscription and still refers to it"))
			if holdsOther(set, resource.RID) {
				continue
			}
		}
		e := r.entry(resource.RID)
		r.install(e, r.pack.resource(&e.content, resource))
	}
	r.installed(set.Resources)
}

// InstallModel is [Registry.Install] for a set that is one model, as a scanner has read it
// from text.
func (r *Registry) InstallModel(text []byte, m *wire.Scanned) {
	e := r.entryOf(r.spelled(m.RID.In(text)))
	r.install(e, r.pack.model(&e.content, text, m))
	r.installed([]wire.Resource{{RID: e.rid}})
}

// installed goes on when all of a set is taken in. It looks at nothing but the ids.
func (r *Registry) installed(set []wire.Resource) {
	r.lookBehind(set)
	for _, resource := range set {
		if e := r.find(resource.RID); e != nil && (e.direct > 0 || e.heldIn > 0) {
			r.hold(e)
		}
	}
}

// Regranted is [Registry.InstallModel] and [Registry.Subscribed] in one for the answer that
// comes most often after a reconnect: rid, as it was and of nothing else. It reports false for
// any other, and does nothing then.
func (r *Registry) Regranted(rid string, text []byte, m *wire.Scanned) bool {
	e := r.find(rid)
	if e == nil || e.standing != stale || e.sent || e.heldIn > 0 || e.extra != nil ||
		string(m.RID.In(text)) != rid || e.refers() || !e.content.isSpelled(m.Model.In(text), len(m.Values)) {
		return false
	}
	e.sent, e.missed, e.direct = true, false, e.direct+1
	r.stand(e, held)
	r.tellLive(revived{entry: e})
	return true
}

// install takes in what the gateway has sent for e.
func (r *Registry) install(e *entry, content Resource) {
	switch {
	case e.standing == held || e.dead:
		r.compare(e, &content)
	case !e.holding():
		r.replace(e, content)
	case e.standing == suspect:
		e.passOver(&content)
	}
}

// disposed reports whether a resource is an error only because the gateway came across
// a subscription of its own that had ended. It may have another one to the same resource.
func disposed(r wire.Resource) bool {
	return r.Kind == wire.KindError && r.Error.Code == res.CodeDisposedSubscription
}

func holdsOther(set wire.Set, rid string) bool {
	return slices.ContainsFunc(set.Resources, func(r wire.Resource) bool { return r.RID == rid && r.Kind != wire.KindError })
}

// replace gives e a new copy, which nothing holds yet.
func (r *Registry) replace(e *entry, content Resource) {
	if e.doubtful = r.doubt(e, &content); e.doubtful && e.standing == limbo {
		r.rememberFirst(e, &content)
		return // its events were applied all along: if one of the two is right, it is this
	}
	same := content.same(&e.content)
	if !same {
		r.keepTold(e)
	}
	if e.sent && e.cachedIn > 0 && content.hash() != e.firstCopy() {
		r.reloaded = append(r.reloaded, e)
	}
	if e.sent {
		r.forgetOpened(e)
	}
	old := e.content
	e.localCopy = localCopy{content: content}
	e.sent, e.missed = true, false
	if e.extra != nil {
		e.extra.slipped = false
	}
	if !same { // or it refers to what it referred to
		e.references(func(rid string) { r.entry(rid).cachedIn++ })
		old.references(r.uncache)
	}
	r.park(e)
	e.references(func(rid string) { r.prolong(r.find(rid)) })
}

// Subscribed tells that the gateway counts one more direct subscription for rid,
// after the set that came with it was installed.
func (r *Registry) Subscribed(rid string) {
	e := r.entry(rid)
	e.direct++
	r.hold(e)
	if e.standing == held {
		r.greet(e)
	}
	r.settle()
}
