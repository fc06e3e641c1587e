package conn

import "time"

// WithDialTimeout limits one attempt to connect, with its BeforeDial hook and its
// handshake. The default is 10 s.
func WithDialTimeout(d time.Duration) Option {
	return duration("WithDialTimeout", d, func(s *settings) { s.dialTimeout = d })
}

// WithHandshakeTimeout limits what comes once the network connection is open: the
// answer of a proxy, TLS, and the WebSocket handshake. A gateway that is frozen accepts
// connections, and is left after this. The default is 10 s, and never more than what
// [WithDialTimeout] leaves.
func WithHandshakeTimeout(d time.Duration) Option {
	return duration("WithHandshakeTimeout", d, func(s *settings) { s.shakeTimeout = d })
}

// WithVersionTimeout limits the wait for the answer to the version request, the
// first on every connection. The default is 10 s.
func WithVersionTimeout(d time.Duration) Option {
	return duration("WithVersionTimeout", d, func(s *settings) { s.versionTimeout = d })
}

// WithAuthTimeout limits the Authenticate hook, and the AccessDenied hook. The default is
// 30 s.
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
// connection up when nothing is read for timeout after it, with [ErrPingTimeout]. So a
// gateway that is frozen, or that the network has lost, is left after both together,
// whatever the client is writing meanwhile. The defaults are 15 s and 10 s.
func WithPing(interval, timeout time.Duration) Option {
	return func(s *settings) error {
		if interval <= 0 || timeout <= 0 {
			return invalid("WithPing: %v and %v must be above zero", interval, timeout)
		}
		s.pingInterval, s.pingTimeout = interval, timeout
		return nil
	}
}
