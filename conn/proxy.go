package conn

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// errProxy stands for errors whose text repeats the URL of a proxy, and with it what may be
// a password.
var errProxy = errors.New("the proxy has no valid URL")

var errProxyScheme = errors.New("the proxy is neither an http nor a socks5 one")

func environmentProxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errProxy
	}
	return proxy, nil
}

// askProxy asks the program for the proxy.
func (c *Client) askProxy(r *http.Request) (*url.URL, error) {
	if c.set.proxy == nil {
		return nil, nil
	}
	proxy, err := c.set.proxy(r)
	if parse := (*url.Error)(nil); errors.As(err, &parse) {
		err = errProxy
	}
	if err == nil && proxy != nil && proxy.Scheme != "http" && proxy.Scheme != "socks5" {
		err = errProxyScheme
	}
	return proxy, err
}

// proxyAddress is where an HTTP proxy listens.
func proxyAddress(proxy *url.URL) string {
	if proxy.Port() == "" {
		return net.JoinHostPort(proxy.Hostname(), "80")
	}
	return proxy.Host
}

// tunnel asks an HTTP proxy to connect to addr (RFC 9110, section 9.3.6). The
// WebSocket library could do so too, but panics when the proxy's status line has
// no reason, and tells of its refusal nothing but that.
func tunnel(n *netConn, proxy *url.URL, addr string, gw gateway) error {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: make(http.Header)}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := request.Write(n); err != nil {
		return fmt.Errorf("proxy %s: %w", redact(proxy), err)
	}
	// What the reader has buffered is nothing: the gateway does not speak first.
	response, err := http.ReadResponse(bufio.NewReader(n), request)
	if err != nil {
		return fmt.Errorf("proxy %s: %w", redact(proxy), unquoted(err, n))
	}
	if response.StatusCode/100 != 2 {
		refused := handshakeError(gw, response)
		refused.Proxy = redact(proxy)
		return refused
	}
	return nil
}
