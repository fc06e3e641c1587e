package main

import (
	"fmt"
	"slices"
	"time"
)

// recovery says how long clients took to be in sync again after faults of one kind.
type recovery struct {
	kind   string
	about  string
	faults int             // that there were
	hits   []time.Duration // from the fault until in sync again, sorted
	notice []time.Duration // from the fault until out of sync, sorted
}

// recoveries sorts the outages by what they are put down to.
func (r record) recoveries() []recovery {
	var all []recovery
	for _, k := range kinds {
		one := recovery{kind: k.name, about: k.about}
		for _, f := range r.faults {
			if f.kind == k {
				one.faults++
			}
		}
		for _, o := range r.outages {
			if o.fault != nil && o.fault.kind == k {
				one.hits = append(one.hits, o.to-o.fault.from)
				one.notice = append(one.notice, o.from-o.fault.from)
			}
		}
		if one.faults > 0 {
			all = append(all, one.sorted())
		}
	}
	resync := recovery{kind: "resync", about: "what a gateway sent did not fit, so the client got everything anew"}
	asked := recovery{kind: "reconnect", about: "the program has asked for a new connection"}
	other := recovery{kind: "other", about: "no fault was near"}
	for _, o := range r.outages {
		one := &other
		switch {
		case o.fault != nil:
			continue
		case o.asked:
			one = &asked
		case o.resync:
			one = &resync
		}
		one.hits, one.notice = append(one.hits, o.to-o.from), append(one.notice, 0)
	}
	for _, one := range []recovery{asked, resync, other} {
		if len(one.hits) > 0 {
			all = append(all, one.sorted())
		}
	}
	return all
}

func (r recovery) sorted() recovery {
	slices.Sort(r.hits)
	slices.Sort(r.notice)
	return r
}

// percentile returns the value that p of 100 do not exceed. Times are sorted, and not none.
func percentile(times []time.Duration, p int) time.Duration {
	return times[(len(times)*p+99)/100-1]
}

// String is the recovery on one line.
func (r recovery) String() string {
	line := fmt.Sprintf("%-10s %3d faults, %3d outages", r.kind, r.faults, len(r.hits))
	if len(r.hits) == 0 {
		return line
	}
	return fmt.Sprintf("%s: in sync again after p50 %.2f s, p99 %.2f s, max %.2f s", line,
		percentile(r.hits, 50).Seconds(), percentile(r.hits, 99).Seconds(), r.hits[len(r.hits)-1].Seconds())
}
