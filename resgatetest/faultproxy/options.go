package faultproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Option changes one thing about a [Proxy].
type Option func(*config) error

type config struct {
	addr   string
	listen func(addr string) (net.Listener, error)
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	seed   [2]uint64
}

func newConfig(opts []Option) (*config, error) {
	cfg := &config{
		addr:   "127.0.0.1:0",
		listen: func(addr string) (net.Listener, error) { return net.Listen("tcp", addr) },
		dial:   new(net.Dialer).DialContext,
	}
	for _, opt := range opts {
		if err := opt(cfg); err != nil {
			return nil, err
		}
	}
	return cfg, nil
}

// WithAddr makes the proxy listen on addr, such as "127.0.0.1:8080". The default is
// a free port of 127.0.0.1.
func WithAddr(addr string) Option {
	return func(cfg *config) error {
		cfg.addr = addr
		return nil
	}
}

// WithSeed sets the seed of jitter and corruption. The default is always the same.
func WithSeed(a, b uint64) Option {
	return func(cfg *config) error {
		cfg.seed = [2]uint64{a, b}
		return nil
	}
}

// WithNetwork makes the proxy listen and dial on another network than that of the
// system, for instance with the methods Listen and Dial of a resgatetest.Network.
// [WithAddr] must then name an address there.
func WithNetwork(
	listen func(addr string) (net.Listener, error),
	dial func(ctx context.Context, network, addr string) (net.Conn, error),
) Option {
	return func(cfg *config) error {
		if listen == nil || dial == nil {
			return errors.New("WithNetwork: nil function")
		}
		cfg.listen, cfg.dial = listen, dial
		return nil
	}
}

// parseTarget takes a URL, or a host and a port. Its host always has a port.
func parseTarget(gateway string) (*url.URL, error) {
	if !strings.Contains(gateway, "://") {
		gateway = "ws://" + gateway
		if _, _, err := net.SplitHostPort(gateway[len("ws://"):]); err != nil {
			return nil, fmt.Errorf("gateway: %w", err)
		}
	}
	u, err := url.Parse(gateway)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "ws" || u.Scheme == "http":
		port = "80"
	case u.Scheme == "wss" || u.Scheme == "https":
		port = "443"
	}
	if u.Hostname() == "" || port == "" {
		return nil, fmt.Errorf("gateway %q has no host, or no port", gateway)
	}
	u.Host = net.JoinHostPort(u.Hostname(), port)
	return u, nil
}
