package conn

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Get returns what the resource rid is now, without subscribing to it (RES-Client
// protocol, "Get request"). What is subscribed and live is answered from the local
// copy; otherwise the gateway is asked, and while there is no connection Get waits
// for one, as long as ctx allows. The result never changes. The gateway's error is
// a [*res.Error].
//
// For a Go value, with references expanded, there is the function [Get].
func (c *Client) Get(ctx context.Context, rid string) (*subs.Resource, error) {
	r, err := c.get(ctx, rid, nil)
	return r.Resource, err
}

// get gets a resource, and with a type, a view of what that has room for.
func (c *Client) get(ctx context.Context, rid string, as *subs.Type) (core.Reply, error) {
	if err := res.CheckRID(rid); err != nil {
		return core.Reply{}, fmt.Errorf("conn: get: %w", err)
	}
	replies := make(chan core.Reply, 1)
	r, err := c.ask(ctx, core.Get{RID: rid, As: as, To: replies}, replies, core.CancelGet{RID: rid, To: replies})
	if err == nil {
		err = r.Resource.Err()
	}
	if err != nil {
		return core.Reply{}, fmt.Errorf("conn: get %q: %w", rid, err)
	}
	return r, nil
}

// Call calls a method of the resource rid (RES-Client protocol, "Call request").
//
// Params is marshalled to JSON; nil sends none, and a json.RawMessage is sent as it
// is. The payload of the answer is stored in result, a pointer, as json.Unmarshal
// would; a nil result throws it away. A method that answers with a resource stores
// its id in a *res.Ref.
//
// Without a connection the call waits for one until ctx ends, unless
// [WithFailFast] was given; then it fails with [ErrNotConnected] and was never sent. A
// connection that is lost while the call is out makes it fail with
// [ErrConnectionLost]: whether the service has seen it is unknown, and the client
// never sends a call twice. When ctx ends first, the error is that of ctx, and the
// outcome is unknown as well; so it is when there is no answer within
// [WithRequestTimeout], with [ErrNoAnswer]. [ErrQueueFull] says that too many calls wait
// already, and that this one was never sent. What the gateway or the service has
// answered is a [*res.Error].
func (c *Client) Call(ctx context.Context, rid, method string, params, result any) error {
	return c.callInto(ctx, wire.Request{Type: wire.TypeCall, RID: rid, Method: method}, params, result, 0)
}

// Auth sends an auth request (RES-Client protocol, "Auth request"), which works
// like [Client.Call] but needs no access and may change what the connection may
// do. That lasts as long as the connection: what has to be done on every one
// belongs into [Hooks].Authenticate. Subscriptions that were denied are tried again after it.
func (c *Client) Auth(ctx context.Context, rid, method string, params, result any) error {
	return c.callInto(ctx, wire.Request{Type: wire.TypeAuth, RID: rid, Method: method}, params, result, 0)
}

// callInto makes a call and stores its result.
func (c *Client) callInto(ctx context.Context, r wire.Request, params, result any, session uint64) error {
	answer, err := c.call(ctx, &core.Call{Request: r, Session: session}, params)
	if err == nil {
		err = decodeResult(answer.Result, result)
	}
	if err != nil {
		return fmt.Errorf("conn: %s: %w", describe(r), err)
	}
	return nil
}

// call makes a call, auth or new request with the given params.
func (c *Client) call(ctx context.Context, call *core.Call, params any) (core.Reply, error) {
	r := &call.Request
	if err := res.CheckRID(r.RID); err != nil {
		return core.Reply{}, err
	}
	if r.Type != wire.TypeNew {
		if err := res.CheckMethod(r.Method); err != nil {
			return core.Reply{}, err
		}
	}
	if params != nil {
		encoded, err := json.Marshal(params)
		if err != nil {
			return core.Reply{}, fmt.Errorf("params: %w", err)
		}
		r.Params = encoded
	}
	replies := make(chan core.Reply, 1)
	call.To = replies
	return c.ask(ctx, call, replies, core.CancelCall{Call: call})
}

// describe says what a request was for, in errors.
func describe(r wire.Request) string {
	if r.Method == "" {
		return fmt.Sprintf("%v %q", r.Type, r.RID)
	}
	return fmt.Sprintf("%v %q %q", r.Type, r.RID, r.Method)
}

func decodeResult(r wire.CallResult, result any) error {
	if result == nil {
		return nil
	}
	payload := r.Payload
	if r.RID != "" {
		var err error
		if payload, err = json.Marshal(res.Ref(r.RID)); err != nil {
			return fmt.Errorf("result: %w", err)
		}
	}
	if err := json.Unmarshal(payload, result); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}
