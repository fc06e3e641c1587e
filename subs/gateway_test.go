package subs_test

import (
	"maps"

	"github.com/resclient/resclient-go/wire"
)

// gateway is a naive model of the other side: what one connection was sent and
// still holds is computed anew, by reachability, after everything that happens.
type gateway struct {
	service
	truth   map[string]wire.Resource
	direct  map[string]int           // direct subscriptions that the client was told of
	pending map[string]bool          // subscribe requests that are not answered
	sent    map[string]bool          // what the client has, and gets events of
	dead    map[string]wire.Resource // deleted, and still referred to: what it was
}

func (g *gateway) connect() {
	g.direct, g.pending = map[string]int{}, map[string]bool{}
	g.sent, g.dead = map[string]bool{}, map[string]wire.Resource{}
}

// reach walks what was sent, from the resources that root holds for.
func (g *gateway) reach(root func(rid string) bool) map[string]bool {
	reached := map[string]bool{}
	var todo []string
	for rid := range g.sent {
		if root(rid) {
			todo = append(todo, rid)
		}
	}
	for len(todo) > 0 {
		rid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		dead, isDead := g.dead[rid]
		switch {
		case reached[rid]:
			continue
		case g.sent[rid]:
			todo = append(todo, references(g.truth[rid])...)
		case isDead: // it goes on holding what it refers to
			todo = append(todo, references(dead)...)
		default:
			continue
		}
		reached[rid] = true
	}
	return reached
}

// prune forgets what nothing holds any more.
func (g *gateway) prune() {
	reached := g.reach(func(rid string) bool { return g.direct[rid] > 0 || g.pending[rid] })
	maps.DeleteFunc(g.sent, func(rid string, _ bool) bool { return !reached[rid] })
	maps.DeleteFunc(g.dead, func(rid string, _ wire.Resource) bool { return !reached[rid] })
}

// live is what the client should have live: what it was told that it holds.
func (g *gateway) live() map[string]bool {
	live := g.reach(func(rid string) bool { return g.direct[rid] > 0 })
	maps.DeleteFunc(live, func(rid string, _ bool) bool { return !g.sent[rid] })
	return live
}

// collect returns the set that rid needs, and counts it as sent.
func (g *gateway) collect(rids ...string) wire.Set {
	var s wire.Set
	for len(rids) > 0 {
		rid := rids[len(rids)-1]
		rids = rids[:len(rids)-1]
		if dead, ok := g.dead[rid]; ok {
			s.Resources = append(s.Resources, clone(dead))
			continue
		}
		if g.sent[rid] {
			continue
		}
		g.sent[rid] = true
		s.Resources = append(s.Resources, clone(g.truth[rid]))
		rids = append(rids, references(g.truth[rid])...)
	}
	return s
}
