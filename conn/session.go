package conn

import (
	"context"
	"fmt"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// Session is a new connection before anything is subscribed on it. It is given to
// [Hooks].Authenticate and of no use once that has returned: its methods fail with
// [ErrNotConnected] then.
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

// authenticate runs the Authenticate hook and tells the owner how it went.
func (c *Client) authenticate(a *attempt) {
	ctx, cancel := context.WithTimeout(a.ctx, c.set.authTimeout)
	c.user.Go(func() {
		defer cancel()
		err := c.set.hooks.Authenticate(ctx, &Session{client: c, generation: a.generation})
		if err != nil {
			err = fmt.Errorf("hook: %w", err)
		}
		c.send(core.Authenticated{Generation: a.generation, Err: err, Permanent: isPermanent(err)})
	})
}
