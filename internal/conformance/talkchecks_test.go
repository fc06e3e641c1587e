package conformance_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// told checks that the subscriptions to a resource have heard a custom event.
func (t *talk) told(ev *wire.Event) {
	switch ev.Name {
	case wire.EventChange, wire.EventAdd, wire.EventRemove, wire.EventDelete:
		return // compare sees to them
	}
	for _, f := range t.feeds[ev.RID] {
		if t.doubts || t.frames.direct[ev.RID] == 0 {
			return
		}
		all := f.all()
		last, _ := all[len(all)-1].(*subs.Custom)
		if last == nil || last.Name != ev.Name || string(last.Payload) != string(ev.Data) {
			fail("a subscription to %q was not told of %q, but of %v", ev.RID, ev.Name, all[len(all)-1])
		}
	}
}

// compare compares the client's copies, and what the subscriptions were told, with what
// the frames say.
func (t *talk) compare() {
	if t.cut || t.doubts {
		return
	}
	view, err := t.client.View(t.ctx, slices.Collect(maps.Keys(t.frames.direct))...)
	t.w.must(err)
	for rid := range t.frames.held() {
		want := t.frames.copies[rid]
		if got := view.Resource(rid); got == nil || !contentOf(got).equal(want) || view.Live(rid) == want.dead {
			fail("%q is %v, live: %v; the frames say %v, deleted: %v", rid, got, view.Live(rid), want, want.dead)
		}
	}
	for rid, feeds := range t.feeds {
		for _, f := range feeds {
			want := t.frames.copies[rid]
			if t.frames.direct[rid] > 0 && !want.dead && !contentOfReplica(f.replica).equal(want) {
				fail("the events of %q lead to %v %v, the frames to %v", rid, f.replica.model, f.replica.list, want)
			}
		}
	}
}

// lose ends the connection.
func (t *talk) lose() {
	if t.cut {
		return
	}
	t.cut = true
	t.script.end()
	synctest.Wait()
	for _, a := range t.asked {
		if a.answered || a.done == nil || a.Type == wire.TypeSubscribe || a.Type == wire.TypeGet {
			continue
		}
		if !a.isDone() || !errors.Is(a.err, conn.ErrConnectionLost) {
			fail("%v %q ends with %v, want ErrConnectionLost", a.Type, a.RID, a.err)
		}
	}
	for rid, feeds := range t.feeds {
		for _, f := range feeds {
			if st := f.Status(); st.Live {
				fail("%q is live without a connection", rid)
			}
		}
	}
}

// leave lets the program close the client.
func (t *talk) leave() {
	t.client.Close()
	t.cut = true
}

// finish checks what must be so at the end.
func (t *talk) finish() {
	if t.cut {
		return
	}
	if t.collect(); t.doubts {
		t.resync()
		return
	}
	for _, a := range t.asked {
		switch {
		case a.answered:
		case a.answer != nil:
			fail("%v %q is never answered", a.Type, a.RID)
		case a.done != nil && a.isDone():
			fail("%v %q has no answer, and ends with %v", a.Type, a.RID, a.err)
		}
	}
	s := t.client.Stats()
	if s.BadFrames+s.Inconsistencies+s.UnknownEvents > 0 || t.log.has("unexpected answer") {
		fail("something did not fit: %+v\n%s", s, t.log)
	}
	t.compareWithTruth()
	t.closeAll()
}

// compareWithTruth compares what is held with what the services have.
func (t *talk) compareWithTruth() {
	if t.protocol() != "" {
		return // values have other forms
	}
	for rid := range t.frames.held() {
		have, want := t.frames.copies[rid], t.truth.copies[rid]
		if have.dead || have.code != "" || want == nil || have.equal(want) {
			continue
		}
		if t.untold = true; untold[t.tr.Scenario] == "" {
			fail("%q is %v, the service has %v", rid, have, want)
		}
	}
}

// closeAll closes everything, after which nothing may be left, here or there.
func (t *talk) closeAll() {
	for _, feeds := range t.feeds {
		for _, f := range feeds {
			f.Close()
		}
	}
	t.giveUp() // what is not answered
	t.collect()
	if s := t.client.Stats(); s.Subscriptions != 0 || s.Resources != 0 && len(t.early) == 0 {
		fail("all is closed, and there are %d resources and %d subscriptions", s.Resources, s.Subscriptions)
	}
	for rid, n := range t.frames.direct {
		if n != 0 && len(t.early) == 0 {
			fail("all is closed, and the gateway counts %d on %q", n, rid)
		}
	}
}

// resync lets the client connect again, to a gateway that has what the services have.
func (t *talk) resync() {
	if s := t.client.Stats(); s.Resyncs == 0 || s.BadFrames > 0 {
		fail("the client has gone: %+v", s)
	}
	if resynced[t.tr.Scenario] == "" {
		fail("the client gets everything anew:\n%s", t.log)
	}
	t.conversation.resynced = true
	t.script.serve(t.truth)
	t.w.must(t.client.WaitInSync(t.w.within()))
	synctest.Wait()
	for rid, feeds := range t.feeds {
		view, err := t.client.View(t.ctx, rid)
		t.w.must(err)
		for _, reached := range view.RIDs() {
			want := t.truth.copies[reached]
			if got := contentOf(view.Resource(reached)); want == nil && got.code == "" || want != nil && !got.equal(want) {
				fail("after a resync %q is %v, the service has %v", reached, got, want)
			}
		}
		for _, f := range feeds {
			if !contentOfReplica(f.replica).equal(t.truth.copies[rid]) {
				fail("after a resync the events of %q lead to %v %v", rid, f.replica.model, f.replica.list)
			}
		}
	}
}

// recorder keeps a log.
type recorder struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds a line.
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func (r *recorder) has(message string) bool { return strings.Contains(r.String(), message) }
