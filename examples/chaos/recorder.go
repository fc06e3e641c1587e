package main

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn"
)

// phase is how a client stands, from bad to good.
type phase uint8

const (
	dialing       phase = iota // no connection
	resubscribing              // connected, and the subscriptions are being replayed
	behind                     // Connected, but something is stale, or in error
	inSync
)

var phaseNames = [...]string{"dialing", "resubscribing", "behind", "in sync"}

// String returns the phase in words.
func (p phase) String() string { return phaseNames[p] }

// recorder writes down what happens in a run, for the progress line and the report.
// Times are since the start of the run.
type recorder struct {
	began time.Time

	mu      sync.Mutex
	clients [][]turn
	down    []*outage // of each client, nil while it is in sync
	outages []*outage // those that are over
	faults  []*fault
	samples []sample
}

// turn says that a client's phase is another from then on.
type turn struct {
	at    time.Duration
	phase phase
}

// outage is a time in which a client was not in sync.
type outage struct {
	client   int
	from, to time.Duration
	fault    *fault // what it is put down to, nil for none
	resync   bool   // the client has decided to get everything anew
	asked    bool   // its program has asked for a reconnect
}

// sample is what there was in one second.
type sample struct {
	at             time.Duration
	events, writes int64
	inSync, faults int
}

func newRecorder(clients int) *recorder {
	r := &recorder{began: time.Now(), clients: make([][]turn, clients), down: make([]*outage, clients)}
	for i := range r.clients {
		r.clients[i] = []turn{{0, dialing}}
		r.down[i] = &outage{client: i + 1}
	}
	return r
}

func (r *recorder) now() time.Duration { return time.Since(r.began) }

// phase enters how a client stands now, and to which gateway it is, or was, connected.
func (r *recorder) phase(client int, p phase, gateway int, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, now := client-1, r.now()
	turns := r.clients[i]
	was := turns[len(turns)-1].phase
	if was == p {
		return
	}
	r.clients[i] = append(turns, turn{now, p})
	switch {
	case p == inSync:
		o := r.down[i]
		r.down[i] = nil
		if o.from > 0 { // not the start
			o.to = now
			r.outages = append(r.outages, o)
		}
	case was == inSync:
		o := &outage{client: client, from: now, fault: r.blame(gateway, p)}
		o.asked = errors.Is(cause, conn.ErrReconnect)
		o.resync = errors.Is(cause, conn.ErrInconsistent) && (o.fault == nil || !o.fault.kind.garbles)
		if o.resync || o.asked {
			o.fault = nil
		}
		r.down[i] = o
	}
}

// memory is how long a fault that is over may still be to blame.
const memory = 6 * time.Second

// blame finds what a client at a gateway most likely suffers from: of the faults that
// concern it the latest, and rather one of its connection if that is what it has lost.
func (r *recorder) blame(gateway int, p phase) (most *fault) {
	better := func(f *fault) bool {
		if fits, fit := f.kind.services == (p == behind), most == nil || most.kind.services == (p == behind); fits != fit {
			return fits || most == nil
		}
		return most == nil || f.from > most.from
	}
	for _, f := range r.faults {
		recent := f.to == 0 || r.now()-f.to < memory
		if recent && f.concerns(gateway) && better(f) {
			most = f
		}
	}
	return most
}

// begin enters a fault.
func (r *recorder) begin(f *fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.from = r.now()
	r.faults = append(r.faults, f)
}

func (r *recorder) end(f *fault, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.to, f.err = r.now(), err
}

// sample enters the counts of one more second, and returns the phases of all clients and
// the faults that there are.
func (r *recorder) sample(events, writes int64) (phases []phase, active []*fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := sample{at: r.now(), events: events, writes: writes}
	for _, turns := range r.clients {
		p := turns[len(turns)-1].phase
		phases = append(phases, p)
		if p == inSync {
			s.inSync++
		}
	}
	for _, f := range r.faults {
		if f.to == 0 {
			active = append(active, f)
		}
	}
	s.faults = len(active)
	r.samples = append(r.samples, s)
	return phases, active
}

// record is all of it.
type record struct {
	length   time.Duration
	gateways int
	clients  [][]turn
	outages  []*outage
	faults   []*fault
	samples  []sample
}

func (r *recorder) record(gateways int) record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return record{r.now(), gateways, slices.Clone(r.clients), slices.Clone(r.outages), slices.Clone(r.faults), slices.Clone(r.samples)}
}
