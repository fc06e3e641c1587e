package conn

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/resclient/resclient-go/state"
)

// Hooks are functions of the program that the client calls. They run in
// goroutines of their own, so a hook that blocks holds up nothing but later calls
// of hooks, and may call any method of the client. Transition and Frame are called
// one at a time, in the order in which things happened. Subscriptions are read
// beside them, so there is no order between hooks and events. A hook may be called
// before [New] has returned: one that needs the client waits for it, on a channel say.
type Hooks struct {
	// Transition is called for every transition of the state machine, in order.
	// [Client.State] has reached at least its To by then. Up to 1024 transitions
	// wait for a slow hook; further ones are dropped and counted in [Stats].
	Transition func(state.Transition)

	// Authenticate is called on every new connection, before anything is
	// subscribed on it. Its Session sends auth and call requests on that connection
	// only. An error ends the attempt, which is tried again after a delay, or makes
	// the client give up if it is a [backoff.Permanent] one. It must return within
	// the authentication timeout, see [WithAuthTimeout].
	Authenticate func(ctx context.Context, s *Session) error

	// AccessDenied is called when the gateway denies access to a subscription that it
	// had granted, or ends it for that reason: rid is its resource. It may be that a token has
	// expired. Its Session sends auth and call requests on this connection. When it returns
	// nil, everything that was denied is tried again at once. A [backoff.Permanent]
	// error ends the subscription to rid; after any other it is left to
	// [WithRetryBackOff]. It must return within the authentication timeout, see
	// [WithAuthTimeout].
	//
	// It is called for one denial at a time, and every 5 s at the most; denials that come
	// meanwhile wait for it. What is denied although it has returned nil is tried again
	// without it, until it is granted or the connection is another. A first Subscribe that is
	// denied is the business of its caller.
	AccessDenied func(ctx context.Context, s *Session, rid string) error

	// BeforeDial is called before every attempt to connect, to set its headers and
	// TLS configuration: a token that has been renewed, say. An error fails the
	// attempt, as above. It counts towards the dial timeout.
	BeforeDial func(ctx context.Context, a *Attempt) error

	// DialFailed is called when an attempt has failed to open a WebSocket, with what
	// it met: a [*HandshakeError] with status, header and body if the gateway has
	// refused it. An error that it returns takes the place of that one, and makes
	// the client give up if it is a [backoff.Permanent] one; nil changes nothing, and
	// the attempt is repeated after its delay. It has as long as the dial timeout.
	DialFailed func(ctx context.Context, err error) error

	// Frame is called with every frame that was read or is about to be written. It
	// sees everything: tokens, params, contents; nothing else in this package does. Up to
	// 4096 frames, and 64 MiB of them, wait for a slow hook; further ones are dropped and
	// counted in [Stats].
	Frame func(Frame)
}

// Attempt is one attempt to connect.
type Attempt struct {
	Gateway string      // its URL, as given
	Number  int         // counts from 1 since the connection was last stable
	Header  http.Header // of the handshake; a copy that may be changed
	TLS     *tls.Config // nil for the default; a copy that may be changed
}

// String says which attempt it is, and at which gateway, without what may be secret.
func (a Attempt) String() string {
	shown := redactText(a.Gateway)
	if gw, err := parseGateway(a.Gateway); err == nil {
		shown = gw.redacted
	}
	return fmt.Sprintf("attempt %d at %s", a.Number, shown)
}

// LogValue says the same to a log.
func (a Attempt) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Frame is a WebSocket message as it was on the wire. It holds whatever was said, tokens and
// passwords among it, and is the one thing of this package that does: take care where it
// is written.
type Frame struct {
	Generation uint64 // of the connection: counts every dial
	Sent       bool   // sent by the client; else received
	Data       []byte // the message; a copy that may be kept
}

// WithHooks sets the hooks; nil ones are not called.
func WithHooks(h Hooks) Option {
	return func(s *settings) error {
		s.hooks = h
		return nil
	}
}
