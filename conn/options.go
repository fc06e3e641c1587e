package conn

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// Option changes how a client works. Without any option, a client does what a
// long-lived service needs.
type Option func(*settings) error

// settings is what the options set.
type settings struct {
	gateways []gateway
	logger   *slog.Logger
	hooks    Hooks

	backOff      func() backoff.BackOff
	retryBackOff func() backoff.BackOff
	retryPolicy  func(Refusal) (wait time.Duration, again bool)
	linger       time.Duration
	maxDelay     time.Duration
	stableAfter  time.Duration

	dialTimeout    time.Duration
	versionTimeout time.Duration
	authTimeout    time.Duration
	requestTimeout time.Duration
	writeTimeout   time.Duration
	pingInterval   time.Duration
	pingTimeout    time.Duration

	replayWindow int
	offlineQueue int
	failFast     bool
	readLimit    int
	queueLimits  subs.Limits

	types   []subs.Type
	header  http.Header
	tls     *tls.Config
	netDial func(ctx context.Context, network, addr string) (net.Conn, error)
	seed    *[2]uint64
}

func defaults() *settings {
	return &settings{
		logger:         slog.New(slog.DiscardHandler),
		backOff:        func() backoff.BackOff { return exponential(250*time.Millisecond, 30*time.Second) },
		retryBackOff:   func() backoff.BackOff { return exponential(time.Second, 5*time.Minute) },
		maxDelay:       30 * time.Second,
		stableAfter:    10 * time.Second,
		dialTimeout:    10 * time.Second,
		versionTimeout: 10 * time.Second,
		authTimeout:    30 * time.Second,
		requestTimeout: 30 * time.Second,
		writeTimeout:   10 * time.Second,
		pingInterval:   15 * time.Second,
		pingTimeout:    10 * time.Second,
		replayWindow:   256,
		offlineQueue:   1024,
		readLimit:      64 << 20,
		queueLimits:    subs.Limits{Events: 1024, Bytes: 4 << 20},
	}
}

// exponential doubles from first to last and never stops. It has no jitter of its
// own: the client adds full jitter to whatever a back-off says.
func exponential(first, last time.Duration) backoff.BackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(first),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0),
		backoff.WithMaxInterval(last),
		backoff.WithMaxElapsedTime(0),
	)
}

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

	// BeforeDial is called before every attempt to connect, to set its headers and
	// TLS configuration: a token that has been renewed, say. An error fails the
	// attempt, as above. It counts towards the dial timeout.
	BeforeDial func(ctx context.Context, a *Attempt) error

	// Frame is called with every frame that was read or is about to be written. It
	// sees everything: tokens, params, contents. Up to 1024 frames wait for a slow
	// hook; further ones are dropped and counted in [Stats].
	Frame func(Frame)
}

// Attempt is one attempt to connect.
type Attempt struct {
	Gateway string      // its URL, as given
	Number  int         // counts from 1 since the connection was last stable
	Header  http.Header // of the handshake; a copy that may be changed
	TLS     *tls.Config // nil for the default; a copy that may be changed
}

// Frame is a WebSocket message as it was on the wire.
type Frame struct {
	Generation uint64 // of the connection: counts every dial
	Sent       bool   // sent by the client; else received
	Data       []byte // the message; a copy that may be kept
}

// WithLogger logs transitions and whatever is out of the ordinary. Tokens,
// params, contents and the user info and query of URLs are never logged. The
// default is to log nothing.
func WithLogger(log *slog.Logger) Option {
	return func(s *settings) error {
		if log == nil {
			return invalid("WithLogger: nil logger")
		}
		s.logger = log
		return nil
	}
}

// WithHooks sets the hooks; nil ones are not called.
func WithHooks(h Hooks) Option {
	return func(s *settings) error {
		s.hooks = h
		return nil
	}
}

// WithGateways adds further gateways to the one the client is made with. They are
// tried in turn, in an order that is shuffled for every client.
func WithGateways(urls ...string) Option {
	return func(s *settings) error {
		for _, u := range urls {
			g, err := parseGateway(u)
			if err != nil {
				return err
			}
			s.gateways = append(s.gateways, g)
		}
		return nil
	}
}

// WithBackOff sets the delays between attempts to connect: newBackOff is called
// once, its back-off asked before every attempt for the delay after it, and reset
// when a connection has been stable. The client adds full jitter (any delay up to
// the one asked for is equally likely) and then caps at [WithMaxDelay]. The default doubles
// from 250 ms to 30 s and never stops. A back-off that says [backoff.Stop] closes
// the client when the attempt fails.
func WithBackOff(newBackOff func() backoff.BackOff) Option {
	return func(s *settings) error {
		if newBackOff == nil {
			return invalid("WithBackOff: nil function")
		}
		s.backOff = newBackOff
		return nil
	}
}

// WithRetryBackOff sets the delays after which a subscription that the gateway has
// refused or ended is tried again: newBackOff is called for each such
// subscription. Full jitter is added. The default doubles from 1 s to 5 min and never stops;
// what is likely to fail again (not found, access denied, deleted) waits 5 s at least. A back-off
// that says [backoff.Stop] ends the subscription.
func WithRetryBackOff(newBackOff func() backoff.BackOff) Option {
	return func(s *settings) error {
		if newBackOff == nil {
			return invalid("WithRetryBackOff: nil function")
		}
		s.retryBackOff = newBackOff
		return nil
	}
}

// Refusal is a subscription that the gateway has not granted again, or has ended.
type Refusal struct {
	RID   string
	Err   error // a *res.Error with its code and data, or ErrNoAnswer
	Tries int   // how many have failed since the subscription last worked
}

// WithRetryPolicy has policy decide when a subscription that the gateway has refused
// or ended is tried again, in place of [WithRetryBackOff]: after exactly wait, or,
// if not again, never: then the subscription ends. It is called for one at a time.
func WithRetryPolicy(policy func(Refusal) (wait time.Duration, again bool)) Option {
	return func(s *settings) error {
		if policy == nil {
			return invalid("WithRetryPolicy: nil function")
		}
		s.retryPolicy = policy
		return nil
	}
}

// WithLinger keeps a resource subscribed for d after its last subscription was
// closed, so that subscribing again soon costs no request. The default is not to.
func WithLinger(d time.Duration) Option {
	return duration("WithLinger", d, func(s *settings) { s.linger = d })
}

// WithMaxDelay caps the delay between attempts to connect. The default is 30 s.
func WithMaxDelay(d time.Duration) Option {
	return duration("WithMaxDelay", d, func(s *settings) { s.maxDelay = d })
}

// WithStableAfter sets how long a client must be Connected before its back-off
// starts anew. The default is 10 s.
func WithStableAfter(d time.Duration) Option {
	return duration("WithStableAfter", d, func(s *settings) { s.stableAfter = d })
}

// WithDialTimeout limits one attempt to connect, WebSocket handshake included. The
// default is 10 s.
func WithDialTimeout(d time.Duration) Option {
	return duration("WithDialTimeout", d, func(s *settings) { s.dialTimeout = d })
}

// WithVersionTimeout limits the wait for the answer to the version request, the
// first on every connection. The default is 10 s.
func WithVersionTimeout(d time.Duration) Option {
	return duration("WithVersionTimeout", d, func(s *settings) { s.versionTimeout = d })
}

// WithAuthTimeout limits the Authenticate hook. The default is 30 s.
func WithAuthTimeout(d time.Duration) Option {
	return duration("WithAuthTimeout", d, func(s *settings) { s.authTimeout = d })
}

// WithRequestTimeout limits the wait for the answer to any other request, from
// when it is sent. The default is 30 s; services may take their time. The context
// of a call limits it as well.
func WithRequestTimeout(d time.Duration) Option {
	return duration("WithRequestTimeout", d, func(s *settings) { s.requestTimeout = d })
}

// WithWriteTimeout limits one write to the socket; a connection that takes longer
// is given up. The default is 10 s.
func WithWriteTimeout(d time.Duration) Option {
	return duration("WithWriteTimeout", d, func(s *settings) { s.writeTimeout = d })
}

// WithPing sends a ping when nothing was read for interval, and gives the
// connection up when nothing is read for timeout after it. The defaults are 15 s
// and 10 s.
func WithPing(interval, timeout time.Duration) Option {
	return func(s *settings) error {
		if interval <= 0 || timeout <= 0 {
			return invalid("WithPing: %v and %v must be above zero", interval, timeout)
		}
		s.pingInterval, s.pingTimeout = interval, timeout
		return nil
	}
}

// WithReplayWindow sets how many subscribe requests may be out at a time after a
// reconnect. The default is 256.
func WithReplayWindow(n int) Option {
	return number("WithReplayWindow", n, 1, func(s *settings) { s.replayWindow = n })
}

// WithOfflineQueue sets how many calls may wait for a connection; further ones
// fail with [ErrQueueFull]. The default is 1024; zero lets none wait.
func WithOfflineQueue(n int) Option {
	return number("WithOfflineQueue", n, 0, func(s *settings) { s.offlineQueue = n })
}

// WithFailFast makes calls fail with [ErrNotConnected] when there is no
// connection. The default is that they wait for one until their context ends.
func WithFailFast() Option {
	return func(s *settings) error {
		s.failFast = true
		return nil
	}
}

// WithReadLimit sets how large a message may be, in bytes. A larger one ends the
// subscription that it is about, with [ErrTooLarge], and makes the client
// reconnect for the others. The default is 64 MiB; the least is 1 KiB.
func WithReadLimit(bytes int) Option {
	return number("WithReadLimit", bytes, 1024, func(s *settings) { s.readLimit = bytes })
}

// WithQueueLimits sets how many events, and roughly how many bytes of them, may
// wait for the consumer of a subscription. More are folded, see [subs.Lag]. The
// defaults are 1024 events and 4 MiB.
func WithQueueLimits(events, bytes int) Option {
	return func(s *settings) error {
		if events < 1 || bytes < 1 {
			return invalid("WithQueueLimits: %d events and %d bytes must be above zero", events, bytes)
		}
		s.queueLimits = subs.Limits{Events: events, Bytes: bytes}
		return nil
	}
}

// WithHeader adds headers to the WebSocket handshake of every attempt. Headers
// that change belong into [Hooks.BeforeDial].
func WithHeader(h http.Header) Option {
	return func(s *settings) error {
		s.header = h.Clone()
		return nil
	}
}

// WithTLSConfig sets how wss gateways are verified and what the client shows them.
// The default verifies against the system's roots and takes TLS 1.2 or later. What it
// has of callbacks runs within the handshake: [Client.Close] waits for them, so they
// must not call it.
func WithTLSConfig(cfg *tls.Config) Option {
	return func(s *settings) error {
		if cfg == nil {
			return invalid("WithTLSConfig: nil configuration")
		}
		s.tls = cfg.Clone()
		return nil
	}
}

// WithNetDial sets what opens the network connection to a gateway, or to its
// proxy. The default is that of [net.Dialer].
func WithNetDial(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Option {
	return func(s *settings) error {
		if dial == nil {
			return invalid("WithNetDial: nil function")
		}
		s.netDial = dial
		return nil
	}
}

// WithSeed makes jitter and the order of gateways repeatable. The default is a
// random seed.
func WithSeed(a, b uint64) Option {
	return func(s *settings) error {
		s.seed = &[2]uint64{a, b}
		return nil
	}
}

// WithType registers T for the resources whose names match pattern, in which '*' is
// one part of a name and '>' one or more at the end; of several patterns the most
// specific one counts. Events then hand out the resource as a T, see
// [subs.Sync.Decoded], and views do with [subs.View.Value]. A resource that does not
// fit its type is an error there, and not fatal.
func WithType[T any](pattern res.Pattern) Option {
	return func(s *settings) error {
		if err := pattern.Check(); err != nil {
			return invalid("WithType: %v", err)
		}
		s.types = append(s.types, subs.TypeOf[T](pattern))
		return nil
	}
}

func duration(option string, d time.Duration, set func(*settings)) Option {
	return func(s *settings) error {
		if d <= 0 {
			return invalid("%s: %v must be above zero", option, d)
		}
		set(s)
		return nil
	}
}

func number(option string, n, least int, set func(*settings)) Option {
	return func(s *settings) error {
		if n < least {
			return invalid("%s: %d must be at least %d", option, n, least)
		}
		set(s)
		return nil
	}
}
