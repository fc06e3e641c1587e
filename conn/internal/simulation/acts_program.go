package simulation

import (
	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func (w *world) actSubscribe(d *dice) { w.subscribe(w.pickName(d), d.percent(30)) }

func (w *world) actClose(d *dice) {
	if l, ok := pick(w.listeners, d); ok && l.waits == nil {
		w.close(l)
	}
}

func (w *world) actRead(d *dice) {
	if l, ok := pick(w.listeners, d); ok {
		l.read(1 + d.n(10))
	}
}

func (w *world) actGiveUp(d *dice) {
	if r, ok := pick(w.asked, d); ok {
		w.giveUp(r)
	}
}

func (w *world) actGet(d *dice) { w.get(w.pickName(d)) }

func (w *world) actCall(d *dice) {
	method := [...]string{"find", "find", "echo"}[d.n(3)]
	w.makeCall(w.pickName(d), wire.TypeCall, method, method == "find" && d.percent(60), 0)
}

func (w *world) actLogin(d *dice) { w.makeCall(w.pickName(d), wire.TypeAuth, "login", false, 0) }

func (w *world) actStream(d *dice) {
	for _, l := range w.listeners {
		if l.stream {
			return
		}
	}
	w.stream(res.Pattern(">"))
}

// actAsk asks for what is answered at once.
func (w *world) actAsk(d *dice) {
	r := &request{name: w.pickName(d)}
	if d.percent(50) {
		r.in = core.Status{RID: rids[r.name], To: r}
	} else {
		r.in = core.View{RIDs: []string{rids[r.name]}, To: r}
	}
	w.ask(r)
	if !r.done {
		w.fail("a question that is not answered at once", "%T of %v", r.in, r.name)
	}
}

func (w *world) actReconnect(*dice) {
	r := &request{name: nameless}
	r.in = core.Reconnect{To: r}
	w.ask(r)
}

// actDrain has the client end when no call waits any more.
func (w *world) actDrain(*dice) {
	w.step(core.Drain{})
	w.checkDrain()
}

func (w *world) actEnd(*dice) { w.step(core.Close{}) }

func (w *world) actHook(d *dice) {
	switch {
	case w.hook == 0:
	case d.percent(40):
		w.makeCall(w.pickName(d), wire.TypeCall, "find", false, w.hook)
	case d.percent(20):
		w.makeCall(w.pickName(d), wire.TypeAuth, "login", false, w.hook)
	case d.percent(10):
		w.answerHook(errRefused)
	default:
		w.answerHook(nil)
	}
}
