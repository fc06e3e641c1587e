package conn

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
)

// Errors of the client's own. What services and the gateway say is a *res.Error,
// to be compared with errors like res.ErrNotFound.
var (
	// ErrClosed says that the client was closed, by Close or because it gave up;
	// then it wraps the reason.
	ErrClosed = core.ErrClosed

	// ErrShuttingDown says that the client takes no new requests, because of
	// [Client.Shutdown]. It comes together with ErrClosed.
	ErrShuttingDown = core.ErrShuttingDown

	// ErrSubscriptionClosed is what [Subscription.Err] returns after Close.
	ErrSubscriptionClosed = errors.New("the subscription is closed")

	// ErrConnectionLost says that the connection ended while a call was out. The
	// service may have carried it out, or not.
	ErrConnectionLost = core.ErrConnectionLost

	// ErrNotConnected says that a call was never sent: its context ended before
	// there was a connection, or it was not to wait for one.
	ErrNotConnected = core.ErrNotConnected

	// ErrQueueFull says that too many calls wait for a connection already.
	ErrQueueFull = core.ErrQueueFull

	// ErrNoAnswer says that the gateway did not answer within the request timeout.
	// The outcome of a call is unknown then.
	ErrNoAnswer = core.ErrNoAnswer

	// ErrTooLarge says that a message was larger than the read limit.
	ErrTooLarge = core.ErrTooLarge

	// ErrInconsistent is the cause of a planned reconnect: what the gateway sent did
	// not fit the local copy.
	ErrInconsistent = subs.ErrInconsistent

	// ErrReconnect is the cause of a reconnect that [Client.Reconnect] asked for.
	ErrReconnect = core.ErrReconnect

	// ErrGaveUp says that a back-off said stop.
	ErrGaveUp = core.ErrGaveUp

	// ErrPingTimeout is the cause of a reconnect when nothing came from the gateway,
	// not even the answer to a ping.
	ErrPingTimeout = errors.New("nothing was heard from the gateway in time")

	// ErrInvalidOption says that an option or a URL makes no sense.
	ErrInvalidOption = errors.New("invalid option")
)

// HandshakeError is the cause of a failed dial when the gateway, or something on
// the way to it, answered the WebSocket handshake with something else. [errors.As]
// finds it in the cause of a transition and in the error of [Dial]. Header and Body
// may repeat secrets of the request, so they are not in the error's text, nor in its JSON.
type HandshakeError struct {
	Gateway string      // its URL without user info and query
	Proxy   string      // of the proxy, if it was that which refused; "" if not
	Status  int         // the HTTP status; a gateway that is stopping answers 200
	Header  http.Header `json:"-"`
	Body    []byte      `json:"-"` // its first kilobyte
}

// Error says with which status. It is a method of the value, so that nobody prints the rest by
// mistake.
func (e HandshakeError) Error() string {
	if e.Proxy != "" {
		return fmt.Sprintf("dial %s: the proxy %s answered with HTTP status %d", e.Gateway, e.Proxy, e.Status)
	}
	return fmt.Sprintf("dial %s: the WebSocket handshake was answered with HTTP status %d", e.Gateway, e.Status)
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalidOption, fmt.Sprintf(format, args...))
}
