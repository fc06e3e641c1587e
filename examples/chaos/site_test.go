package main

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// apply does to a copy of a site's resources what an event says.
func apply(t *testing.T, all map[string]content, ev event) {
	t.Helper()
	c := all[ev.rid]
	var p struct {
		Values map[string]json.RawMessage
		Idx    int
		Value  json.RawMessage
	}
	if err := json.Unmarshal([]byte(text(ev.payload)), &p); err != nil {
		t.Fatal(err)
	}
	switch ev.name {
	case "change":
		for name, v := range p.Values {
			c.props[name] = string(v)
		}
	case "add":
		c.items = slices.Insert(c.items, p.Idx, string(p.Value))
	case "remove":
		c.items = slices.Delete(c.items, p.Idx, p.Idx+1)
	}
	all[ev.rid] = c
}

func TestTheEventsOfASiteLeadToWhatItHas(t *testing.T) {
	s := newService(1, 100, nil)
	rng := rand.New(rand.NewPCG(1, 1))
	copies := s.truth()
	kinds := map[string]int{}
	for range 5000 {
		for _, ev := range s.site.write(rng) {
			kinds[ev.name]++
			apply(t, copies, ev)
			if strings.Contains(ev.rid, ".machines") && ev.name == "add" { // what gateways ask for then
				for rid, c := range s.truth() {
					if _, known := copies[rid]; !known {
						copies[rid] = c
					}
				}
			}
		}
	}
	if len(kinds) != 4 {
		t.Errorf("there were only events %v", kinds)
	}
	for rid, is := range s.truth() {
		if c := copies[rid]; !c.equal(is) {
			t.Errorf("%s is %v, and its events lead to %v", rid, is, c)
		}
	}
	if n := len(s.truth()); n != s.site.size() {
		t.Errorf("the root reaches %d resources of %d", n, s.site.size())
	}
}
