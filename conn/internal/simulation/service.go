package simulation

import (
	"slices"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// spelling is what a name stands for: the name that services know, called a topic
// here, the query, and the thing that is meant.
type spelling struct {
	topic int
	query string
	thing int
}

var spellings = [names]spelling{
	{0, "", 0}, {0, "", 0}, {1, "", 1}, {1, "", 1}, {2, "", 2}, {2, "", 2}, {3, "", 3}, {3, "", 3}, {4, "", 4}, {4, "", 4},
	{5, "", 5}, {5, "", 5}, {6, "a", 6}, {6, "b", 7}, {6, "b=", 7}, {4, "", 4}, {4, "", 4},
}

const (
	topics = 7
	things = 8
)

// thing is a resource as its service has it, which is the truth.
type thing struct {
	number int
	name   name // its plain spelling
	kind   wire.Kind
	now    *content   // nil when there is none
	past   []*content // what it was, newest last

	denied bool // to everybody
	secret bool // to who has not logged in
}

// pastKept is how many former contents a service can come back with.
const pastKept = 4

func newThings() []*thing {
	all := make([]*thing, things)
	for n, s := range spellings {
		if all[s.thing] == nil {
			t := &thing{number: s.thing, name: name(n), kind: wire.KindModel}
			if rids[n][0] == 'l' || rids[n] == "q?b" {
				t.kind = wire.KindCollection
			}
			all[s.thing] = t
		}
	}
	return all
}

func (t *thing) topic() int    { return spellings[t.name].topic }
func (t *thing) query() string { return spellings[t.name].query }

// become makes a content the present one.
func (t *thing) become(c *content) {
	if t.now != nil {
		t.past = append(t.past, t.now)
		if len(t.past) > pastKept {
			t.past = t.past[1:]
		}
	}
	t.now = c
}

// changeKind says what an event of a service is.
type changeKind uint8

const (
	changed changeKind = iota
	added
	removed
	deletedIt
	custom
)

// news is an event of a service.
type news struct {
	kind  changeKind
	props [len(props)]value // of a change: the new values
	mask  [len(props)]bool  // which are set; to absent to delete one
	index int
	value value
}

// applied returns what an event makes of a content, nil if it does not fit.
func (n *news) applied(c *content) *content {
	switch {
	case n.kind == changed && c.kind == wire.KindModel:
		d := *c
		for i, set := range n.mask {
			if set {
				d.props[i] = n.props[i]
			}
		}
		return &d
	case n.kind == added && c.kind == wire.KindCollection && n.index <= len(c.items):
		return &content{kind: c.kind, items: slices.Insert(slices.Clone(c.items), n.index, n.value)}
	case n.kind == removed && c.kind == wire.KindCollection && n.index < len(c.items):
		return &content{kind: c.kind, items: slices.Delete(slices.Clone(c.items), n.index, n.index+1)}
	}
	return nil
}

// publish makes an event known to all gateways. Of a query resource, services only
// say that something has changed; the gateway asks what.
func (w *world) publish(t *thing, n *news) {
	for _, g := range w.gateways {
		if !g.up {
			continue
		}
		g.feed(t.topic(), func() {
			topic := g.topics[t.topic()]
			switch {
			case topic == nil:
			case t.query() == "":
				topic.do(func() { topic.event(n) })
			case n.kind != custom:
				topic.do(topic.queryEvent)
			}
		})
	}
}

// update changes a thing.
func (w *world) update(t *thing, n *news) {
	t.become(n.applied(t.now))
	w.publish(t, n)
	w.tell("service makes %v %v", t.name, t.now)
}

// destroy deletes a thing.
func (w *world) destroy(t *thing) {
	t.become(nil)
	w.publish(t, &news{kind: deletedIt})
}

// create makes a thing that is not there.
func (w *world) create(t *thing, n int) {
	c := &content{kind: t.kind}
	if t.kind == wire.KindModel {
		c.props[0] = value{number, n}
	}
	t.now = c
}

// restart makes the service of a thing come back as it was at some time, and say so.
func (w *world) restart(t *thing, old *content) {
	if old != t.now {
		t.become(old)
	}
	for _, g := range w.gateways {
		if g.up {
			g.feed(t.topic(), func() {
				if topic := g.topics[t.topic()]; topic != nil {
					topic.do(topic.reset)
				}
			})
		}
	}
}

// reaccess makes the gateways ask again who may read a thing.
func (w *world) reaccess(t *thing) {
	for _, g := range w.gateways {
		if g.up {
			g.feed(t.topic(), func() {
				if topic := g.topics[t.topic()]; topic != nil {
					topic.do(topic.reaccess)
				}
			})
		}
	}
}

// questionKind is what a gateway asks a service.
type questionKind uint8

const (
	askGet questionKind = iota
	askAccess
	askCall
	askAuth
)

// answer is what a service answers, or the code of an error.
type answer struct {
	code    string
	content *content // of a get
	query   string   // of a get: the normal form
	granted bool     // of an access request
	found   name     // of a call: the resource that it is answered with, or nameless
}

// judge works out the answer of a service to a question.
func (w *world) judge(q *question) answer {
	t := w.things[q.thing]
	switch q.kind {
	case askGet:
		if t.now == nil {
			return answer{code: res.CodeNotFound}
		}
		return answer{content: t.now, query: t.query()}
	case askAccess:
		return answer{granted: !t.denied && (!t.secret || q.conn.loggedIn)}
	case askAuth:
		c := q.conn
		c.post(c.login)
		return answer{found: nameless}
	}
	if q.method == "find" {
		return answer{found: q.name}
	}
	return answer{found: nameless}
}
