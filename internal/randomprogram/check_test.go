package randomprogram_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// finding is something that is not as it should be in the end.
type finding struct {
	client int
	rid    string // "" when it is not about a resource
	what   string

	sticky bool    // an error, or a stale copy, which something else refers to, or which is refused
	leaks  bool    // the gateway counts more than it has said
	wrong  content // live, and not what the service has; of no kind otherwise
}

func (f finding) String() string { return fmt.Sprintf("client %d: %q %s", f.client, f.rid, f.what) }

// outcome says what it took until everything was right.
type outcome struct {
	sticky     int // what only another connection could mend
	lost       int // what the gateway had silently let go, which only another connection could mend, too
	leaked     int // what the gateway counts for nothing
	misled     int // what the gateway had wrong for everybody
	reconnects uint64
}

// finish waits until everything has settled, and checks that it is right: as far as it
// can be on the present connections, on new ones, and with a new gateway.
func (r *run) finish() (out outcome) {
	for _, c := range r.clients {
		c.open = slices.DeleteFunc(c.open, func(f *feed) bool { return f.isClosed() })
	}
	left := r.await(r.findings)
	out = r.excuse(left, true)
	if out != (outcome{}) {
		r.log.printf("planned reconnects because of %v", left)
		for _, c := range r.clients {
			c.Reconnect()
		}
		left = r.await(r.findings)
		out.misled = r.excuse(left, false).misled
	}
	if out.misled > 0 {
		r.log.printf("a new gateway because of %v", left)
		r.must(r.gateway.Kill())
		r.must(r.gateway.Restart())
		out.leaked += r.reportBut(r.await(r.findings))
	}
	for _, c := range r.clients {
		out.reconnects += c.Stats().Resyncs
	}
	out.leaked += r.getEverything()
	out.leaked += r.closeEverything()
	return out
}

func (f *feed) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// await looks again and again until there is nothing to be found, or no hope left.
func (r *run) await(look func() []finding) []finding {
	began := time.Now()
	for pause := time.Millisecond; ; pause = min(2*pause, r.stuck/50) {
		r.settle()
		found := look()
		if waited := time.Since(began); len(found) == 0 || waited > r.patience ||
			waited > r.stuck && !slices.ContainsFunc(found, func(f finding) bool { return !f.sticky && !f.leaks && f.wrong.kind == 0 }) {
			return found
		}
		time.Sleep(pause)
	}
}

// report fails for everything that was found.
func (r *run) report(found []finding) {
	for _, f := range found {
		r.fail(errors.New(f.String()))
	}
}

// reportBut fails for everything that was found but what the gateway leaks, and counts
// that.
func (r *run) reportBut(found []finding) (leaked int) {
	for _, f := range found {
		if f.leaks {
			leaked++
		} else {
			r.report([]finding{f})
		}
	}
	return leaked
}

// excuse counts what the gateway is to blame for, and fails for the rest.
func (r *run) excuse(found []finding, asItIs bool) (out outcome) {
	for _, f := range found {
		switch {
		case f.sticky && asItIs:
			out.sticky++
		case f.leaks && asItIs:
			out.leaked++
		case f.wrong.kind != 0 && r.seenByOthers(f.rid) == f.wrong.String():
			out.misled++
		case f.wrong.kind != 0 && asItIs && !r.hears(r.clients[f.client], f.rid):
			out.lost++
		default:
			r.report([]finding{f})
		}
	}
	return out
}

// probeEvent is a custom event that tells whether the gateway sends events.
const probeEvent = "probe"

// hears reports whether the gateway sends a client the events of a resource.
func (r *run) hears(c *client, rid string) bool {
	before := c.ledger.heard(rid)
	r.must(r.service.Event(rid, probeEvent, nil))
	r.settle()
	time.Sleep(r.timeout)
	return c.ledger.heard(rid) > before
}

// seenByOthers returns the content of a resource that a new client gets to see.
func (r *run) seenByOthers(rid string) string {
	c, err := conn.New(r.gateway.URL(), r.options...)
	if err != nil {
		return err.Error()
	}
	defer func() { c.Close(); <-c.Done() }()
	ctx, cancel := context.WithTimeout(context.Background(), r.stuck)
	defer cancel()
	got, err := c.Get(ctx, rid)
	if err != nil {
		return content{kind: wire.KindError, code: codeOf(err)}.String()
	}
	return contentOf(got).String()
}

func codeOf(err error) string {
	if said := (*res.Error)(nil); errors.As(err, &said) {
		return said.Code
	}
	return err.Error()
}

// findings compares everything with what it should be.
func (r *run) findings() (found []finding) {
	for _, what := range r.callers() {
		found = append(found, finding{what: what + " has not returned"})
	}
	for _, c := range r.clients {
		found = append(found, r.inspect(c)...)
	}
	return append(found, r.compareCounts(found)...)
}

// inspect compares what a client has with what the services have.
func (r *run) inspect(c *client) (found []finding) {
	note := func(rid, format string, args ...any) *finding {
		found = append(found, finding{client: c.number, rid: rid, what: fmt.Sprintf(format, args...)})
		return &found[len(found)-1]
	}
	handles := c.handles()
	v, err := c.View(context.Background(), slices.Collect(maps.Keys(handles))...)
	if err != nil {
		note("", "view: %v", err)
		return found
	}
	referred := references(v, handles)
	for due := r.subscribable(handles); len(due.todo) > 0; {
		rid := due.next()
		is, have := v.Resource(rid), truthOf(r, rid)
		switch {
		case is == nil:
			note(rid, "is not there")
		case !v.Live(rid):
			note(rid, "is stale").sticky = referred[rid] || c.ledger.refused(rid)
		case contentOf(is).String() == have.String():
			have.references(due.add)
		case is.Kind() == wire.KindError:
			note(rid, "is %v, and not %v", contentOf(is), have).sticky = referred[rid]
		default:
			note(rid, "is %v, and not %v", contentOf(is), have).wrong = contentOf(is)
		}
	}
	for rid, feeds := range handles {
		for _, f := range feeds {
			if problem := f.compare(v); problem != "" {
				note(rid, "%s", problem)
			}
		}
	}
	s := c.Stats()
	if s.Resources != len(referred) {
		note("", "has %d resources and not %d", s.Resources, len(referred))
	}
	if uint64(s.Pending) > s.Timeouts || s.Offline > 0 { // some requests are never answered
		note("", "has %d requests out and %d waiting", s.Pending, s.Offline)
	}
	if s.BadFrames > 0 {
		note("", "could not read %d messages", s.BadFrames)
	}
	return found
}

func truthOf(r *run, rid string) content {
	c, _ := truth(r.service, rid)
	return c
}

// handles returns the open feeds by resource.
func (c *client) handles() map[string][]*feed {
	handles := make(map[string][]*feed)
	for _, f := range c.open {
		if open, _ := f.state(); open {
			handles[f.rid] = append(handles[f.rid], f)
		}
	}
	return handles
}

// due is what must be live in the end: what can be subscribed, and whatever that
// refers to. That may be missing, and must be an error then.
type due struct {
	todo []string
	seen map[string]bool
}

func (r *run) subscribable(handles map[string][]*feed) *due {
	d := &due{seen: make(map[string]bool)}
	for rid := range handles {
		if _, missing := truth(r.service, rid); !missing {
			d.add(rid)
		}
	}
	return d
}

func (d *due) add(rid string) {
	if !d.seen[rid] {
		d.seen[rid] = true
		d.todo = append(d.todo, rid)
	}
}

func (d *due) next() string {
	last := len(d.todo) - 1
	rid := d.todo[last]
	d.todo = d.todo[:last]
	return rid
}

// references returns all that the client should know, which is the handles' resources
// and what is referred to by a copy, and for each whether it is.
func references(v *subs.View, handles map[string][]*feed) map[string]bool {
	referred := make(map[string]bool, len(handles))
	for rid := range handles {
		referred[rid] = false
	}
	for _, rid := range v.RIDs() {
		contentOf(v.Resource(rid)).references(func(child string) { referred[child] = true })
	}
	return referred
}

// compare says what is wrong with the replica of a feed, given that the view is right.
func (f *feed) compare(v *subs.View) string {
	if f.how.watch {
		return f.compareLatest(v)
	}
	_, is := f.state()
	live := v.Live(f.rid)
	switch {
	case !is.synced:
		return "has a feed without a Sync"
	case is.lagged || is.stale == live:
		return fmt.Sprintf("has a feed that is behind: live %v, feed stale %v, lagging %v", live, is.stale, is.lagged)
	case live && is.String() != contentOf(v.Resource(f.rid)).String():
		return fmt.Sprintf("is %v, and its events lead to %v", contentOf(v.Resource(f.rid)), is.content)
	}
	return ""
}

// compareCounts compares the direct subscriptions that the gateway counts with what is
// open and can be had.
func (r *run) compareCounts(found []finding) []finding {
	all, known := r.connections()
	if !known {
		return nil
	}
	excused := make(map[string]bool)
	for _, f := range found {
		if f.sticky {
			excused[fmt.Sprint(f.client, f.rid)] = true
		}
	}
	var want, told, have []string
	for _, c := range r.clients {
		direct := map[string]int{}
		for rid := range c.handles() {
			if truthOf(r, rid).kind != wire.KindError && !excused[fmt.Sprint(c.number, rid)] {
				direct[rid] = 1
			}
		}
		want = append(want, fmt.Sprint(direct))
		told = append(told, fmt.Sprint(c.ledger.direct()))
	}
	for _, c := range all {
		have = append(have, fmt.Sprint(c.Subscriptions))
	}
	for _, list := range [][]string{want, told, have} {
		slices.Sort(list)
	}
	if slices.Equal(want, have) {
		return nil
	}
	return []finding{{
		what:  fmt.Sprintf("the gateway counts %v, and not %v; by the frames it must be %v", have, want, told),
		leaks: slices.Equal(want, told),
	}}
}

// getEverything gets every resource, which must not change anything.
func (r *run) getEverything() (leaked int) {
	for _, c := range r.clients {
		for i := range r.resources {
			r.log.printf("client %d gets %q", c.number, r.rid(i))
			ctx, cancel := context.WithTimeout(context.Background(), r.patience)
			got, err := c.Get(ctx, r.rid(i))
			cancel()
			is := content{kind: wire.KindError}
			if err != nil {
				is.code = codeOf(err)
			} else {
				is = contentOf(got)
			}
			if have := truthOf(r, r.rid(i)); is.String() != have.String() && !r.misleads(r.rid(i), is, have) {
				r.fail(fmt.Errorf("client %d gets %v for %q, and not %v", c.number, is, r.rid(i), have))
			}
		}
	}
	return r.reportBut(r.await(r.findings))
}

// misleads reports whether the gateway answers gets with something wrong: to everybody,
// or with an error that it has once had for this connection.
func (r *run) misleads(rid string, is, have content) bool {
	others := r.seenByOthers(rid)
	return others == is.String() || is.kind == wire.KindError && others == have.String()
}

// closeEverything ends all that there is. Nothing must be left.
func (r *run) closeEverything() (leaked int) {
	for _, c := range r.clients {
		for _, f := range c.open {
			f.close()
		}
		c.open = nil
	}
	leaked = r.reportBut(r.await(r.findings))
	for _, c := range r.clients {
		c.Close()
		<-c.Done()
	}
	r.callings.Wait()
	return leaked
}
