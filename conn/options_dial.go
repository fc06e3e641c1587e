package conn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

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
