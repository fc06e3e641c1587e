package conn

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

// Option changes how a client works. Without any option, a client does what a
// long-lived service needs.
type Option func(*settings) error

// settings is what the options set.
type settings struct {
	gateways []gateway
	logger   *slog.Logger
	logs     bool // there is a logger
	hooks    Hooks

	backOff      func() backoff.BackOff
	retryBackOff func() backoff.BackOff
	retryPolicy  func(Refusal) (wait time.Duration, again bool)
	linger       time.Duration
	probe        time.Duration // 0 for never
	maxDelay     time.Duration
	stableAfter  time.Duration

	dialTimeout    time.Duration
	shakeTimeout   time.Duration // of the handshake
	versionTimeout time.Duration
	authTimeout    time.Duration
	requestTimeout time.Duration
	writeTimeout   time.Duration
	pingInterval   time.Duration
	pingTimeout    time.Duration

	replayWindow    int
	maxReplayWindow int
	replayRate      int           // 0 for any
	replayJitter    time.Duration // 0 for none
	offlineQueue    int
	failFast        bool
	readLimit       int
	readBuffer      int
	queueLimits     subs.Limits

	types       []subs.Type
	depth       int // of expanding references
	header      http.Header
	tls         *tls.Config
	netDial     func(ctx context.Context, network, addr string) (net.Conn, error)
	proxy       func(*http.Request) (*url.URL, error) // nil for none
	jar         http.CookieJar
	compression bool
	seed        *[2]uint64
}

func defaults() *settings {
	return &settings{
		logger:          slog.New(slog.DiscardHandler),
		backOff:         func() backoff.BackOff { return exponential(250*time.Millisecond, 30*time.Second) },
		retryBackOff:    func() backoff.BackOff { return exponential(time.Second, 5*time.Minute) },
		probe:           time.Minute,
		maxDelay:        30 * time.Second,
		stableAfter:     10 * time.Second,
		dialTimeout:     10 * time.Second,
		shakeTimeout:    10 * time.Second,
		versionTimeout:  10 * time.Second,
		authTimeout:     30 * time.Second,
		requestTimeout:  30 * time.Second,
		writeTimeout:    10 * time.Second,
		pingInterval:    15 * time.Second,
		pingTimeout:     10 * time.Second,
		replayWindow:    256,
		maxReplayWindow: 1024,
		offlineQueue:    1024,
		readLimit:       64 << 20,
		readBuffer:      32 << 10,
		queueLimits:     subs.Limits{Events: 1024, Bytes: 4 << 20},
		depth:           subs.DefaultDepth,
		proxy:           environmentProxy,
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

// WithLogger logs transitions, whatever is out of the ordinary and, at level Debug, what
// is sent and received: not its params and contents. A level that changes while the
// program runs takes effect within the ping interval, see [WithPing]. Tokens, params, headers,
// contents and the user info and query of URLs are never logged. Names are: resource ids with
// their queries, methods, properties; and so are errors of the program's own hooks, and what
// services say in theirs. The default is to log nothing.
func WithLogger(log *slog.Logger) Option {
	return func(s *settings) error {
		if log == nil {
			return invalid("WithLogger: nil logger")
		}
		s.logger, s.logs = log, true
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
// the client, with [ErrGaveUp], when the attempt fails, or the connection that it led to is
// lost before it was stable, see [WithStableAfter]. With several gateways, the rest of the
// list is tried before.
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
	RID   string // its resource
	Err   error  // a *res.Error with its code and data, or ErrNoAnswer
	Tries int    // how many have failed since the subscription last worked
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
// closed, so that subscribing again soon costs no request. The default is not to, but
// for a few seconds when a call was just sent on something that is held by references
// alone: the gateway might forget the call with the resource.
func WithLinger(d time.Duration) Option {
	return duration("WithLinger", d, func(s *settings) { s.linger = d })
}

// WithProbeInterval sets when the client first looks whether what is in error can be
// had by now. A gateway does not send it anew as long as the connection lasts and
// anything refers to it: a reference to what could not be loaded, or was deleted since. So
// the client asks for one such resource at a time, under its id with an empty
// query ("library.book.1?"), and reconnects when it is there. The delay before that is d,
// half as much or half as much again at random, and doubles for every resource that
// is still missing, up to 16 times d. When the program asks for that resource, it is d
// again. The default is one minute; zero is never, and otherwise d is from 1 s to 24 h.
//
// Asking takes access to the resource, which references do without. What is denied is
// not asked for again before a successful [Client.Auth] or another connection, and
// what has a query never is.
//
// In the same way the client asks, at once and once more after d, for what the gateway
// sends again although it holds it: Resgate 1.8.0 may lose events then. It reconnects
// when its copy differs, and when it cannot ask, as with zero.
func WithProbeInterval(d time.Duration) Option {
	return func(s *settings) error {
		if d != 0 && (d < time.Second || d > 24*time.Hour) {
			return invalid("WithProbeInterval: %v must be zero, or from 1 s to 24 h", d)
		}
		s.probe = d
		return nil
	}
}

// WithMaxDelay caps the delay between attempts to connect, after its jitter: if it is far
// below what the back-off says, most delays are just as long. The default is 30 s.
func WithMaxDelay(d time.Duration) Option {
	return duration("WithMaxDelay", d, func(s *settings) { s.maxDelay = d })
}

// WithStableAfter sets how long a client must be Connected before its back-off
// starts anew. The default is 10 s.
func WithStableAfter(d time.Duration) Option {
	return duration("WithStableAfter", d, func(s *settings) { s.stableAfter = d })
}

// WithReplayWindow sets how many subscribe requests may be out at a time after a
// reconnect. The default adapts: there are 256, and up to 1024 while the gateway answers
// about as fast as it ever did on the connection, so that a gateway which is far away is
// as busy as one nearby, and one that has enough to do is not buried.
func WithReplayWindow(n int) Option {
	return number("WithReplayWindow", n, 1, func(s *settings) { s.replayWindow, s.maxReplayWindow = n, n })
}

// WithReplayRate sets how many subscribe requests a second may go out after a
// reconnect, and for subscriptions that are tried again, so that services which have
// just come back are not buried. What falls behind is made up for a tenth of a second
// at the most. Requests that callers wait for go beside it. The default is as many as
// [WithReplayWindow] allows.
func WithReplayRate(perSecond int) Option {
	return number("WithReplayRate", perSecond, 1, func(s *settings) { s.replayRate = perSecond })
}

// WithReplayJitter has the subscribe requests after a reconnect begin at random, up to d
// after the connection is open, so that clients which were lost together do not ask
// their services together. Until then the client is Resubscribing; calls go out at once. The
// default is to begin at once.
func WithReplayJitter(d time.Duration) Option {
	return duration("WithReplayJitter", d, func(s *settings) { s.replayJitter = d })
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
// reconnect for the others. An event is about every subscription that leads to its
// resource through references. The default is 64 MiB; the least is 1 KiB.
func WithReadLimit(bytes int) Option {
	return number("WithReadLimit", bytes, 1024, func(s *settings) { s.readLimit = bytes })
}

// WithReadBuffer sets how many bytes are read from the network at a time. What is read
// together is worked on together, so a larger buffer takes less CPU time when there is
// much to read; each client has one. The default is 32 KiB; the least is 1 KiB.
func WithReadBuffer(bytes int) Option {
	return number("WithReadBuffer", bytes, 1024, func(s *settings) { s.readBuffer = bytes })
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
//
// Where T has room for what a reference leads to, a struct, map, slice or interface,
// the reference is expanded, see [subs.View.Decode]: as it was after the event. Where it has a
// string or a [res.Ref], it stays a reference, which costs nothing. Every
// event that can be decoded keeps the whole resource, and what it is expanded with, until
// it is read; that counts in [WithQueueLimits].
func WithType[T any](pattern res.Pattern) Option {
	return func(s *settings) error {
		if err := pattern.Check(); err != nil {
			return invalid("WithType: %v", err)
		}
		s.types = append(s.types, subs.TypeOf[T](pattern))
		return nil
	}
}

// WithExpansionDepth sets how many references deep views and decoded events expand.
// The default is 100; zero leaves references as they are. A view can be given another depth,
// see [subs.View.WithDepth].
func WithExpansionDepth(levels int) Option {
	return number("WithExpansionDepth", levels, 0, func(s *settings) { s.depth = levels })
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
