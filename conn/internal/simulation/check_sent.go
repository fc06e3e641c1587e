package simulation

import "github.com/resclient/resclient-go/conn/internal/core"

// checkWindows checks that no more requests go out than the windows allow, as they are at
// present.
func (w *world) checkWindows(before *core.Sizes) {
	if w.conn == nil || w.broken != nil {
		return
	}
	places, out := 0, 0
	for i := range w.out {
		if o := &w.out[i]; mayHold(o.Request) && !o.timedOut {
			out++
			if w.now.Before(o.sent.Add(slotTime)) {
				places++
			}
		}
	}
	is := w.core.Sizes()
	if have := is.Replay.Used + is.Fresh.Used; have != places {
		w.fail("another number of places than are taken", "%d, not %d", have, places)
	}
	if have := is.Replay.Out + is.Fresh.Out; have != out {
		w.fail("another number of requests in the windows than are out", "%d, not %d", have, out)
	}
	w.checkWindow(&before.Replay, &is.Replay)
	w.checkWindow(&before.Fresh, &is.Fresh)
	if w.sent > 0 && isFull(&is.Replay) && isFull(&is.Fresh) {
		w.fail("more requests than the windows allow", "%+v and %+v", is.Replay, is.Fresh)
	}
}

func (w *world) checkWindow(before, is *core.WindowSize) {
	if is.Limit < w.setup.Window || is.Limit > max(w.setup.Window, w.setup.MaxWindow) || is.Limit > before.Limit+w.messages {
		w.fail("a window of another size", "%d, after %d and %d messages", is.Limit, before.Limit, w.messages)
	}
	if (is.Used > before.Used || is.Out > before.Out) && isFull(is) {
		w.fail("more requests than a window allows", "%+v", is)
	}
}

// isFull reports whether a window has more than it may let out.
func isFull(w *core.WindowSize) bool { return w.Used > w.Limit || w.Out > 10*w.Limit }
