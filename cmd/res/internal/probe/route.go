package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// Route is the way to a gateway.
type Route struct {
	URL    *url.URL
	Header http.Header
	TLS    *tls.Config
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
	header = header.Clone()
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
func (r *Route) Proxy() (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: r.httpURL()})
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

// Connect opens a TCP connection to an address, says how long that took, and ends it.
func Connect(ctx context.Context, address string) (time.Duration, error) {
	var d net.Dialer
	began := time.Now()
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	return time.Since(began), c.Close()
}

// Handshake does the TLS handshake with the gateway alone, and ends it.
func (r *Route) Handshake(ctx context.Context) (tls.ConnectionState, error) {
	d := tls.Dialer{Config: r.TLS}
	c, err := d.DialContext(ctx, "tcp", r.Address())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	state := c.(*tls.Conn).ConnectionState()
	return state, c.Close()
}

// RefusedError is an answer to the WebSocket handshake that is not a WebSocket.
type RefusedError struct {
	Status int
	Body   string // the first kilobyte
}

// Error says with which status; the body may hold anything.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the handshake was answered with status %d", e.Status)
}

const bodyLimit = 1 << 10

// Open opens a WebSocket to the gateway, and offers to compress.
func (r *Route) Open(ctx context.Context) (*Link, error) {
	d := websocket.Dialer{Proxy: http.ProxyFromEnvironment, TLSClientConfig: r.TLS, EnableCompression: true}
	ws, answer, err := d.DialContext(ctx, r.URL.String(), r.Header)
	if err == nil {
		return newLink(ws, answer), nil
	}
	if answer == nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	return nil, &RefusedError{Status: answer.StatusCode, Body: string(body)}
}
