package simulation

import (
	"slices"
	"time"

	"github.com/resclient/resclient-go/res"
)

// gateway is a Resgate process: what it knows of resources, and its connections. It
// does one thing after the other, as the world lets it.
type gateway struct {
	*world
	number int
	up     bool
	frozen bool // it is there, and does nothing

	topics    [topics]*topic
	feeds     [topics][]func() // messages of services that have not come in yet
	questions []*question      // out, oldest first
	conn      *conn            // the client's, nil for none
}

// The times of Resgate: how long a service may take, and how long a resource is kept
// that nobody uses.
const (
	serviceTimeout = 3 * time.Second
	cacheDelay     = 5 * time.Second
)

// start begins a process that knows nothing.
func (g *gateway) start() { *g = gateway{world: g.world, number: g.number, up: true} }

// kill ends it, with its connections.
func (g *gateway) kill() {
	c := g.conn
	*g = gateway{world: g.world, number: g.number}
	if c != nil {
		c.gone = true
		c.inbox, c.requests = nil, nil
	}
}

// crash is what Resgate does where it follows a pointer that leads nowhere: nobody catches that.
func (g *gateway) crash() {
	g.tell("gateway %d crashes", g.number)
	g.kill()
}

// works reports whether it does anything.
func (g *gateway) works() bool { return g.up && !g.frozen }

// feed takes a message of a service about a topic. They stay in order; how long each
// takes is the world's to say.
func (g *gateway) feed(topic int, f func()) {
	g.feeds[topic] = append(g.feeds[topic], f)
	if !g.setup.Lag && g.works() {
		g.hear(topic)
	}
}

// hear takes in everything about a topic.
func (g *gateway) hear(topic int) {
	for len(g.feeds[topic]) > 0 {
		g.hearOne(topic)
	}
}

func (g *gateway) hearOne(topic int) {
	f := g.feeds[topic][0]
	g.feeds[topic] = g.feeds[topic][1:]
	f()
}

// question is a request to a service that is out.
type question struct {
	gateway *gateway
	kind    questionKind
	name    name
	thing   int
	topic   int
	method  string
	conn    *conn // on whose behalf
	due     time.Time
	served  bool // the answer is on its way
	then    func(answer)
}

func (g *gateway) ask(q question) {
	q.gateway, q.due = g, g.now.Add(serviceTimeout)
	q.thing, q.topic = spellings[q.name].thing, spellings[q.name].topic
	g.questions = append(g.questions, &q)
}

// end hands over the answer, once.
func (q *question) end(a answer) {
	if i := slices.Index(q.gateway.questions, q); i >= 0 {
		q.gateway.questions = slices.Delete(q.gateway.questions, i, i+1)
		q.then(a)
	}
}

// unserved returns the questions that services have not answered.
func (g *gateway) unserved() []*question {
	open := g.scratch[:0]
	for _, q := range g.questions {
		if !q.served {
			open = append(open, q)
		}
	}
	g.scratch = open
	return open
}

// serve lets a service answer a question.
func (g *gateway) serve(q *question, a answer) {
	q.served = true
	g.feed(q.topic, func() { q.end(a) })
}

// due returns when something falls due.
func (g *gateway) due() time.Time {
	var first time.Time
	if !g.works() {
		return first
	}
	for _, q := range g.questions {
		first = earlier(first, q.due)
	}
	for _, t := range g.topics {
		if t != nil {
			first = earlier(first, t.idleUntil)
		}
	}
	return first
}

// expire does what has fallen due.
func (g *gateway) expire() {
	if !g.works() {
		return
	}
	for _, q := range slices.Clone(g.questions) {
		if !g.now.Before(q.due) {
			q.end(answer{code: res.CodeTimeout})
		}
	}
	for i, t := range g.topics {
		if t != nil && !t.idleUntil.IsZero() && !g.now.Before(t.idleUntil) {
			g.topics[i] = nil
		}
	}
}

// earlier returns the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
