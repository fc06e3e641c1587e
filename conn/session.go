package conn

import (
	"context"
	"errors"
	"fmt"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// Session is one connection, as [Hooks].Authenticate and [Hooks].AccessDenied are given
// it. It is of no use once the hook has returned or the connection has ended: its
// methods fail with [ErrNotConnected] then.
type Session struct {
	client     *Client
	generation uint64
}

// Auth sends an auth request on this connection. See [Client.Auth].
func (s *Session) Auth(ctx context.Context, rid, method string, params, result any) error {
	return s.client.callInto(ctx, wire.Request{Type: wire.TypeAuth, RID: rid, Method: method}, params, result, s.generation)
}

// Call sends a call request on this connection. See [Client.Call].
func (s *Session) Call(ctx context.Context, rid, method string, params, result any) error {
	return s.client.callInto(ctx, wire.Request{Type: wire.TypeCall, RID: rid, Method: method}, params, result, s.generation)
}

// Generation returns the number of the connection. It counts every dial.
func (s *Session) Generation() uint64 { return s.generation }

// errNoReturn is for a hook that ends its goroutine, as FailNow of a test does.
var errNoReturn = errors.New("the hook did not return")

// String names the connection.
func (s *Session) String() string { return fmt.Sprintf("session of connection %d", s.generation) }

// authenticate runs the Authenticate hook and tells the owner how it went.
func (c *Client) authenticate(a *attempt) {
	c.runHook(a, c.set.hooks.Authenticate, func(err error) {
		if err != nil {
			err = fmt.Errorf("hook: %w", err)
		}
		c.send(core.Authenticated{Generation: a.generation, Err: err, Permanent: isPermanent(err)})
	})
}

// accessDenied runs the AccessDenied hook and tells the owner how it went.
func (c *Client) accessDenied(a *attempt, rid string) {
	hook := func(ctx context.Context, s *Session) error { return c.set.hooks.AccessDenied(ctx, s, rid) }
	c.runHook(a, hook, func(err error) {
		c.send(core.AccessJudged{Generation: a.generation, Err: err, Permanent: isPermanent(err)})
	})
}

// runHook runs a hook with a session, which is to return within the authentication timeout,
// and tells what it has returned.
func (c *Client) runHook(a *attempt, hook func(context.Context, *Session) error, tell func(error)) {
	ctx, cancel := context.WithTimeout(a.ctx, c.set.authTimeout)
	c.user.Go(func() {
		err := errNoReturn
		defer func() {
			cancel()
			tell(err)
		}()
		err = hook(ctx, &Session{client: c, generation: a.generation})
	})
}
