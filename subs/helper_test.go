package subs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

var errLost = errors.New("connection reset")

// set reads a resource set as it goes over the wire.
func set(t testing.TB, text string) wire.Set {
	t.Helper()
	s, err := (&wire.Response{Result: []byte(text)}).Set()
	if err != nil {
		t.Fatalf("the test's set %s: %v", text, err)
	}
	return s
}

// resource reads a resource set of one.
func resource(t testing.TB, text string) *subs.Resource {
	t.Helper()
	return subs.NewResource(set(t, text).Resources[0])
}

// values reads a JSON array of values.
func values(t testing.TB, text string) []res.Value {
	t.Helper()
	var list []res.Value
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("the test's values %s: %v", text, err)
	}
	return list
}

// rig drives a registry as a client would, in words of the protocol, and checks
// after every step that the registry does not contradict itself.
type rig struct {
	t       *testing.T
	reg     *subs.Registry
	seq     uint64
	out     []uint64 // requests that are not answered
	names   map[*subs.Handle]string
	handles map[string]*subs.Handle
	queues  map[*subs.Handle]*subs.Queue
}

func newRig(t *testing.T) *rig {
	return &rig{
		t:       t,
		reg:     subs.NewRegistry(),
		names:   map[*subs.Handle]string{},
		handles: map[string]*subs.Handle{},
		queues:  map[*subs.Handle]*subs.Queue{},
	}
}

func (r *rig) check() {
	r.t.Helper()
	if err := r.reg.Check(); err != nil {
		r.t.Fatal(err)
	}
}

// open opens the handle name on rid and reports whether it has its Sync.
func (r *rig) open(name, rid string) bool {
	r.t.Helper()
	h := &subs.Handle{Owner: name}
	r.names[h], r.handles[name] = name, h
	r.queues[h] = subs.NewQueue(subs.Limits{Events: 1 << 20, Bytes: 1 << 30})
	readable := r.reg.Open(h, rid)
	r.check()
	return readable
}

func (r *rig) close(name string) {
	r.t.Helper()
	r.reg.Close(r.handles[name])
	r.check()
}

// request sends a request.
func (r *rig) request() uint64 {
	r.seq++
	r.out = append(r.out, r.seq)
	r.reg.Issued(r.seq)
	return r.seq
}

// answered takes request seq from those that are out.
func (r *rig) answered(seq uint64) {
	r.t.Helper()
	r.out = slices.DeleteFunc(r.out, func(out uint64) bool { return out == seq })
	oldest := r.seq + 1
	if len(r.out) > 0 {
		oldest = r.out[0]
	}
	r.reg.Answered(oldest)
	r.check()
}

// granted answers subscribe request seq for rid.
func (r *rig) granted(seq uint64, rid, answer string) {
	r.t.Helper()
	install(r.reg, set(r.t, answer))
	r.reg.Subscribed(rid)
	r.answered(seq)
}

// subscribe sends and answers a subscribe request.
func (r *rig) subscribe(rid, answer string) {
	r.t.Helper()
	r.granted(r.request(), rid, answer)
}

// want opens a handle that is named like its resource, and subscribes.
func (r *rig) want(rid, answer string) {
	r.t.Helper()
	r.open(rid, rid)
	r.subscribe(rid, answer)
}

// got answers get request seq.
func (r *rig) got(seq uint64, answer string) {
	r.t.Helper()
	install(r.reg, set(r.t, answer))
	r.answered(seq)
}

// unsubscribe sends and answers an unsubscribe request.
func (r *rig) unsubscribe(rid string) {
	r.t.Helper()
	seq := r.request()
	r.reg.Unsubscribed(rid, 1)
	r.answered(seq)
}

// drop closes the handle that is named like its resource, and unsubscribes.
func (r *rig) drop(rid string) {
	r.t.Helper()
	r.close(rid)
	r.unsubscribe(rid)
}

// event applies an event with data as it goes over the wire.
func (r *rig) event(rid, name, data string) error {
	r.t.Helper()
	defer r.check()
	ev := &wire.Event{RID: rid, Name: name, Data: []byte(data)}
	switch name {
	case wire.EventChange:
		return r.reg.Changed(rid, decoded(r.t, ev.Change))
	case wire.EventAdd:
		return r.reg.Added(rid, decoded(r.t, ev.Add))
	case wire.EventRemove:
		return r.reg.Removed(rid, decoded(r.t, ev.Remove))
	case wire.EventDelete:
		return r.reg.Deleted(rid)
	case wire.EventUnsubscribe:
		return r.reg.Revoked(rid, decoded(r.t, ev.Reason))
	}
	return r.reg.Custom(rid, name, ev.Data)
}

func decoded[T any](t testing.TB, decode func() (T, error)) T {
	t.Helper()
	v, err := decode()
	if err != nil {
		t.Fatalf("the test's event: %v", err)
	}
	return v
}

// apply applies an event that must fit.
func (r *rig) apply(rid, name, data string) {
	r.t.Helper()
	if err := r.event(rid, name, data); err != nil {
		r.t.Fatalf("%s event for %q: %v", name, rid, err)
	}
}

func (r *rig) disconnect() {
	r.t.Helper()
	r.out = nil
	r.reg.Disconnected(errLost)
	r.check()
}

func (r *rig) sweep() {
	r.t.Helper()
	r.reg.Sweep()
	r.check()
}

// said returns everything delivered since the last call, one line per event.
func (r *rig) said() []string {
	lines := []string{}
	for _, d := range r.reg.TakeDeliveries() {
		q := r.queues[d.Handle]
		q.Push(d.Event)
		for ev, ok := q.Pop(); ok; ev, ok = q.Pop() {
			line := fmt.Sprintf("%s: %s", r.names[d.Handle], ev)
			if !d.Handle.Live() {
				line += " (not live)"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// hears compares what was delivered since the last call.
func (r *rig) hears(why string, want ...string) {
	r.t.Helper()
	if got := r.said(); !slices.Equal(got, want) {
		r.t.Errorf("%s:\n got %q\nwant %q", why, got, want)
	}
}

// forget drops what was delivered.
func (r *rig) forget() { r.said() }

// faults compares how many faults were found since the last call.
func (r *rig) faults(want int) {
	r.t.Helper()
	found := r.reg.TakeFaults()
	if len(found) != want {
		r.t.Errorf("faults %v, want %d", found, want)
	}
	for _, err := range found {
		if !errors.Is(err, subs.ErrInconsistent) {
			r.t.Errorf("the fault %v is not an ErrInconsistent", err)
		}
	}
}

// has compares rid's copy. An empty want stands for no copy, a leading "~" for one
// that is not live.
func (r *rig) has(rid, want string) {
	r.t.Helper()
	content, live := r.reg.Snapshot(rid)
	got := ""
	if content != nil {
		got = content.String()
		if !live {
			got = "~" + got
		}
	}
	if got != want {
		r.t.Errorf("%q is %s, want %s", rid, got, want)
	}
}

// counts compares the sizes of the registry.
func (r *rig) counts(subscriptions, stale, resources int) {
	r.t.Helper()
	got := r.reg.Counts()
	want := subs.Counts{Subscriptions: subscriptions, Stale: stale, Lost: got.Lost, Resources: resources}
	if got != want {
		r.t.Errorf("counts %+v, want %+v", got, want)
	}
}
