package resgatetest

import "sync"

// mailbox is a queue without bound whose work one goroutine runs in order. It
// is how all parts of the gateway talk to each other: what a part owns is
// touched by the goroutine of its mailbox only.
type mailbox struct {
	wake chan struct{} // holds a token when there is something new

	mu     sync.Mutex
	queue  []func()
	closed bool
}

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1)}
}

// post queues f and reports whether the mailbox is still open.
func (m *mailbox) post(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.queue = append(m.queue, f)
	m.signal()
	return true
}

// close lets run return when it has done what it has in hand. What is queued
// behind is dropped.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.queue = nil
	m.signal()
}

func (m *mailbox) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// run does the work posted until the mailbox is closed or the gate is torn
// down. While the gate is shut it waits.
func (m *mailbox) run(g *gate) {
	for range m.wake {
		for {
			batch, open := m.take()
			if !open {
				return
			}
			if len(batch) == 0 {
				break
			}
			for _, f := range batch {
				if !g.pass() || m.isClosed() {
					return
				}
				f()
			}
		}
	}
}

func (m *mailbox) take() (batch []func(), open bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	batch, m.queue = m.queue, nil
	return batch, !m.closed
}

func (m *mailbox) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}
