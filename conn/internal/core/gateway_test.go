package core_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// gateway is a model of a gateway and of the services behind it. It answers as the
// real one was seen to do, but for its stale copies: what it sends is what there is.
type gateway struct {
	truth   map[string]*content // what the services have, by rid
	denied  map[string]bool
	session *session
}

// content is a model or a collection; its values are JSON.
type content struct {
	props   map[string]string // nil for a collection
	items   []string
	failure string // in the copy of a client: the error that stands in its place
}

// session is a connection.
type session struct {
	*gateway
	entries map[string]*entry
	pending []wire.Request // subscribe, get, call and auth requests that services are asked for
	outbox  []outFrame
}

// entry is a resource that the connection has something to do with.
type entry struct {
	count  int        // direct subscriptions, those of pending requests included
	sent   bool       // the client has the content, and is sent the events
	sticky *res.Error // the resource could not be had, and is not asked for again
	dead   *content   // what it was when it was deleted
}

// outFrame is a frame to the client, with the id of the request that it answers.
type outFrame struct {
	text string
	id   uint64
}

func (c *content) clone() *content {
	return &content{props: maps.Clone(c.props), items: slices.Clone(c.items)}
}

// String returns the content as the client prints it.
func (c *content) String() string {
	if c.failure != "" {
		return c.failure
	}
	if c.props == nil {
		return "[" + strings.Join(c.items, ",") + "]"
	}
	var members []string
	for _, k := range slices.Sorted(maps.Keys(c.props)) {
		members = append(members, fmt.Sprintf("%q:%s", k, c.props[k]))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func reference(rid string) string { return fmt.Sprintf(`{"rid":%q}`, rid) }

// referred returns what a value refers to.
func referred(value string) (rid string, ok bool) {
	rid, ok = strings.CutPrefix(value, `{"rid":"`)
	return strings.TrimSuffix(rid, `"}`), ok
}

func (c *content) references() []string {
	values := c.items
	for _, k := range slices.Sorted(maps.Keys(c.props)) {
		values = append(values, c.props[k])
	}
	var rids []string
	for _, v := range values {
		if rid, ok := referred(v); ok {
			rids = append(rids, rid)
		}
	}
	return rids
}

// truthOf returns what the services have for rid, which may have an empty query added.
func (g *gateway) truthOf(rid string) *content { return g.truth[strings.TrimSuffix(rid, "?")] }

func (s *session) entry(rid string) *entry {
	e := s.entries[rid]
	if e == nil {
		e = &entry{}
		s.entries[rid] = e
	}
	return e
}

// drop forgets the entries that nothing direct reaches, and the requests that wait for them.
func (s *session) drop() {
	reached := map[string]bool{}
	var todo []string
	for rid, e := range s.entries {
		if e.count > 0 {
			todo = append(todo, rid)
		}
	}
	for len(todo) > 0 {
		rid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		e := s.entries[rid]
		if e == nil || reached[rid] {
			continue
		}
		reached[rid] = true
		switch {
		case e.dead != nil: // it goes on holding what it refers to
			todo = append(todo, e.dead.references()...)
		case e.sent:
			todo = append(todo, s.truthOf(rid).references()...)
		}
	}
	maps.DeleteFunc(s.entries, func(rid string, _ *entry) bool { return !reached[rid] })
	s.pending = slices.DeleteFunc(s.pending, func(q wire.Request) bool { return usesLine(q) && !reached[q.RID] })
}

// set collects what the client has not been sent of what rid reaches.
type set struct{ models, collections, errors []string }

func (s *session) collect(rid string, into *set) {
	e := s.entry(rid)
	if e.sent {
		return
	}
	c := s.truthOf(rid)
	if c == nil && e.sticky == nil {
		e.sticky = res.ErrNotFound
	}
	if e.sticky != nil {
		into.errors = append(into.errors, fmt.Sprintf(`%q:{"code":%q,"message":""}`, rid, e.sticky.Code))
		return
	}
	e.sent = true
	into.add(rid, c)
	for _, child := range c.references() {
		s.collect(child, into)
	}
}

func (t *set) add(rid string, c *content) {
	member := fmt.Sprintf("%q:%s", rid, c)
	if c.props != nil {
		t.models = append(t.models, member)
	} else {
		t.collections = append(t.collections, member)
	}
}

// members returns the set as the last members of an object.
func (t *set) members() string {
	var b strings.Builder
	for i, group := range [][]string{t.models, t.collections, t.errors} {
		if len(group) > 0 {
			fmt.Fprintf(&b, `,%q:{%s}`, []string{"models", "collections", "errors"}[i], strings.Join(group, ","))
		}
	}
	return b.String()
}

func (s *session) send(id uint64, format string, args ...any) {
	s.outbox = append(s.outbox, outFrame{fmt.Sprintf(format, args...), id})
}

func (s *session) sendError(id uint64, err *res.Error) {
	s.send(id, `{"error":{"code":%q,"message":""},"id":%d}`, err.Code, id)
}

// receive takes a request in. What it counts, it counts at once.
func (s *session) receive(q wire.Request) {
	switch q.Type {
	case wire.TypeVersion:
		s.send(q.ID, `{"result":{"protocol":"1.2.3"},"id":%d}`, q.ID)
	case wire.TypeSubscribe, wire.TypeGet:
		s.entry(q.RID).count++
		s.pending = append(s.pending, q)
	case wire.TypeUnsubscribe:
		s.unsubscribe(q)
	default:
		s.pending = append(s.pending, q)
	}
}

func (s *session) unsubscribe(q wire.Request) {
	e, n := s.entries[q.RID], max(1, q.Count)
	if e == nil || e.count < n {
		s.sendError(q.ID, res.ErrNoSubscription)
		return
	}
	e.count -= n
	s.drop()
	s.send(q.ID, `{"id":%d}`, q.ID)
}

// take removes a request that is to be answered now.
func (s *session) take(i int) wire.Request {
	q := s.pending[i]
	s.pending = slices.Delete(s.pending, i, i+1)
	return q
}

// serve answers a request whose service has answered, with failure if it is not nil.
func (s *session) serve(q wire.Request, failure *res.Error) {
	switch q.Type {
	case wire.TypeSubscribe:
		s.subscribe(q, failure)
	case wire.TypeGet:
		s.get(q, failure)
	default:
		s.call(q, failure)
	}
	s.drop()
}

// problem returns why rid cannot be had.
func (s *session) problem(rid string, failure *res.Error) *res.Error {
	e := s.entry(rid)
	switch {
	case s.denied[rid]:
		return res.ErrAccessDenied
	case e.sticky != nil:
		return e.sticky
	case failure != nil && !e.sent:
		return failure
	case e.dead == nil && s.truthOf(rid) == nil:
		return res.ErrNotFound
	}
	return nil
}

func (e *entry) release() { e.count = max(0, e.count-1) }

func (s *session) subscribe(q wire.Request, failure *res.Error) {
	e := s.entry(q.RID)
	if err := s.problem(q.RID, failure); err != nil {
		e.release()
		s.sendError(q.ID, err)
		return
	}
	s.sendSet(q)
}

func (s *session) sendSet(q wire.Request) {
	var t set
	if e := s.entry(q.RID); e.dead != nil {
		t.add(q.RID, e.dead)
	} else {
		s.collect(q.RID, &t)
	}
	s.send(q.ID, `{"result":{%s},"id":%d}`, strings.TrimPrefix(t.members(), ","), q.ID)
}

// get forgets to take its count back when the resource cannot be had.
func (s *session) get(q wire.Request, failure *res.Error) {
	e := s.entry(q.RID)
	err := s.problem(q.RID, failure)
	switch {
	case err == nil:
		s.sendSet(q)
		e.release()
		return
	case err == res.ErrAccessDenied:
		e.release()
	case !e.sent:
		e.sticky = err
	}
	s.sendError(q.ID, err)
}

// call answers "find" with the resource itself, and anything else with a payload.
func (s *session) call(q wire.Request, failure *res.Error) {
	switch {
	case failure != nil:
		s.sendError(q.ID, failure)
	case q.Method != "find":
		s.send(q.ID, `{"result":{"payload":null},"id":%d}`, q.ID)
	default:
		s.find(q)
	}
}

func (s *session) find(q wire.Request) {
	e := s.entry(q.RID)
	e.count++
	var t set
	switch err := s.problem(q.RID, nil); {
	case err == nil && e.dead != nil:
		t.add(q.RID, e.dead)
	case err == nil:
		s.collect(q.RID, &t)
	default:
		if err == res.ErrAccessDenied {
			e.release()
		} else {
			e.sticky = err
		}
		t.errors = []string{fmt.Sprintf(`%q:{"code":%q,"message":""}`, q.RID, err.Code)}
	}
	s.send(q.ID, `{"result":{"rid":%q%s},"id":%d}`, q.RID, t.members(), q.ID)
}

// publish tells the client of an event of rid, if it follows it. What the new value
// refers to comes along.
func (g *gateway) publish(rid, name, data, value string) {
	s := g.session
	if s == nil {
		return
	}
	for _, id := range []string{rid, rid + "?"} {
		if e := s.entries[id]; e != nil && e.sent && e.dead == nil {
			var t set
			if child, ok := referred(value); ok {
				s.collect(child, &t)
			}
			s.send(0, `{"event":%q,"data":{%s%s}}`, id+"."+name, data, t.members())
		}
	}
	s.drop()
}

// set changes a property of a model; an empty value deletes it.
func (g *gateway) set(rid, prop, value string) {
	c := g.truth[rid]
	if c.props[prop] == value {
		return
	}
	text := value
	if value == "" {
		delete(c.props, prop)
		text = `{"action":"delete"}`
	} else {
		c.props[prop] = value
	}
	g.publish(rid, "change", fmt.Sprintf(`"values":{%q:%s}`, prop, text), value)
}

func (g *gateway) add(rid string, i int, value string) {
	c := g.truth[rid]
	c.items = slices.Insert(c.items, i, value)
	g.publish(rid, "add", fmt.Sprintf(`"idx":%d,"value":%s`, i, value), value)
}

func (g *gateway) remove(rid string, i int) {
	c := g.truth[rid]
	c.items = slices.Delete(c.items, i, i+1)
	g.publish(rid, "remove", fmt.Sprintf(`"idx":%d`, i), "")
}

// delete deletes a resource. What refers to it keeps the dead content.
func (g *gateway) delete(rid string) {
	old := g.truth[rid]
	delete(g.truth, rid)
	s := g.session
	if s == nil {
		return
	}
	for _, id := range []string{rid, rid + "?"} {
		if e := s.entries[id]; e != nil && e.sent && e.dead == nil {
			s.send(0, `{"event":%q,"data":null}`, id+".delete")
			e.dead = old.clone()
			s.revoke(id, res.ErrDeleted)
		}
	}
}

// revoke ends all direct subscriptions on rid, those included that are waited for.
func (s *session) revoke(rid string, reason *res.Error) {
	e := s.entries[rid]
	if e == nil || !e.sent {
		return
	}
	waiting := 0
	for _, q := range s.pending {
		if usesLine(q) && q.RID == rid {
			waiting++
		}
	}
	if e.count > waiting {
		s.send(0, `{"event":%q,"data":{"reason":{"code":%q,"message":""}}}`, rid+".unsubscribe", reason.Code)
	}
	for _, q := range s.pending {
		if usesLine(q) && q.RID == rid {
			s.sendError(q.ID, reason)
		}
	}
	s.pending = slices.DeleteFunc(s.pending, func(q wire.Request) bool { return usesLine(q) && q.RID == rid })
	e.count = 0
	s.drop()
}
