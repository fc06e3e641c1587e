package natstest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest"
)

// queueSize is how many messages from NATS may wait for the gateway. One
// more and the gateway gives its connection up as a slow consumer, as
// Resgate does.
const queueSize = 8192

// flushTimeout bounds the wait for the NATS server to answer.
const flushTimeout = 5 * time.Second

// Bus is a [resgatetest.Bus] on a NATS connection of its own. It is lost when
// that connection ends, because it does not reconnect, as Resgate does not.
// Hand the dialling of one to [resgatetest.WithBusDialer], so that a gateway
// which is restarted gets a new one.
//
// All its subscriptions, the inbox for replies among them, feed one channel
// that one goroutine reads: what a service publishes before its reply is
// handled before the reply.
type Bus struct {
	conn  *nats.Conn
	inbox string // with the dot at its end
	msgs  chan *nats.Msg
	lost  chan struct{} // closed when conn is closed, whatever the reason
	done  chan struct{} // closed when run has returned

	mu      sync.Mutex
	handle  func(subject string, payload []byte) // nil unless somebody listens
	lastID  uint64
	pending map[string]func(data []byte, err error) // by the last part of the reply subject
}

// DialBus connects to the NATS server at url.
func DialBus(url string) (*Bus, error) {
	b := &Bus{
		msgs:    make(chan *nats.Msg, queueSize),
		lost:    make(chan struct{}),
		done:    make(chan struct{}),
		pending: make(map[string]func([]byte, error)),
	}
	conn, err := nats.Connect(url,
		nats.Name("resgatetest"),
		nats.NoReconnect(),
		nats.ClosedHandler(func(*nats.Conn) { close(b.lost) }),
		nats.ErrorHandler(func(conn *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrSlowConsumer) {
				conn.Close()
			}
		}))
	if err != nil {
		return nil, fmt.Errorf("natstest: connect to NATS: %w", err)
	}
	b.conn = conn
	b.inbox = conn.NewInbox() + "."
	go b.run()
	if err := b.subscribe(); err != nil {
		b.Close()
		return nil, fmt.Errorf("natstest: listen on NATS: %w", err)
	}
	return b, nil
}

// Listen implements [resgatetest.Bus]. What came before it is lost.
func (b *Bus) Listen(handle func(subject string, payload []byte)) (stop func(), err error) {
	b.listen(handle)
	return func() { b.listen(nil) }, nil
}

func (b *Bus) listen(handle func(subject string, payload []byte)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handle = handle
}

// Lost implements [resgatetest.Bus]. The channel is closed when the server
// has ended the connection, when the gateway was too slow for it, and by
// Close.
func (b *Bus) Lost() <-chan struct{} { return b.lost }

// Close closes the connection. It waits until handle and respond have
// returned, and must not be called from them.
func (b *Bus) Close() error {
	b.conn.Close()
	<-b.done
	return nil
}

func (b *Bus) subscribe() error {
	for _, subject := range []string{"event.>", "system.>", "conn.>", b.inbox + "*"} {
		if _, err := b.conn.ChanSubscribe(subject, b.msgs); err != nil {
			return fmt.Errorf("subscribe to %q: %w", subject, err)
		}
	}
	return b.conn.FlushTimeout(flushTimeout)
}

func (b *Bus) run() {
	defer close(b.done)
	for {
		select {
		case <-b.lost:
			return
		case m := <-b.msgs:
			b.deliver(m)
		}
	}
}

func (b *Bus) deliver(m *nats.Msg) {
	id, isReply := strings.CutPrefix(m.Subject, b.inbox)
	b.mu.Lock()
	handle, respond := b.handle, b.pending[id]
	b.mu.Unlock()
	switch {
	case !isReply:
		if handle != nil {
			handle(m.Subject, m.Data)
		}
	case respond == nil: // a late reply
	case isNoResponders(m):
		respond(nil, resgatetest.ErrNoResponders)
	default:
		respond(m.Data, nil)
	}
}

// isNoResponders reports whether m is the server's word that nobody listens.
func isNoResponders(m *nats.Msg) bool {
	return len(m.Data) == 0 && m.Header.Get("Status") == "503"
}

// Request implements [resgatetest.Bus].
func (b *Bus) Request(subject string, payload []byte, respond func(data []byte, err error)) (cancel func(), err error) {
	b.mu.Lock()
	b.lastID++
	id := strconv.FormatUint(b.lastID, 36)
	b.pending[id] = respond
	b.mu.Unlock()
	cancel = func() {
		b.mu.Lock()
		delete(b.pending, id)
		b.mu.Unlock()
	}
	if err := b.conn.PublishRequest(subject, b.inbox+id, payload); err != nil {
		cancel()
		if errors.Is(err, nats.ErrMaxPayload) {
			err = resgatetest.ErrPayloadTooLarge
		}
		return nil, fmt.Errorf("natstest: request on %q: %w", subject, err)
	}
	return cancel, nil
}
