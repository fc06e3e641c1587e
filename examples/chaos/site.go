package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A site is what one service knows: a tree of resources, five levels deep, and what has
// become of it. It is the truth that the clients' copies must come to.
//
//	site.1                      model       the root
//	└─ site.1.halls             collection  of references
//	   └─ site.1.hall.2         model
//	      ├─ site.1.hall.2.log  collection  of numbers, the latest last
//	      └─ site.1.hall.2.machines         of references
//	         └─ site.1.machine.17           model
//
// Every write of a model raises its seq by one, and every entry of a log is one more than
// the one before, so that a reader of the events can tell whether one is missing,
// has come twice, or out of order.
//
// Whenever the service begins anew on NATS, its run is one more, in every model and as
// the first item of every collection. So what gateways learn by a reset can be told from
// what they learn by events: events may have been lost before a new run, and never within one.
type site struct {
	name     string
	run      int
	seq      int
	featured int // the number of a machine
	halls    []*hall
	machines map[int]*machine
	last     int // the highest number of a machine
	ticks    int // custom events sent
}

type hall struct {
	seq      int
	note     string
	machines []int
	log      []int
	logged   int
}

type machine struct {
	seq   int
	value int
	state string
}

const logLength = 12

// newSite makes a site of about so many resources.
func newSite(name string, resources int) *site {
	s := &site{name: name, machines: make(map[int]*machine)}
	perHall := 8
	halls := max(2, (resources-2)/(perHall+3))
	for range halls {
		s.halls = append(s.halls, &hall{})
	}
	for i := range max(2*halls, resources-2-3*halls) {
		s.build(s.halls[i%halls])
	}
	s.featured = 1
	return s
}

// build puts a new machine at the end of a hall.
func (s *site) build(h *hall) int {
	s.last++
	s.machines[s.last] = &machine{state: "new"}
	h.machines = append(h.machines, s.last)
	return s.last
}

// size is how many resources there are.
func (s *site) size() int { return 2 + 3*len(s.halls) + len(s.machines) }

func (s *site) hallRID(i int) string         { return fmt.Sprintf("%s.hall.%d", s.name, i) }
func (s *site) machineRID(number int) string { return fmt.Sprintf("%s.machine.%d", s.name, number) }

// content returns what a resource is now.
func (s *site) content(rid string) (content, bool) {
	rest, own := strings.CutPrefix(rid, s.name)
	if !own {
		return content{}, false
	}
	switch part := strings.Split(rest, "."); {
	case rest == "":
		return modelOf(map[string]any{"seq": s.seq, "run": s.run,
			"halls": ref(s.name + ".halls"), "featured": ref(s.machineRID(s.featured))}), true
	case rest == ".halls":
		return collectionOf(s.list(len(s.halls), func(i int) any { return ref(s.hallRID(i)) })), true
	case len(part) == 3 && part[1] == "machine":
		return s.machine(part[2])
	case len(part) >= 3 && part[1] == "hall":
		return s.hall(part[2], part[3:])
	}
	return content{}, false
}

func (s *site) machine(number string) (content, bool) {
	n, err := strconv.Atoi(number)
	m := s.machines[n]
	if err != nil || m == nil {
		return content{}, false
	}
	return modelOf(map[string]any{"seq": m.seq, "run": s.run, "value": m.value, "state": m.state}), true
}

func (s *site) hall(number string, part []string) (content, bool) {
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(s.halls) {
		return content{}, false
	}
	h, rid := s.halls[i], s.hallRID(i)
	switch strings.Join(part, ".") {
	case "":
		return modelOf(map[string]any{"seq": h.seq, "run": s.run, "note": h.note,
			"machines": ref(rid + ".machines"), "log": ref(rid + ".log")}), true
	case "machines":
		return collectionOf(s.list(len(h.machines), func(i int) any { return ref(s.machineRID(h.machines[i])) })), true
	case "log":
		return collectionOf(s.list(len(h.log), func(i int) any { return h.log[i] })), true
	}
	return content{}, false
}

// list is a collection: the run first, then n items.
func (s *site) list(n int, item func(int) any) []any {
	items := make([]any, 0, n+1)
	items = append(items, runMark(s.run))
	for i := range n {
		items = append(items, item(i))
	}
	return items
}

// runMark is the first item of every collection.
func runMark(run int) string { return fmt.Sprintf("run %d", run) }

// event is one that a service sends.
type event struct {
	rid, name string
	payload   any
}

// write changes something at random, and returns the events that say so.
func (s *site) write(rng *rand.Rand) []event {
	i := rng.IntN(len(s.halls))
	h := s.halls[i]
	switch dice := rng.IntN(100); {
	case dice < 60:
		return s.work(h.machines[rng.IntN(len(h.machines))], rng)
	case dice < 80:
		return s.log(i)
	case dice < 86:
		h.seq++
		h.note = fmt.Sprintf("note %d <&> \"%c\"", h.seq, rune('α'+rng.IntN(24)))
		return []event{s.change(s.hallRID(i), h.seq, map[string]any{"note": h.note})}
	case dice < 90:
		return s.tick()
	case dice < 93:
		return s.feature(h.machines[rng.IntN(len(h.machines))])
	case dice < 97:
		return s.move(i, rng.IntN(len(s.halls)), rng)
	default:
		return s.replace(i, rng)
	}
}

// change is the event of a model whose seq has just been raised.
func (s *site) change(rid string, seq int, values map[string]any) event {
	values["seq"], values["run"] = seq, s.run
	return event{rid, "change", map[string]any{"values": values}}
}

func (s *site) work(number int, rng *rand.Rand) []event {
	m := s.machines[number]
	m.seq++
	m.value += rng.IntN(9) - 4
	values := map[string]any{"value": m.value}
	if m.seq%10 == 1 {
		m.state = []string{"idle", "busy", "hot", "down"}[rng.IntN(4)]
		values["state"] = m.state
	}
	return []event{s.change(s.machineRID(number), m.seq, values)}
}

// log adds a number to the end of a hall's log, and takes the oldest away.
func (s *site) log(i int) []event {
	h, rid := s.halls[i], s.hallRID(i)+".log"
	h.logged++
	h.log = append(h.log, h.logged)
	events := []event{s.add(rid, len(h.log)-1, h.logged)}
	if len(h.log) > logLength {
		h.log = slices.Delete(h.log, 0, 1)
		events = append(events, s.remove(rid, 0))
	}
	return events
}

// Indexes are one more than in the list, for the run comes first.
func (s *site) add(rid string, idx int, v any) event {
	return event{rid, "add", map[string]any{"idx": idx + 1, "value": v}}
}

func (s *site) remove(rid string, idx int) event {
	return event{rid, "remove", map[string]any{"idx": idx + 1}}
}

// tick sends a custom event of the root.
func (s *site) tick() []event {
	s.ticks++
	return []event{{s.name, "tick", tick{N: s.ticks, Run: s.run}}}
}

// tick is the payload of a custom event. They count on from one to the next.
type tick struct {
	N   int `json:"n"`
	Run int `json:"run"`
}

func (s *site) feature(number int) []event {
	if s.featured == number {
		return nil
	}
	s.featured = number
	s.seq++
	return []event{s.change(s.name, s.seq, map[string]any{"featured": ref(s.machineRID(number))})}
}

// move carries a machine from one hall to another, or to another place in the same.
func (s *site) move(from, to int, rng *rand.Rand) []event {
	source, target := s.halls[from], s.halls[to]
	if len(source.machines) < 2 {
		return nil
	}
	at := rng.IntN(len(source.machines))
	number := source.machines[at]
	source.machines = slices.Delete(source.machines, at, at+1)
	place := rng.IntN(len(target.machines) + 1)
	target.machines = slices.Insert(target.machines, place, number)
	return []event{
		s.remove(s.hallRID(from)+".machines", at),
		s.add(s.hallRID(to)+".machines", place, ref(s.machineRID(number))),
	}
}

// replace takes a machine away for ever, and puts a new one at the end of its hall.
func (s *site) replace(i int, rng *rand.Rand) []event {
	h, rid := s.halls[i], s.hallRID(i)+".machines"
	at := rng.IntN(len(h.machines))
	old := h.machines[at]
	if old == s.featured {
		return nil
	}
	fresh := s.build(h)
	events := []event{s.add(rid, len(h.machines)-1, ref(s.machineRID(fresh))), s.remove(rid, at)}
	h.machines = slices.Delete(h.machines, at, at+1)
	delete(s.machines, old)
	return events
}
