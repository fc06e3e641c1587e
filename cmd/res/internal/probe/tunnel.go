package probe

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Tunnel has the HTTP proxy of the environment connect to the gateway, says how long that
// took, and ends it. Without such a proxy it only connects.
func (r *Route) Tunnel(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	c, err := r.dial(ctx, "tcp", r.Address())
	if err != nil {
		return 0, err
	}
	return time.Since(began), c.Close()
}

// dial opens a network connection to addr, through the HTTP proxy of the environment if
// there is one.
func (r *Route) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	proxy, err := r.Proxy()
	if err != nil {
		return nil, err
	}
	if proxy == nil || proxy.Scheme != "http" {
		return r.netDial(ctx, network, addr)
	}
	c, err := r.netDial(ctx, network, HostPort(proxy))
	if err != nil {
		return nil, err
	}
	if err := tunnel(ctx, c, proxy, addr); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// HostPort is where a proxy listens.
func HostPort(proxy *url.URL) string {
	if port := proxy.Port(); port != "" {
		return proxy.Host
	}
	return net.JoinHostPort(proxy.Hostname(), map[string]string{"http": "80", "socks5": "1080"}[proxy.Scheme])
}

// tunnel asks an HTTP proxy to connect to addr (RFC 9110, section 9.3.6). The WebSocket
// library could do so too, but tells of a refusal nothing but its reason, and panics if
// there is none.
func tunnel(ctx context.Context, c net.Conn, proxy *url.URL, addr string) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: make(http.Header)}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		basic := http.Request{Header: make(http.Header)}
		basic.SetBasicAuth(user.Username(), password)
		request.Header.Set("Proxy-Authorization", basic.Header.Get("Authorization"))
	}
	shown := url.URL{Scheme: proxy.Scheme, Host: proxy.Host}
	if err := request.Write(c); err != nil {
		return fmt.Errorf("the proxy %s: %w", &shown, ended(ctx, err))
	}
	// What the reader has buffered is nothing: the gateway does not speak first.
	answer, err := http.ReadResponse(bufio.NewReader(c), request)
	if err != nil {
		return fmt.Errorf("the proxy %s: %w", &shown, ended(ctx, err))
	}
	if answer.StatusCode/100 != 2 {
		refused := refusedError(addr, answer)
		refused.Proxy = shown.String()
		return refused
	}
	return nil
}
