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

// errProxy stands for the error of the environment's proxy, whose text repeats its
// URL, and with it what may be a password.
var errProxy = errors.New("the proxy that the environment names has no valid URL")

func environmentProxy(r *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errProxy
	}
	return proxy, nil
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
func tunnel(n net.Conn, proxy *url.URL, addr string, gw gateway) error {
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
		return fmt.Errorf("proxy %s: %w", redact(proxy), err)
	}
	if response.StatusCode/100 != 2 {
		refused := handshakeError(gw, response)
		refused.Proxy = redact(proxy)
		return refused
	}
	return nil
}
