package simulation

import (
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// pickGateway returns a gateway, in most cases the one that is connected.
func (w *world) pickGateway(d *dice) *gateway {
	if w.conn != nil && d.percent(80) {
		return w.conn.gateway
	}
	return w.gateways[d.n(len(w.gateways))]
}

func (w *world) actReceive(d *dice) {
	if c := w.conn; c != nil && c.gateway.works() && !c.gone {
		for range min(len(c.requests), 1+d.n(3)) {
			c.take()
		}
	}
}

func (w *world) actWork(d *dice) {
	if c := w.conn; c != nil && c.gateway.works() && !c.gone {
		for range min(len(c.inbox), 1+d.n(6)) {
			c.work()
		}
	}
}

func (w *world) actHear(d *dice) {
	g := w.pickGateway(d)
	topic := d.n(topics)
	if g.works() && len(g.feeds[topic]) > 0 {
		g.hearOne(topic)
	}
}

func (w *world) actDeliver(d *dice) {
	if c := w.conn; c != nil && len(c.outbox) > 0 {
		w.deliver(1 + d.n(len(c.outbox)))
	}
}

func (w *world) actDial(d *dice) {
	next := core.Delay{Wait: time.Second, Stop: d.n(200) == 0}
	switch {
	case w.resets > 0 && d.percent(50):
		w.answerReset()
	case w.dial == nil:
	case d.percent(10):
		w.dialled(errRefused, next)
	default:
		w.tryDial(next)
	}
}

func (w *world) actPolicy(d *dice) {
	if len(w.asks) > 0 {
		w.answerAsk(core.Delay{Wait: time.Second, Stop: d.n(60) == 0})
	}
}

func (w *world) actWait(d *dice) { w.pass(time.Duration(d.n(2000)) * time.Millisecond) }

func (w *world) actWaitLong(d *dice) { w.pass(time.Duration(d.n(60)) * time.Second) }

func (w *world) actCut(*dice) {
	if w.conn != nil {
		w.lost(errCut)
	}
}

func (w *world) actLateWords(d *dice) {
	switch n := len(w.old.unread); {
	case w.old.generation == w.generation: // none is newer
	case n > 0:
		w.lateWords(1 + d.n(n))
	case w.old.generation > 0:
		w.quietly(core.Lost{Generation: w.old.generation, Err: errCut})
	}
}

// actLoseRequest makes the gateway leave a request without an answer, as it does with some.
func (w *world) actLoseRequest(*dice) {
	if c := w.conn; c != nil && len(c.requests) > 0 {
		q := c.requests[0]
		w.tell("the gateway ignores %v %s", q.Type, q.RID)
		c.requests = c.requests[1:]
		c.post(func() { c.ignore(q) })
	}
}

// actTooLarge makes the next frame larger than the client reads.
func (w *world) actTooLarge(*dice) {
	if c := w.conn; c != nil && len(c.outbox) > 0 {
		text := c.outbox[0].text
		w.tell("too large: %s", text)
		if i := w.request(c.outbox[0].id); i >= 0 && usesLine(w.out[i].Request) {
			w.tooLarge[w.out[i].name] = true
		}
		w.lost(core.Culprit(text[:min(len(text), 64)], text[max(0, len(text)-64):]))
	}
}

// actGarble makes the next frame one that is no JSON.
func (w *world) actGarble(d *dice) {
	if c := w.conn; c != nil && len(c.outbox) > 0 {
		text := c.outbox[0].text
		c.outbox[0] = frame{text: text[:d.n(max(1, len(text)))]}
		w.tell("garbled: %s", c.outbox[0].text)
		c.reasons.add(garbled)
	}
}

func (w *world) actKill(d *dice) {
	g := w.pickGateway(d)
	w.tell("gateway %d is killed", g.number)
	g.kill()
}

func (w *world) actStart(d *dice) {
	if g := w.gateways[d.n(len(w.gateways))]; !g.up {
		w.tell("gateway %d starts", g.number)
		g.start()
	}
}

func (w *world) actFreeze(d *dice) {
	if g := w.pickGateway(d); g.works() {
		w.tell("gateway %d freezes", g.number)
		g.frozen = true
		w.frozenAt = w.now
	}
}

func (w *world) actThaw(d *dice) {
	if g := w.gateways[d.n(len(w.gateways))]; g.frozen {
		w.tell("gateway %d thaws", g.number)
		g.frozen = false
	}
}
