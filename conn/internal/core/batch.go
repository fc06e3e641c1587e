package core

import (
	"strings"

	"github.com/resclient/resclient-go/wire"
)

// Batch is messages that are taken in together. The zero Batch is empty. Its room is
// used again after a [Batch.Reset], so that events cost no allocation of their own.
type Batch struct {
	Messages []Message

	bytes   int             // of the frames
	text    strings.Builder // of frames, one after the other; nothing is changed in it
	chunk   int             // how long a text is begun next
	scanner wire.Scanner
	answers room[answer]
	changes room[changeEvent]
	adds    room[addEvent]
	removes room[removeEvent]
}

// Reset empties the batch. The core must have taken in its messages before; it keeps
// nothing of them.
func (b *Batch) Reset() {
	clear(b.Messages)
	b.Messages, b.bytes = b.Messages[:0], 0
	b.scanner.Reset()
	if b.text.Cap() > maxChunk {
		b.text = strings.Builder{}
	}
	b.answers.reset()
	b.changes.reset()
	b.adds.reset()
	b.removes.reset()
}

// batchLimit is how many messages, and batchBytes how many bytes of them, are enough
// to be taken in together.
const (
	batchLimit = 128
	batchBytes = 64 << 10
)

// Full reports whether the batch is to be taken in before more is added to it.
func (b *Batch) Full() bool { return len(b.Messages) >= batchLimit || b.bytes >= batchBytes }

// Add decodes a frame. The batch does not keep it.
func (b *Batch) Add(frame []byte) {
	b.bytes += len(frame)
	m := b.scan(b.copy(frame))
	if m == nil {
		m = decode(frame)
	}
	b.Messages = append(b.Messages, m)
}

// Texts are begun with as much room as there were bytes before, within these bounds:
// a client that hears little has little.
const (
	minChunk = 512
	maxChunk = 32 << 10
)

// copy returns frame as a string. Many of them are in one text, which lives as long
// as any message that is of it.
func (b *Batch) copy(frame []byte) string {
	if b.text.Cap()-b.text.Len() < len(frame) {
		b.chunk = min(max(minChunk, 2*b.chunk), maxChunk)
		b.text = strings.Builder{}
		b.text.Grow(max(b.chunk, len(frame)))
	}
	at := b.text.Len()
	b.text.Write(frame)
	return b.text.String()[at:]
}

// scan returns the message that is in text, nil if the scanner does not know it.
func (b *Batch) scan(text string) Message {
	var s wire.Scanned
	if !b.scanner.Scan(text, &s) {
		return nil
	}
	switch s.Event {
	case "":
		if t := requestType(s.ID); t != wire.TypeSubscribe && t != wire.TypeGet {
			return nil // it looks like a set
		}
		m := b.answers.next()
		m.id, m.set = s.ID, s.Set
		return m
	case wire.EventChange:
		m := b.changes.next()
		*m = changeEvent{s.RID, wire.Change{Values: s.Values, Set: s.Set}}
		return m
	case wire.EventAdd:
		m := b.adds.next()
		*m = addEvent{s.RID, wire.Add{Index: s.Index, Value: s.Value, Set: s.Set}}
		return m
	case wire.EventRemove:
		m := b.removes.next()
		*m = removeEvent{s.RID, wire.Remove{Index: s.Index}}
		return m
	}
	return &customEvent{strings.Clone(s.RID), strings.Clone(s.Event), []byte(s.Payload)}
}

// room is where messages of a kind are put. What was put there stays where it is.
type room[T any] struct{ items []T }

func (r *room[T]) reset() {
	clear(r.items) // so that it keeps no frame alive
	r.items = r.items[:0]
}

func (r *room[T]) next() *T {
	if len(r.items) == cap(r.items) {
		r.items = make([]T, 0, max(1, 2*cap(r.items)))
	}
	r.items = r.items[:len(r.items)+1]
	return &r.items[len(r.items)-1]
}
