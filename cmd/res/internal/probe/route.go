package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// Route is the way to a gateway.
type Route struct {
	URL    *url.URL
	Header http.Header
	TLS    *tls.Config

	// Dial opens network connections; nil for net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// NewRoute reads the URL of a gateway: ws or wss, with a host. User info in it becomes
// a basic Authorization header, as in the client.
func NewRoute(rawURL string, header http.Header, cfg *tls.Config) (*Route, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("this is no URL: %w", err.(*url.Error).Err) // which repeats no secret
	}
	if u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, fmt.Errorf("the URL of a gateway begins with ws:// or wss://, not %q", u.Scheme+":")
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("the URL names no host")
	}
	if header = header.Clone(); header == nil {
		header = make(http.Header)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(u.User.Username(), password)
		if header.Get("Authorization") == "" {
			header.Set("Authorization", r.Header.Get("Authorization"))
		}
		u.User = nil
	}
	return &Route{URL: u, Header: header, TLS: cfg}, nil
}

// Secure reports whether the route is over TLS.
func (r *Route) Secure() bool { return r.URL.Scheme == "wss" }

// Address is the host and port of the gateway.
func (r *Route) Address() string {
	port := r.URL.Port()
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[r.Secure()]
	}
	return net.JoinHostPort(r.URL.Hostname(), port)
}

// Proxy returns the proxy of the environment that the way leads through, nil for none.
// Like the client, it knows HTTP and SOCKS5 proxies.
func (r *Route) Proxy() (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: r.httpURL()})
	if err != nil {
		return nil, errors.New("the environment names a proxy whose URL makes no sense") // err repeats it
	}
	if proxy != nil && proxy.Scheme != "http" && proxy.Scheme != "socks5" {
		return nil, fmt.Errorf("the environment names a proxy of the kind %q; only http and socks5 ones can be used", proxy.Scheme)
	}
	return proxy, nil
}

func (r *Route) httpURL() *url.URL {
	u := *r.URL
	u.Scheme = map[bool]string{false: "http", true: "https"}[r.Secure()]
	return &u
}

// Resolve returns the addresses of a host.
func Resolve(ctx context.Context, host string) ([]string, error) {
	if ip := net.ParseIP(host); ip != nil {
		return []string{ip.String()}, nil
	}
	return net.DefaultResolver.LookupHost(ctx, host)
}

// Connect opens a TCP connection to an address on the route, says how long that took, and
// ends it.
func (r *Route) Connect(ctx context.Context, address string) (time.Duration, error) {
	began := time.Now()
	c, err := r.netDial(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	return time.Since(began), c.Close()
}

func (r *Route) netDial(ctx context.Context, network, address string) (net.Conn, error) {
	if r.Dial != nil {
		return r.Dial(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Handshake does the TLS handshake with the gateway alone, and ends it.
func (r *Route) Handshake(ctx context.Context) (tls.ConnectionState, error) {
	c, err := r.dial(ctx, "tcp", r.Address())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	cfg := r.TLS.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.ServerName == "" {
		cfg.ServerName = r.URL.Hostname()
	}
	secure := tls.Client(c, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		return tls.ConnectionState{}, err
	}
	return secure.ConnectionState(), nil
}

// RefusedError is an answer to the WebSocket handshake that is not a WebSocket, or that of
// a proxy that does not connect to the gateway.
type RefusedError struct {
	Gateway string // its host and port
	Proxy   string // its URL without user info, if it was the proxy; "" if not
	Status  int
	Body    string // the first kilobyte
}

// Error says with which status; the body may hold anything.
func (e *RefusedError) Error() string {
	if e.Proxy != "" {
		return fmt.Sprintf("the proxy %s answered with status %d", e.Proxy, e.Status)
	}
	return fmt.Sprintf("the handshake was answered with status %d", e.Status)
}

const bodyLimit = 1 << 10

func refusedError(gateway string, answer *http.Response) *RefusedError {
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, bodyLimit)) // as much as there is
	return &RefusedError{Gateway: gateway, Status: answer.StatusCode, Body: string(body)}
}

var errNotHTTP = errors.New("the answer to the handshake is not HTTP; is that a gateway?")

// Open opens a WebSocket to the gateway, and offers to compress.
func (r *Route) Open(ctx context.Context) (*Link, error) {
	answered := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { answered = true }})
	d := websocket.Dialer{NetDialContext: r.dial, TLSClientConfig: r.TLS, EnableCompression: true}
	proxy, err := r.Proxy()
	if err != nil {
		return nil, err
	}
	if proxy != nil && proxy.Scheme != "http" { // which dial does not know
		d.Proxy = http.ProxyURL(proxy)
	}
	ws, answer, err := d.DialContext(ctx, r.URL.String(), r.Header)
	switch {
	case err == nil:
		return newLink(ws, answer), nil
	case answer != nil:
		return nil, refusedError(r.Address(), answer)
	case answered && !broken(err):
		return nil, errNotHTTP // the error quotes it, and it may repeat the request with its headers
	}
	return nil, err
}

// broken reports whether reading failed because the connection has ended, or the time is over.
func broken(err error) bool {
	network := net.Error(nil)
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
