package faultproxy

import (
	"context"
	"sync"
	"time"
)

// window is how many bytes may be on their way in one direction of a connection.
const window = 1 << 20

// chunk is what was read at a time.
type chunk struct {
	bytes []byte
	at    time.Time
	end   bool // nothing follows
}

// backlog is what was read and not written yet, and messages that were made up.
type backlog struct {
	mu     sync.Mutex
	chunks []chunk
	size   int
	made   [][]byte
	more   chan struct{} // has a token after something was put in
	room   chan struct{} // has a token after something was taken out
}

func newBacklog() *backlog {
	return &backlog{more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put adds a chunk when there is room for it, and reports whether ctx still lives.
func (b *backlog) put(ctx context.Context, c chunk) bool {
	for !b.tryPut(c) {
		select {
		case <-b.room:
		case <-ctx.Done():
			return false
		}
	}
	signal(b.more)
	return true
}

func (b *backlog) tryPut(c chunk) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size >= window {
		return false
	}
	b.chunks = append(b.chunks, c)
	b.size += len(c.bytes)
	return true
}

// putMade adds a message that was made up.
func (b *backlog) putMade(message []byte) {
	b.mu.Lock()
	b.made = append(b.made, message)
	b.mu.Unlock()
	signal(b.more)
}

// takeMade takes a message that was made up, if there is one.
func (b *backlog) takeMade() (message []byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.made) == 0 {
		return nil, false
	}
	message, b.made = b.made[0], b.made[1:]
	return message, true
}

// take takes the oldest chunk, if there is one.
func (b *backlog) take() (c chunk, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.chunks) == 0 {
		return chunk{}, false
	}
	c, b.chunks = b.chunks[0], b.chunks[1:]
	b.size -= len(c.bytes)
	signal(b.room)
	return c, true
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
