package resgatetest_test

import (
	"sync"

	"github.com/resclient/resclient-go/resgatetest"
)

// scriptBus is a bus whose services do what the test says.
type scriptBus struct {
	expects func(subject string) bool
	auto    func(subject string) string // answers what the transcript does not tell; may be nil
	queue   chan func()
	lost    chan struct{}
	done    chan struct{}

	mu     sync.Mutex
	away   bool
	late   bool // away until the client's next request
	handle func(string, []byte)
	asked  []*asked
}

type asked struct {
	subject, payload string
	respond          func([]byte, error)
	matched          bool
	answered         bool
	cancelled        bool
}

func newScriptBus(expects func(string) bool) *scriptBus {
	b := &scriptBus{
		expects: expects,
		queue:   make(chan func(), 1<<16),
		lost:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	go func() {
		defer close(b.done)
		for f := range b.queue {
			f()
		}
	}()
	return b
}

func (b *scriptBus) Request(subject string, payload []byte, respond func([]byte, error)) (func(), error) {
	if len(payload) > 1<<20 {
		return nil, resgatetest.ErrPayloadTooLarge
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	expected := b.expects(subject)
	if !expected && b.auto != nil {
		if answer := b.auto(subject); answer != "" {
			b.queue <- func() { respond([]byte(answer), nil) }
			return func() {}, nil
		}
	}
	if b.away || b.late || !expected {
		b.queue <- func() { respond(nil, resgatetest.ErrNoResponders) }
		return func() {}, nil
	}
	a := &asked{subject: subject, payload: string(payload), respond: respond}
	b.asked = append(b.asked, a)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		a.cancelled = true
	}, nil
}

func (b *scriptBus) Listen(handle func(string, []byte)) (func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handle = handle
	return func() {}, nil
}

func (b *scriptBus) Lost() <-chan struct{} { return b.lost }
func (b *scriptBus) lose()                 { close(b.lost) }

func (b *scriptBus) close() {
	close(b.queue)
	<-b.done
}

func (b *scriptBus) setAuto(auto func(string) string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.auto = auto
}

func (b *scriptBus) setAway(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

func (b *scriptBus) setLate(late bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.late = late
}

func (b *scriptBus) publish(subject string, payload []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	handle := b.handle
	b.queue <- func() { handle(subject, payload) }
}

// reply answers the first request on subject that is not answered, one which
// the gateway has given up only if there is no other.
func (b *scriptBus) reply(subject string, payload []byte, last bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, late := range []bool{false, true} {
		for _, a := range b.asked {
			if a.subject == subject && a.matched && !a.answered && a.cancelled == late {
				a.answered = last
				if len(payload) > 1<<20 {
					return true // NATS would not take it
				}
				b.queue <- func() { a.respond(payload, nil) }
				return true
			}
		}
	}
	return false
}

// take marks the first request that is the one wanted.
func (b *scriptBus) take(wanted func(subject, payload string) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.asked {
		if !a.matched && wanted(a.subject, a.payload) {
			a.matched = true
			return true
		}
	}
	return false
}

func (b *scriptBus) unmatched() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, a := range b.asked {
		if !a.matched {
			all = append(all, a.subject+" "+a.payload)
		}
	}
	return all
}
