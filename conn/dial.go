package conn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

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

func (a *attempt) write(f core.Frame) {
	if a.socket == nil || a.generation != f.Generation || a.socket.out.put(f.Data) {
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
	var raw *netConn
	dialer := websocket.Dialer{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: a.TLS,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := c.netDial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			raw = newNetConn(conn)
			// The handshake does not heed its context, so the connection is closed
			// under it.
			context.AfterFunc(limited, raw.closeUnlessOpen)
			return raw, nil
		},
	}
	ws, response, err := dialer.DialContext(limited, gw.dialled, a.Header)
	if err == nil && !raw.opened() {
		err = limited.Err()
	}
	if err != nil {
		return nil, dialError(limited, gw, err, response)
	}
	return c.startSocket(ctx, d.Generation, ws, raw), nil
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
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1024)) // as much as there is
		return &HandshakeError{Gateway: gw.redacted, Status: response.StatusCode, Header: response.Header, Body: body}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("dial %s: %w: %w", gw.redacted, ctx.Err(), err) // err is that the connection was closed
	}
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		return err // which says all that there is to say
	}
	return fmt.Errorf("dial %s: %w", gw.redacted, err)
}
