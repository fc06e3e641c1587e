package conn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// WithHeader adds headers to the WebSocket handshake of every attempt. Authorization
// takes the place of the user info of gateway URLs, which are sent as Basic authentication
// otherwise. Headers that change belong into [Hooks.BeforeDial].
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

// WithProxy sets which proxy an attempt to connect goes through: proxy is asked before
// each, with the handshake as a request to an http or https URL, and a nil URL
// means none. With a nil function there never is one. The default is
// [http.ProxyFromEnvironment], which takes HTTP_PROXY for ws, HTTPS_PROXY for wss, and
// NO_PROXY. Proxies may be http, asked with CONNECT, or socks5. The function runs
// within the handshake: [Client.Close] waits for it, so it must not call that.
func WithProxy(proxy func(*http.Request) (*url.URL, error)) Option {
	return func(s *settings) error {
		s.proxy = proxy
		return nil
	}
}

// WithCookieJar has the handshake of every attempt send the cookies that jar has for
// the gateway, and store in it those that the gateway sets, also when it refuses.
// The default is to send none but those of [WithHeader], and to keep none. The jar is used
// within the handshake: [Client.Close] waits for it, so it must not call that.
func WithCookieJar(jar http.CookieJar) Option {
	return func(s *settings) error {
		if jar == nil {
			return invalid("WithCookieJar: nil jar")
		}
		s.jar = jar
		return nil
	}
}

// WithCompression offers the gateway to compress messages (permessage-deflate
// without context takeover, RFC 7692), which Resgate takes up if it was started with
// --wscompression. It saves traffic and costs CPU on both sides. [WithReadLimit]
// counts bytes as they are after decompression. The default is not to.
func WithCompression() Option {
	return func(s *settings) error {
		s.compression = true
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
