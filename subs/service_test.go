package subs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// service makes up resources and what happens to them.
type service struct {
	rnd  *rand.Rand
	rids []string
}

func (s *service) value() res.Value {
	rid := s.rids[s.rnd.IntN(len(s.rids))]
	switch s.rnd.IntN(6) {
	case 0, 1, 2:
		return res.NewRef(rid)
	case 3:
		return res.NewSoftRef(rid)
	}
	return number(s.rnd.IntN(4))
}

func (s *service) resource(rid string) wire.Resource {
	r := wire.Resource{RID: rid, Kind: wire.KindModel}
	switch s.rnd.IntN(8) {
	case 0:
		r.Kind, r.Error = wire.KindError, &res.Error{Code: fmt.Sprintf("e.%d", s.rnd.IntN(2))}
	case 1, 2, 3:
		r.Kind = wire.KindCollection
		for range s.rnd.IntN(5) {
			r.Collection = append(r.Collection, s.value())
		}
	default:
		for name := 'a'; name < 'e'; name++ {
			if s.rnd.IntN(2) == 0 {
				r.Model = append(r.Model, wire.Property{Name: string(name), Value: s.value()})
			}
		}
	}
	return r
}

// clone returns a copy that its receiver may keep.
func clone(r wire.Resource) wire.Resource {
	r.Model, r.Collection = slices.Clone(r.Model), slices.Clone(r.Collection)
	return r
}

// change makes up a change event for a model and applies it. No values means that
// nothing became another.
func (s *service) change(r *wire.Resource) []wire.Property {
	var changed []wire.Property
	for name := 'a'; name < 'e'; name++ {
		if s.rnd.IntN(3) > 0 {
			continue
		}
		p := wire.Property{Name: string(name), Value: s.value()}
		i, found := slices.BinarySearchFunc(r.Model, p.Name, func(p wire.Property, name string) int { return strings.Compare(p.Name, name) })
		switch {
		case found && s.rnd.IntN(4) == 0:
			r.Model = slices.Delete(r.Model, i, i+1)
			p.Value = deleted
		case found && r.Model[i].Value.Equal(p.Value):
			continue
		case found:
			r.Model[i].Value = p.Value
		default:
			r.Model = slices.Insert(r.Model, i, p)
		}
		changed = append(changed, p)
	}
	return changed
}

// deleted is a delete action.
var deleted = func() res.Value {
	v, err := res.ValueOf(res.DeleteAction)
	if err != nil {
		panic(err)
	}
	return v
}()

// references returns what r refers to, as far as the gateway follows it.
func references(r wire.Resource) []string {
	var rids []string
	for _, p := range r.Model {
		if p.Value.IsReference() {
			rids = append(rids, p.Value.RID())
		}
	}
	for _, v := range r.Collection {
		if v.IsReference() {
			rids = append(rids, v.RID())
		}
	}
	return rids
}
