package conn

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

	"github.com/cenkalti/backoff/v4"
	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// attempt is one attempt to connect and, if it succeeds, the connection. Ending
// its context ends whatever it has come to.
type attempt struct {
	generation uint64
	ctx        context.Context
	cancel     context.CancelFunc
	socket     *socket // set before the owner is told that the dial succeeded
}

// write writes those frames that are for the attempt.
func (a *attempt) write(frames []core.Frame) {
	for len(frames) > 0 && frames[0].Generation != a.generation {
		frames = frames[1:] // there may be some for the one before
	}
	if len(frames) == 0 || a.socket == nil || a.socket.out.put(frames) {
		return
	}
	a.socket.overflow.Store(true)
	a.socket.net.Conn.Close() // which ends the write that does not get on
}

// dial begins an attempt.
func (o *owner) dial(d core.Dial) *attempt {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{generation: d.Generation, ctx: ctx, cancel: cancel}
	c, number := o.Client, o.core.Stats().Attempt
	c.own.Go(func() {
		outcome := core.Dialled{Generation: d.Generation}
		if d.AskBackOff {
			outcome.Next, outcome.Err = callUser(c, ctx, c.backOff.next, nil)
		}
		if outcome.Err == nil {
			a.socket, outcome.Err = c.connect(ctx, d, number)
		}
		outcome.Permanent = isPermanent(outcome.Err)
		if outcome.Err != nil {
			cancel()
		}
		if !c.send(outcome) {
			cancel()
		}
	})
	return a
}

// callUser runs code of the program in a goroutine of its own, so that the client
// can go on without it when ctx ends.
// What it returns too late is given to discard, if that is not nil.
func callUser[T any](c *Client, ctx context.Context, f func() T, discard func(T)) (T, error) {
	result := make(chan T) // unbuffered, so that nothing gets lost in it
	c.user.Go(func() {
		r := f()
		select {
		case result <- r:
		case <-ctx.Done():
			if discard != nil {
				discard(r)
			}
		}
	})
	select {
	case r := <-result:
		return r, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func isPermanent(err error) bool {
	var permanent *backoff.PermanentError
	return errors.As(err, &permanent)
}

// connect opens a socket to a gateway.
func (c *Client) connect(ctx context.Context, d core.Dial, number int) (*socket, error) {
	gw := c.set.gateways[d.Gateway]
	limited, cancel := context.WithTimeout(ctx, c.set.dialTimeout)
	defer cancel()
	a, err := c.prepare(limited, gw, number)
	if err != nil {
		return nil, err
	}
	n := &network{client: c, gateway: gw, ctx: limited, end: func() {}}
	defer func() { n.end() }()
	dialer := websocket.Dialer{
		Proxy:             n.chooseProxy,
		NetDialContext:    n.dial,
		TLSClientConfig:   a.TLS,
		Jar:               c.set.jar,
		EnableCompression: c.set.compression,
		ReadBufferSize:    c.set.readBuffer,
	}
	answered := false
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotFirstResponseByte: func() { answered = true }})
	ws, response, err := dialer.DialContext(traced, gw.dialled, a.Header)
	if err == nil && !n.conn.opened() {
		err = n.ctx.Err()
	}
	if err != nil && response == nil && answered {
		err = unquoted(err, n.conn)
	}
	if err != nil {
		return nil, c.judge(ctx, dialError(n.ctx, gw, err, response))
	}
	return c.startSocket(ctx, d.Generation, ws, n.conn), nil
}

// judge lets the program say what a failed attempt means.
func (c *Client) judge(ctx context.Context, err error) error {
	hook := c.set.hooks.DialFailed
	if hook == nil || ctx.Err() != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, c.set.dialTimeout)
	defer cancel()
	judged, _ := callUser(c, limited, func() error { return hook(limited, err) }, nil)
	if judged == nil {
		return err
	}
	return judged
}

// network opens the network connection of one attempt.
type network struct {
	client  *Client
	gateway gateway
	ctx     context.Context // of the attempt, and then of its handshake, with its timeout
	end     func()          // ends the handshake's
	proxy   *url.URL        // an HTTP proxy to go through, or nil
	conn    *netConn
}

// chooseProxy is asked by the WebSocket library before dial. HTTP proxies are
// dial's own business; the library knows the other kinds.
func (n *network) chooseProxy(r *http.Request) (*url.URL, error) {
	proxy, err := n.client.askProxy(r)
	if err != nil || proxy == nil || proxy.Scheme != "http" {
		return proxy, err
	}
	n.proxy = proxy
	return nil, nil
}

// dial opens the connection. The WebSocket handshake does not heed its context, so
// the connection is closed under it when that ends.
func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	to := addr
	if n.proxy != nil {
		to = proxyAddress(n.proxy)
	}
	conn, err := n.client.netDial(ctx, network, to)
	if err != nil {
		return nil, err
	}
	n.conn = newNetConn(conn)
	n.ctx, n.end = context.WithTimeout(n.ctx, n.client.set.shakeTimeout)
	context.AfterFunc(n.ctx, n.conn.closeUnlessOpen)
	if n.proxy != nil {
		if err := tunnel(n.conn, n.proxy, addr, n.gateway); err != nil {
			n.conn.closeUnlessOpen()
			return nil, err
		}
	}
	return n.conn, nil
}

// prepare lets the program set headers and TLS.
func (c *Client) prepare(ctx context.Context, gw gateway, number int) (*Attempt, error) {
	a := &Attempt{Gateway: gw.url, Number: number, Header: c.set.header.Clone(), TLS: c.set.tls.Clone()}
	if a.Header == nil {
		a.Header = make(http.Header)
	}
	gw.authorize(a.Header)
	if hook := c.set.hooks.BeforeDial; hook != nil {
		err, ended := callUser(c, ctx, func() error { return hook(ctx, a) }, nil)
		if err = errors.Join(ended, err); err != nil {
			return nil, fmt.Errorf("before dialling %s: %w", gw.redacted, err)
		}
	}
	if a.TLS != nil && a.TLS.MinVersion == 0 {
		a.TLS.MinVersion = tls.VersionTLS12
	}
	return a, nil
}

// netDial opens the network connection. A dialer of the program's may ignore its
// context; what it returns too late is closed.
func (c *Client) netDial(ctx context.Context, network, addr string) (net.Conn, error) {
	if c.set.netDial == nil {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	type result struct {
		conn net.Conn
		err  error
	}
	r, ended := callUser(c, ctx, func() result {
		conn, err := c.set.netDial(ctx, network, addr)
		return result{conn, err}
	}, func(late result) {
		if late.err == nil {
			late.conn.Close()
		}
	})
	return r.conn, errors.Join(ended, r.err)
}

// dialError says what an attempt met, if it met anything.
func dialError(ctx context.Context, gw gateway, err error, response *http.Response) error {
	if response != nil && errors.Is(err, websocket.ErrBadHandshake) {
		return handshakeError(gw, response)
	}
	if refused := (*HandshakeError)(nil); errors.As(err, &refused) {
		return err // of a proxy
	}
	if ctx.Err() != nil {
		return fmt.Errorf("dial %s: %w: %w", gw.redacted, ctx.Err(), err) // err is that the connection was closed
	}
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		return err // which says all that there is to say
	}
	return fmt.Errorf("dial %s: %w", gw.redacted, err)
}

var errNotHTTP = errors.New("the answer to the handshake is not HTTP")

// unquoted returns an error of reading an HTTP answer from n. Those that say what is wrong
// with it quote it, and it may repeat the request with its headers.
func unquoted(err error, n *netConn) error {
	network := net.Error(nil)
	switch {
	case n.left == 0:
		return errAnswerTooLong
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return err
	}
	return errNotHTTP
}

// bodyKept is how many bytes of an answer's body are kept.
const bodyKept = 1024

func handshakeError(gw gateway, response *http.Response) *HandshakeError {
	body, _ := io.ReadAll(io.LimitReader(response.Body, bodyKept)) // as much as there is
	return &HandshakeError{Gateway: gw.redacted, Status: response.StatusCode, Header: response.Header, Body: body}
}
