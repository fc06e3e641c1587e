package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/resclient/resclient-go/cmd/res/internal/probe"
	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Exit statuses. They are documented, so they stay.
const (
	statusOK          = 0
	statusError       = 1 // anything that has no status of its own
	statusUsage       = 2
	statusNotFound    = 3
	statusDenied      = 4
	statusTimeout     = 5
	statusConnection  = 6
	statusInterrupted = 130 // as shells report SIGINT
)

// connectError is a gateway that could not be reached.
type connectError struct {
	url string // redacted
	via string // the proxy of the environment on the way there, redacted; "" for none
	err error
}

// cannotConnect says that the gateway at a URL could not be reached.
func cannotConnect(rawURL string, err error) error {
	e := &connectError{url: redact(rawURL), err: err}
	if route, err := probe.NewRoute(rawURL, nil, nil); err == nil {
		proxy, wrong := route.Proxy()
		switch {
		case wrong != nil:
			e.err = wrong // which says it more clearly
		case proxy != nil:
			e.via = redact(proxy.String())
		}
	}
	return e
}

func (e *connectError) Error() string { return "cannot connect to " + e.where() + ": " + e.err.Error() }
func (e *connectError) Unwrap() error { return e.err }

// loginError is why the login method has not let the client in.
type loginError struct{ error }

func (e *loginError) Unwrap() error { return e.error }

func loginFailed(err error) error {
	if err == nil {
		return nil
	}
	return &loginError{err}
}

func (e *connectError) where() string {
	if e.via == "" {
		return e.url
	}
	return e.url + " through the proxy " + e.via
}

// explain returns the exit status for err and one line that says what to do about it;
// an empty line if there is nothing to say.
func explain(err error) (status int, line string) {
	var usage *usageError
	var failed *diagnosis
	switch {
	case errors.Is(err, errInterrupted):
		return statusInterrupted, ""
	case errors.As(err, &failed): // it has said everything
		return failed.status, ""
	case errors.As(err, &usage):
		return statusUsage, said(err) + " (see: res help)"
	}
	var connect *connectError
	if errors.As(err, &connect) {
		status, what := explainConnection(connect.err, connect.via)
		line := oneLine(fmt.Sprintf("cannot connect to %s: %s", connect.where(), what))
		if status == statusConnection || status == statusTimeout {
			line += "; \"res doctor\" looks closer"
		}
		return status, line
	}
	status, hint := classify(err)
	line = said(err)
	if hint != "" {
		line += " (" + hint + ")"
	}
	return status, line
}

// classify returns the status of what a gateway, a service or the client said about a
// request, and a hint.
func classify(err error) (status int, hint string) {
	switch {
	case errors.Is(err, res.ErrNotFound), errors.Is(err, res.ErrDeleted), errors.Is(err, res.ErrMethodNotFound):
		return statusNotFound, ""
	case errors.Is(err, res.ErrAccessDenied):
		return statusDenied, "log in with --login or --token-file"
	case errors.Is(err, res.ErrInvalidRID):
		return statusUsage, ""
	case errors.Is(err, res.ErrTimeout):
		return statusTimeout, "no service answered the gateway in time; is it running?"
	case errors.Is(err, conn.ErrNoAnswer), errors.Is(err, context.DeadlineExceeded):
		return statusTimeout, "give it longer with --timeout"
	case errors.Is(err, conn.ErrConnectionLost):
		return statusConnection, "see what has become of it before you repeat it"
	case errors.Is(err, conn.ErrClosed), errors.Is(err, conn.ErrNotConnected):
		return statusConnection, "the gateway has gone"
	}
	return statusError, ""
}

// explainConnection returns what kept the client from connecting, and what to do; via is
// the proxy on the way, if any. The chain of an error from a socket repeats addresses; its
// root says enough.
func explainConnection(err error, via string) (status int, what string) {
	var (
		handshake *conn.HandshakeError
		refused   *probe.RefusedError
		alert     *net.OpError
		dns       *net.DNSError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		login     *loginError
		answer    *res.Error
		syntax    *wire.SyntaxError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, conn.ErrInvalidOption):
		return statusUsage, said(err)
	case errors.As(err, &handshake):
		return explainHandshake(handshake)
	case errors.As(err, &refused) && refused.Proxy != "":
		return explainProxy(refused.Status, refused.Gateway)
	case errors.As(err, &refused):
		return explainStatus(refused.Status)
	case errors.As(err, &authority):
		return statusConnection, authority.Error() + "; trust its authority with --ca FILE"
	case errors.As(err, &cert):
		return statusConnection, cert.Err.Error()
	case errors.As(err, &alert) && alert.Op == "remote error":
		return statusConnection, explainAlert(alert.Err.Error())
	case errors.As(err, &record):
		return statusConnection, "it does not speak TLS; try ws:// in place of wss://"
	case errors.As(err, &dns) && via != "":
		return statusConnection, fmt.Sprintf("there is no host %q; is the name of the proxy right? It is from the environment", dns.Name)
	case errors.As(err, &dns):
		return statusConnection, fmt.Sprintf("there is no host %q; is the name right?", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED) && via != "":
		return statusConnection, "connection refused; is the proxy running there? It is from the environment"
	case errors.Is(err, syscall.ECONNREFUSED):
		return statusConnection, "connection refused; is a gateway running there?"
	case errors.As(err, &login) && errors.As(login.error, &answer):
		status, _ = classify(err)
		return status, "login failed: " + answer.Error()
	case errors.As(err, &answer):
		return statusConnection, "its answer to the version request is " + answer.Error()
	case errors.As(err, &syntax):
		return statusConnection, syntax.Error() + "; is it a gateway?"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return statusTimeout, "no answer in time; give it longer with --timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return statusConnection, "it ended the connection during the handshake; is it a gateway?"
	}
	return statusConnection, strings.TrimPrefix(said(err), conn.ErrClosed.Error()+": ")
}

func explainHandshake(e *conn.HandshakeError) (status int, what string) {
	if e.Proxy == "" {
		return explainStatus(e.Status)
	}
	gateway := e.Gateway
	if route, err := probe.NewRoute(e.Gateway, nil, nil); err == nil {
		gateway = route.Address()
	}
	return explainProxy(e.Status, gateway)
}

// explainStatus says what an HTTP status in place of a WebSocket means.
func explainStatus(status int) (exit int, what string) {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return statusDenied, fmt.Sprintf("it refused with status %d; log in with --token-file or --header", status)
	case http.StatusNotFound:
		return statusConnection, "it answered status 404; is the path of the URL that of the gateway's WebSocket?"
	case http.StatusOK:
		return statusConnection, "it answered a page in place of a WebSocket; is it a gateway, or one that is stopping?"
	}
	return statusConnection, fmt.Sprintf("it refused with status %d", status)
}

// explainProxy says what it means that a proxy does not connect to a gateway, "host:port".
func explainProxy(status int, gateway string) (exit int, what string) {
	host, _, err := net.SplitHostPort(gateway)
	if err != nil {
		host = gateway
	}
	switch status {
	case http.StatusProxyAuthRequired:
		return statusDenied, "the proxy wants a user name and password; put them into its URL in the environment"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return statusConnection, fmt.Sprintf("the proxy cannot reach %s, and answers status %d; is a gateway running there?", gateway, status)
	}
	return statusConnection, fmt.Sprintf("the proxy does not connect to %s, and answers status %d; have that allowed, or go without it: NO_PROXY=%s", gateway, status, host)
}

// explainAlert says what it means that the gateway has ended a TLS handshake.
func explainAlert(text string) string {
	switch {
	case strings.Contains(text, "certificate required"):
		return "it wants a certificate from its clients, of an authority that it trusts; give one with --cert FILE --key FILE"
	case strings.Contains(text, "certificate"):
		return "it does not accept the client's certificate (" + text + "); is it one that --cert should name?"
	}
	return "it has ended the TLS handshake (" + text + "); does it want a certificate from its clients, with --cert FILE --key FILE?"
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// said returns an error's text, without the name of the package that it is from.
func said(err error) string { return strings.TrimPrefix(oneLine(err.Error()), "conn: ") }

// oneLine keeps an error from breaking the line, whatever a peer has put in it.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)), " ")
}
