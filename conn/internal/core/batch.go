package core

import (
	"slices"

	"github.com/resclient/resclient-go/wire"
)

// Batch is messages that are taken in together. The zero Batch is empty. Its room is
// used again after a [Batch.Reset], so that events cost no allocation of their own.
type Batch struct {
	Messages []Message

	input   Received
	bytes   int    // of the frames
	text    []byte // that the scanned events are placed in
	scanner wire.Scanner
	scanned room[scanned]
	answers room[answer]
	others  bool // not all messages are in the batch's own room
}

// Input returns the input that brings the messages, read from the socket of a generation.
// It is part of the batch, so that it is not allocated for every event.
func (b *Batch) Input(generation uint64) Input {
	b.input = Received{Generation: generation, Messages: b.Messages}
	return &b.input
}

// Reset empties the batch. The core must have taken in its messages before; it keeps
// nothing of them.
func (b *Batch) Reset() {
	if cap(b.text) > textKept {
		*b = Batch{}
		return
	}
	if b.others {
		clear(b.Messages) // so that it keeps none alive
	}
	b.Messages, b.input, b.bytes, b.text, b.others = b.Messages[:0], Received{}, 0, b.text[:0], false
	b.scanner.Reset()
	b.scanned.items = b.scanned.items[:0] // which refer to nothing but the batch's own room
	clear(b.answers.items)
	b.answers.items = b.answers.items[:0]
}

// textKept is how much room for texts is used again.
const textKept = 2 * batchBytes

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
	m := b.scan(frame)
	if m == nil {
		m, b.others = decode(frame), true
	}
	b.Messages = append(b.Messages, m)
}

// scan returns the message that is in a frame, nil if the scanner does not know it.
func (b *Batch) scan(frame []byte) Message {
	begin := len(b.text)
	b.text = append(b.text, frame...)
	m := b.scanned.next()
	m.text = b.text[begin:]
	known := b.scanner.Scan(m.text, &m.Scanned)
	switch {
	case !known:
	case m.Kind == wire.ScannedModel && mayBeSet(m.ID),
		m.Kind == wire.ScannedChange, m.Kind == wire.ScannedAdd, m.Kind == wire.ScannedRemove:
		return m
	}
	read := m.Scanned
	b.scanned.drop()
	b.text = b.text[:begin]
	switch {
	case !known:
	case read.Kind == wire.ScannedCustom:
		b.others = true
		return &customEvent{string(read.RID.In(frame)), string(read.Name.In(frame)), slices.Clone(read.Payload.In(frame))}
	case read.Kind == wire.ScannedAnswer && mayBeSet(read.ID):
		a := b.answers.next()
		a.id, a.set = read.ID, read.Set
		return a
	}
	return nil
}

// mayBeSet reports whether a request is one that is answered with a resource set; other
// answers only look like it.
func mayBeSet(id uint64) bool {
	return requestType(id) == wire.TypeSubscribe || requestType(id) == wire.TypeGet
}

// room is where messages of a kind are put. What was put there stays where it is.
type room[T any] struct{ items []T }

func (r *room[T]) next() *T {
	if len(r.items) == cap(r.items) {
		r.items = make([]T, 0, max(1, 2*cap(r.items)))
	}
	r.items = r.items[:len(r.items)+1]
	return &r.items[len(r.items)-1]
}

// drop takes back what came last.
func (r *room[T]) drop() { r.items = r.items[:len(r.items)-1] }
