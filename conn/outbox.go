package conn

import (
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// outbox holds what waits to be written. Putting one in never waits.
type outbox struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting frames
	written frames    // what was taken last
	control control   // is to be written
	writing time.Time // since when one frame is being written; zero for none
}

// control is what is written beside the frames.
type control struct {
	ping bool
	pong *string // what the gateway's last ping said: the answer to that is enough
}

// outboxLimit is how many bytes may wait when a write does not get on for stuck.
const (
	outboxLimit = 64 << 20
	stuck       = time.Second
)

var errOutboxFull = errors.New("the gateway does not read what it is sent")

func newOutbox(room writeRoom) *outbox {
	return &outbox{wake: make(chan struct{}, 1), waiting: room.waiting, written: room.written}
}

// put adds frames, and reports whether there was room for them.
func (o *outbox) put(frames []core.Frame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting.text) > outboxLimit && !o.writing.IsZero() && time.Since(o.writing) > stuck {
		return false
	}
	for _, f := range frames {
		o.waiting.add(f.Data)
	}
	o.rouse()
	return true
}

// take returns what is to be written next. What was taken before was written; its room is
// used again.
func (o *outbox) take() frames {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting, o.written = o.written.emptied(len(o.waiting.text)), o.waiting
	return o.written
}

// writeRoom is the room of what waits to be written, empty. There is much to write after a
// reconnect, so a connection leaves it to the next.
type writeRoom struct {
	waiting, written frames
	held             []byte
}

// leave gives away the room, when nothing is to be taken any more.
func (o *outbox) leave() writeRoom {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := writeRoom{waiting: o.waiting.left(), written: o.written.left()}
	o.waiting, o.written = frames{}, frames{}
	return room
}

// frames are frames in one text.
type frames struct {
	text   []byte
	ends   []int // in text, of each
	lately int   // how long the text has been, about
}

func (f *frames) add(frame []byte) {
	if need := len(f.text) + len(frame); need > max(cap(f.text), roomForFrames/8) && need <= roomForFrames {
		f.text = slices.Grow(f.text, roomForFrames-len(f.text)) // there is much to write
	}
	f.text = append(doubled(f.text, len(frame)), frame...)
	f.ends = append(doubled(f.ends, 1), len(f.text))
}

// doubled returns a list that has room for n more, and then at least twice as much as before:
// append would make a long one anew for every quarter that it grows.
func doubled[T any](list []T, n int) []T {
	if len(list)+n <= cap(list) {
		return list
	}
	return slices.Grow(list, max(n, cap(list)))
}

// roomForFrames is for how many bytes of frames room is kept when there are few.
const roomForFrames = 64 << 10

// emptied returns frames without any, with the same room unless that is far more than has
// been used lately.
func (f frames) emptied(used int) frames {
	lately := max(used, f.lately-f.lately/8)
	if cap(f.text) > max(roomForFrames, 4*lately) {
		return frames{lately: lately}
	}
	return frames{text: f.text[:0], ends: f.ends[:0], lately: lately}
}

// roomLeft is for how many bytes of frames room is left to the next connection: enough for a
// replay. The next may be long in coming.
const roomLeft = 4 * roomForFrames

// left returns the room of frames that are of no use any more.
func (f frames) left() frames {
	if cap(f.text) > roomLeft {
		return frames{}
	}
	return frames{text: f.text[:0], ends: f.ends[:0]}
}

func (f frames) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		begin := 0
		for _, end := range f.ends {
			if !yield(f.text[begin:end]) {
				return
			}
			begin = end
		}
	}
}

// ping has a ping written.
func (o *outbox) ping() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control.ping = true
	o.rouse()
}

// pong has a ping of the gateway's answered.
func (o *outbox) pong(message string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control.pong = &message
	o.rouse()
}

// rouse wakes the writer.
func (o *outbox) rouse() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// begin notes that the next frame is being written since now, and returns what is to be
// written before it.
func (o *outbox) begin(now time.Time) (before control) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = now
	before, o.control = o.control, control{}
	return before
}

// rest notes that no frame is being written.
func (o *outbox) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = time.Time{}
}
