package simulation

import (
	"github.com/resclient/resclient-go/conn/internal/core"
)

// checkListeners compares what programs have made of their events with what the
// gateway has sent.
func (w *world) checkListeners(known *[names]core.Inspection) {
	for _, l := range w.listeners {
		switch {
		case !l.synced:
		case l.stream:
			w.checkStream(l, known)
		default:
			k := &known[l.name]
			if !k.Wanted {
				w.fail("a subscription that the client has forgotten", "%v", l)
			}
			if l.live != k.Live {
				w.fail("a subscription that was not told how it stands", "%v is told %v, not %v", l, l.live, k.Live)
			}
			if k.Live && l.upToDate() {
				w.checkMirrors(l)
			}
		}
	}
}

// checkMirrors compares the copies of a listener whose resource is live.
func (w *world) checkMirrors(l *listener) {
	expected := [names]bool{}
	expected[l.name] = true
	if l.deep {
		expected = w.conn.reached(expected)
	}
	for n, expected := range expected {
		m, c := &l.copies[n], w.conn.copies[n]
		switch {
		case !w.core.ResyncAt().IsZero() || w.conn.reasons&muddled != 0:
		case !expected && m.content != nil:
			w.fail("a deep subscription has what it does not reach", "%v: %v", l, name(n))
		case !expected || c == nil || w.conn.dead[n] || w.conn.diedOnce[n]:
		case m.content == nil || !m.live || !m.equal(c):
			w.fail("the events lead elsewhere", "%v has %v %v live %v, not %v", l, name(n), m.content, m.live, c)
		}
	}
}

// checkStream compares the copies of a stream with everything that is live.
func (w *world) checkStream(l *listener, known *[names]core.Inspection) {
	if !l.upToDate() {
		return
	}
	for n, k := range known {
		m := &l.copies[n]
		if k.Live != (m.content != nil && m.live) {
			w.fail("a stream was not told how a resource stands", "%v: live %v, told %v", name(n), k.Live, m.content != nil && m.live)
		} else if k.Live && !m.shows(k.Content) {
			w.fail("the events of a stream lead elsewhere", "%v has %v, not %v", name(n), m.content, k.Content)
		}
	}
}
