package core

import (
	"strings"

	"github.com/resclient/resclient-go/wire"
)

// Batch is messages that are taken in together. The zero Batch is empty. Its room is
// used again after a [Batch.Reset], so that events cost no allocation of their own.
type Batch struct {
	Messages []Message

	bytes   int // of the frames
	scanner wire.Scanner
	scanned wire.Scanned
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
	b.scanned = wire.Scanned{}
	b.changes.reset()
	b.adds.reset()
	b.removes.reset()
}

// batchLimit is how many messages, and batchBytes how many bytes of them, are enough
// to be taken in together.
const (
	batchLimit = 256
	batchBytes = 64 << 10
)

// Full reports whether the batch is to be taken in before more is added to it.
func (b *Batch) Full() bool { return len(b.Messages) >= batchLimit || b.bytes >= batchBytes }

// Add decodes a frame. The batch does not keep it.
func (b *Batch) Add(d *Decoder, frame []byte) {
	b.bytes += len(frame)
	m := b.scan(string(frame))
	if m == nil {
		m = d.decode(frame)
	}
	b.Messages = append(b.Messages, m)
}

// scan returns the message that is in text, nil if the scanner does not know it.
func (b *Batch) scan(text string) Message {
	s := &b.scanned
	if !b.scanner.Scan(text, s) || s.Event == "" || len(s.Set.Resources) > 0 {
		return nil
	}
	switch s.Event {
	case wire.EventChange:
		m := b.changes.next()
		*m = changeEvent{s.RID, wire.Change{Values: s.Values}}
		return m
	case wire.EventAdd:
		m := b.adds.next()
		*m = addEvent{s.RID, wire.Add{Index: s.Index, Value: s.Value}}
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
