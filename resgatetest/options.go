package resgatetest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Option changes one thing about a [Server].
type Option func(*config) error

type config struct {
	addr        string
	path        string
	origins     []string
	tls         *tls.Config
	timeout     time.Duration
	legacy      int // 0: the latest protocol
	compression bool
	headerAuth  *headerAuth
	network     *Network
	dialBus     func() (Bus, error)
	ownBus      bool
	service     *Service
	frames      func(Frame)
}

// headerAuth is the auth request made of each handshake.
type headerAuth struct{ rid, method string }

func newConfig(opts []Option) (*config, error) {
	cfg := &config{addr: "127.0.0.1:0", path: "/", timeout: 3 * time.Second}
	for _, opt := range opts {
		if err := opt(cfg); err != nil {
			return nil, fmt.Errorf("resgatetest: %w", err)
		}
	}
	return cfg, nil
}

// firstProtocol is the protocol of a connection before its client has said
// which one it speaks.
func (cfg *config) firstProtocol() int {
	if cfg.legacy > 0 {
		return min(cfg.legacy, protocolLegacy)
	}
	return protocolLegacy
}

// version is what the gateway says it speaks.
func (cfg *config) version() string {
	if cfg.legacy == 0 {
		return latestVersion
	}
	return protocolString(cfg.legacy)
}

// withoutCount reports whether the gateway is too old to know the count of an
// unsubscribe request.
func (cfg *config) withoutCount() bool {
	return cfg.legacy > 0 && cfg.legacy < protocolDataValues
}

// WithAddr makes the gateway listen on addr, such as "127.0.0.1:8080". The
// default is a free port of 127.0.0.1, which [Server.Restart] keeps.
func WithAddr(addr string) Option {
	return func(cfg *config) error {
		cfg.addr = addr
		return nil
	}
}

// WithNetwork makes the gateway listen on addr in an in-memory network. With
// the in-memory service, all of it then runs inside testing/synctest.
func WithNetwork(n *Network, addr string) Option {
	return func(cfg *config) error {
		cfg.network, cfg.addr = n, addr
		return nil
	}
}

// WithPath sets the path of WebSocket connections (Resgate's -w). It must be
// the very same in the URL. The default is "/".
func WithPath(path string) Option {
	return func(cfg *config) error {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("path %q does not begin with a slash", path)
		}
		cfg.path = path
		return nil
	}
}

// WithAllowOrigin lets in only requests from the given origins, such as
// "https://example.com", and requests that name none (Resgate's
// --alloworigin). The default is to let in all.
func WithAllowOrigin(origins ...string) Option {
	return func(cfg *config) error {
		cfg.origins = origins
		return nil
	}
}

// WithTLS makes the gateway speak TLS. The configuration must have a
// certificate.
func WithTLS(c *tls.Config) Option {
	return func(cfg *config) error {
		cfg.tls = c
		return nil
	}
}

// WithTimeout sets how long a service has for an answer before the client is
// told system.timeout (Resgate's -r). The default is 3 seconds.
func WithTimeout(d time.Duration) Option {
	return func(cfg *config) error {
		if d <= 0 {
			return fmt.Errorf("time out of %v", d)
		}
		cfg.timeout = d
		return nil
	}
}

// WithLegacy makes the gateway an older one, which speaks the given protocol
// and nothing later. Below 1.2.0 it answers version requests with
// system.invalidRequest; below 1.2.1 it does not look at the count of an
// unsubscribe request. Both are what the specification says of these
// protocols; the rest is as with a present gateway and an old client.
func WithLegacy(protocol string) Option {
	return func(cfg *config) error {
		n, err := parseProtocol(protocol)
		if err != nil || n > protocolLatest {
			return fmt.Errorf("no protocol %q: want 1.0.0 to %s", protocol, latestVersion)
		}
		cfg.legacy = n
		return nil
	}
}

// WithCompression makes the gateway take up an offer of permessage-deflate
// (Resgate's --wscompression).
func WithCompression() Option {
	return func(cfg *config) error {
		cfg.compression = true
		return nil
	}
}

// WithHeaderAuth makes the gateway authenticate each handshake with an auth
// request, such as "auth.login.header" for the method header of auth.login
// (Resgate's -t). The service may set a token, or refuse the handshake.
func WithHeaderAuth(method string) Option {
	return func(cfg *config) error {
		dot := strings.LastIndexByte(method, '.')
		if dot < 0 || !validRID(method[:dot]) || !validPart(method[dot+1:]) {
			return fmt.Errorf("no auth method %q: want a resource id, a dot and a method", method)
		}
		cfg.headerAuth = &headerAuth{rid: method[:dot], method: method[dot+1:]}
		return nil
	}
}

// WithService makes the gateway use a service that was made with
// [NewService], so that several gateways can share it. By default each server
// has a service of its own.
func WithService(s *Service) Option {
	return func(cfg *config) error {
		if s == nil {
			return errors.New("nil service")
		}
		cfg.service = s
		return nil
	}
}

// WithBus makes the gateway use another bus than the in-memory one. It stays
// the caller's: the same one is used again after a restart.
func WithBus(bus Bus) Option {
	return func(cfg *config) error {
		if bus == nil {
			return errors.New("nil bus")
		}
		cfg.dialBus = func() (Bus, error) { return bus, nil }
		cfg.ownBus = false
		return nil
	}
}

// WithBusDialer makes the gateway connect to a bus each time it starts, as
// Resgate does. What dial returns is closed when the gateway ends, if it is an
// io.Closer.
func WithBusDialer(dial func() (Bus, error)) Option {
	return func(cfg *config) error {
		if dial == nil {
			return errors.New("nil bus dialer")
		}
		cfg.dialBus = dial
		cfg.ownBus = true
		return nil
	}
}

// Direction is the way that a frame goes.
type Direction uint8

// The directions of frames.
const (
	FromClient Direction = iota + 1
	ToClient
)

// String returns "from client" or "to client".
func (d Direction) String() string {
	switch d {
	case FromClient:
		return "from client"
	case ToClient:
		return "to client"
	}
	return "unknown direction"
}

// Frame is one message between a client and the gateway.
type Frame struct {
	Conn      int       // connections are counted from 1 over the life of the server
	Direction Direction // who has sent it
	Data      []byte    // not to be changed
}

// WithFrames has f called with every message as it is read, or just before it
// is written. It is called from the goroutines of the connections, so for
// different ones at the same time, and it must not block.
func WithFrames(f func(Frame)) Option {
	return func(cfg *config) error {
		cfg.frames = f
		return nil
	}
}
