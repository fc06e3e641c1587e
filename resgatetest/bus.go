package resgatetest

import "errors"

// Errors a [Bus] reports to the gateway.
var (
	// ErrNoResponders is handed to respond, or returned by Request, when no
	// service listens on the subject. The gateway answers its client with
	// system.notFound.
	ErrNoResponders = errors.New("resgatetest: no responders available for request")

	// ErrPayloadTooLarge is returned by Request when the bus does not take a
	// message of this size.
	ErrPayloadTooLarge = errors.New("resgatetest: maximum payload exceeded")
)

// Bus carries the RES-Service protocol between a gateway and services.
//
// The gateway calls its methods from several goroutines at once.
type Bus interface {
	// Request publishes payload on subject with a reply address. respond is
	// called for every message that comes back (perhaps a pre-response
	// first) until cancel is called; with nil data and [ErrNoResponders]
	// when nobody listens. respond must not be called from inside Request.
	// cancel may be called more than once, and from inside respond.
	Request(subject string, payload []byte, respond func(data []byte, err error)) (cancel func(), err error)

	// Listen delivers all messages published on "event.>", "system.>" and
	// "conn.>" to handle, one at a time and in the order of arrival, and in
	// order with the respond calls of Request: one goroutine calls both.
	// handle and respond do not block for long. stop ends the delivery.
	Listen(handle func(subject string, payload []byte)) (stop func(), err error)

	// Lost is closed when the connection to the bus is gone for good. The
	// gateway then drops all its clients and ends, as Resgate does. A nil
	// channel stands for a bus that is never lost.
	Lost() <-chan struct{}
}
