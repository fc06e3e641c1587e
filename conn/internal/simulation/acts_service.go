package simulation

import (
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func (w *world) pickValue(d *dice) value {
	few := 35
	if w.setup.Graph {
		few = 75
	}
	switch {
	case d.percent(few):
		return value{reference, int(w.pickName(d))}
	case w.setup.Protocol != "": // older gateways send other values as strings
	case d.percent(10):
		return value{soft, int(w.pickName(d))}
	case d.percent(10):
		return value{data, d.n(3)}
	}
	return value{number, d.n(4)} // few, so that contents come to be equal
}

func (w *world) actChange(d *dice) {
	switch t := w.pickThing(d); {
	case t.now == nil:
	case t.kind == wire.KindModel:
		w.changeModel(t, d)
	case len(t.now.items) > 0 && (len(t.now.items) > 5 || d.percent(45)):
		w.update(t, &news{kind: removed, index: d.n(len(t.now.items))})
	default:
		w.update(t, &news{kind: added, index: d.n(len(t.now.items) + 1), value: w.pickValue(d)})
	}
}

func (w *world) changeModel(t *thing, d *dice) {
	n := &news{kind: changed}
	for range 1 + d.n(2) {
		i := d.n(len(props))
		n.mask[i] = true
		n.props[i] = w.pickValue(d)
		if d.percent(25) {
			n.props[i] = value{}
		}
	}
	if d.percent(10) { // move a value
		i, j := d.n(len(props)), d.n(len(props))
		n.mask[i], n.mask[j] = true, true
		n.props[i], n.props[j] = t.now.props[j], t.now.props[i]
	}
	w.update(t, n)
}

func (w *world) actCustom(d *dice) {
	if t := w.pickThing(d); t.now != nil {
		w.publish(t, &news{kind: custom, value: value{number, d.n(100)}})
	}
}

func (w *world) actDelete(d *dice) {
	if t := w.pickThing(d); t.now != nil {
		w.tell("service deletes %v", t.name)
		w.destroy(t)
	}
}

func (w *world) actCreate(d *dice) {
	if t := w.pickThing(d); t.now == nil {
		w.tell("service creates %v", t.name)
		w.create(t, d.n(4))
	}
}

// actRestartService makes a service come back with something older.
func (w *world) actRestartService(d *dice) {
	t := w.pickThing(d)
	old, ok := pick(t.past, d)
	if ok && t.now != nil {
		w.tell("service of %v restarts with %v", t.name, old)
		w.restart(t, old)
	}
}

func (w *world) actDeny(d *dice) {
	t := w.pickThing(d)
	if d.percent(30) {
		t.secret = !t.secret
	} else {
		t.denied = !t.denied
	}
	w.tell("%v denied %v, secret %v", t.name, t.denied, t.secret)
	if d.percent(50) {
		w.reaccess(t)
	}
}

func (w *world) actReaccess(d *dice) { w.reaccess(w.pickThing(d)) }

// pickQuestion returns a question that a service has not answered.
func (w *world) pickQuestion(d *dice) (*gateway, *question) {
	g := w.gateways[d.n(len(w.gateways))]
	if w.conn != nil && d.percent(70) {
		g = w.conn.gateway
	}
	q, ok := pick(g.unserved(), d)
	if !ok {
		return g, nil
	}
	return g, q
}

func (w *world) actServe(d *dice) {
	if g, q := w.pickQuestion(d); q != nil {
		a := w.judge(q)
		w.tell("service answers %v", q)
		g.serve(q, a)
	}
}

func (w *world) actServeError(d *dice) {
	if g, q := w.pickQuestion(d); q != nil {
		code := [...]string{res.CodeTimeout, res.CodeInternalError, res.CodeNotFound}[d.n(3)]
		if q.kind == askGet && q.conn == nil && code == res.CodeNotFound && w.things[q.thing].now != nil {
			code = res.CodeTimeout // of a reset it would be a delete event, which is not true
		}
		w.tell("service answers %v with %s", q, code)
		g.serve(q, answer{code: code})
	}
}

// actProlong lets a service ask for more time, more than the client has.
func (w *world) actProlong(d *dice) {
	if _, q := w.pickQuestion(d); q != nil {
		w.tell("service wants more time for %v", q)
		q.due = w.now.Add(time.Minute)
	}
}
