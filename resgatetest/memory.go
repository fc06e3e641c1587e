package resgatetest

import "sync"

// maxPayload is what NATS takes in one message by default.
const maxPayload = 1 << 20

// memoryBus carries messages between gateways and a [Service]. Its one
// goroutine delivers everything in the order in which it was sent.
type memoryBus struct {
	service *Service
	box     *mailbox
	gate    *gate
	running sync.WaitGroup
	start   sync.Once

	mu        sync.Mutex
	listeners map[*memoryListener]struct{}
}

type memoryListener struct {
	handle func(subject string, payload []byte)
}

func newMemoryBus(s *Service) *memoryBus {
	return &memoryBus{
		service: s, box: newMailbox(), gate: newGate(),
		listeners: make(map[*memoryListener]struct{}),
	}
}

func (b *memoryBus) Request(subject string, payload []byte, respond func([]byte, error)) (func(), error) {
	if len(payload) > maxPayload {
		return nil, ErrPayloadTooLarge
	}
	a := &answer{bus: b, respond: respond}
	b.service.serve(subject, payload, a)
	return a.cancel, nil
}

func (b *memoryBus) Listen(handle func(subject string, payload []byte)) (func(), error) {
	b.start.Do(func() {
		b.running.Go(func() { b.box.run(b.gate) })
	})
	l := &memoryListener{handle: handle}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[l] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, l)
	}, nil
}

func (b *memoryBus) Lost() <-chan struct{} { return nil }

// publish sends a message to all gateways.
func (b *memoryBus) publish(subject string, payload []byte) error {
	if len(payload) > maxPayload {
		return ErrPayloadTooLarge
	}
	b.box.post(func() {
		for _, l := range b.current() {
			l.handle(subject, payload)
		}
	})
	return nil
}

func (b *memoryBus) current() []*memoryListener {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]*memoryListener, 0, len(b.listeners))
	for l := range b.listeners {
		all = append(all, l)
	}
	return all
}

func (b *memoryBus) close() {
	b.gate.tear()
	b.box.close()
	b.running.Wait()
}

// answer is the way back to who made a request.
type answer struct {
	bus     *memoryBus
	respond func([]byte, error)

	mu        sync.Mutex
	cancelled bool
}

// send answers. What NATS would not take is lost.
func (a *answer) send(data []byte, err error) {
	if len(data) > maxPayload {
		return
	}
	a.bus.box.post(func() {
		if !a.isCancelled() {
			a.respond(data, err)
		}
	})
}

func (a *answer) cancel() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancelled = true
}

func (a *answer) isCancelled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cancelled
}
