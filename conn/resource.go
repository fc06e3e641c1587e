package conn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// ErrNoResource says that a method answered with a payload where a resource was
// expected. The call was carried out.
var ErrNoResource = errors.New("the answer is a payload, not a resource")

// CallResource calls a method that answers with a resource, and subscribes to it:
// the gateway sends it along with the answer, so that no event is missed. Close
// releases it. Otherwise it works like [Client.Call]. When the call was carried out
// but the resource cannot be had, the error is the one of the resource.
func (c *Client) CallResource(ctx context.Context, rid, method string, params any, opts ...SubscribeOption) (*Subscription, error) {
	return c.callResource(ctx, wire.Request{Type: wire.TypeCall, RID: rid, Method: method}, params, opts)
}

// AuthResource is to [Client.Auth] what CallResource is to Call.
func (c *Client) AuthResource(ctx context.Context, rid, method string, params any, opts ...SubscribeOption) (*Subscription, error) {
	return c.callResource(ctx, wire.Request{Type: wire.TypeAuth, RID: rid, Method: method}, params, opts)
}

// New sends a new request (RES-Client protocol, "New request"), which calls the
// method new of a resource and answers with what it has made.
//
// Deprecated: the protocol keeps it for old services. Use CallResource with the
// method "new".
func (c *Client) New(ctx context.Context, rid string, params any, opts ...SubscribeOption) (*Subscription, error) {
	return c.callResource(ctx, wire.Request{Type: wire.TypeNew, RID: rid}, params, opts)
}

func (c *Client) callResource(ctx context.Context, r wire.Request, params any, opts []SubscribeOption) (*Subscription, error) {
	s := c.newSubscription("", opts)
	answer, err := c.call(ctx, &core.Call{Request: r, Handle: &s.handle}, params)
	if err == nil && answer.Result.RID == "" {
		if rid := c.legacyResource(answer.Result.Payload); rid != "" {
			return c.Subscribe(ctx, rid, opts...)
		}
		err = ErrNoResource
	}
	if err != nil {
		s.end(err)
		return nil, fmt.Errorf("conn: %s: %w", describe(r), err)
	}
	return s, nil
}

// legacyResource returns the id of the resource that a gateway before protocol 1.2.0
// answers a call with. It looks like a payload there, and is not subscribed.
func (c *Client) legacyResource(payload []byte) string {
	var resource struct{ RID string }
	if !core.Legacy(c.figuresNow().Protocol) || json.Unmarshal(payload, &resource) != nil {
		return ""
	}
	return resource.RID
}

// Set changes properties of a model by calling its method set (RES-Client protocol,
// "Pre-defined call methods"). Values may be whatever encoding/json takes, [res.Ref]
// and [res.DataValue] among it, and [res.DeleteAction] to delete a property. What
// has become of the model is told by its change event.
func (c *Client) Set(ctx context.Context, rid string, values map[string]any) error {
	return c.Call(ctx, rid, "set", values, nil)
}

// View returns what resources that are subscribed, and everything that they refer
// to, are now: all of them as after one and the same message from the gateway,
// which may be ahead of what handlers have been given. What is not subscribed is
// not in it. The view does not change, and pins nothing.
func (c *Client) View(ctx context.Context, rids ...string) (*subs.View, error) {
	replies := make(chan core.Reply, 1)
	r, err := c.ask(ctx, core.View{RIDs: rids, To: replies}, replies, core.Tick{})
	if err != nil {
		return nil, fmt.Errorf("conn: view: %w", err)
	}
	return r.View, nil
}

// Stream returns what happens to every resource in the client's local copy whose
// name matches pattern ('*' for one part of a name, '>' for one or more at the
// end), in the order in which the gateway has sent it: for relays, loggers and
// metrics. It subscribes to nothing: it shows what subscriptions bring, and what
// these refer to.
//
// Its first event is a [subs.Sync] with a View of all there is, and no Resource.
// Then every resource that becomes live has a Sync of its own, its events follow,
// and a [subs.Drop] says that it is followed no more. When the connection is lost,
// one [subs.Stale] without a resource id says so for all. After a [subs.Lag] comes
// a Sync with a View again. To know whether everything is live, wait with
// [Client.WaitInSync]: Status and WaitSync of a stream are of no use.
func (c *Client) Stream(ctx context.Context, pattern res.Pattern, opts ...SubscribeOption) (*Subscription, error) {
	if err := pattern.Check(); err != nil {
		return nil, fmt.Errorf("conn: stream: %w", err)
	}
	s := c.newSubscription(string(pattern), opts)
	replies := make(chan core.Reply, 1)
	in := core.Stream{Pattern: pattern, Handle: &s.handle, To: replies}
	if _, err := c.ask(ctx, in, replies, core.Tick{}); err != nil {
		s.end(err)
		return nil, fmt.Errorf("conn: stream %q: %w", pattern, err)
	}
	return s, nil
}

// SubscriptionStatus is how a subscription stands.
type SubscriptionStatus struct {
	Live  bool  // what is held is what the gateway has
	Cause error // why not, if the resource was lost

	// If the gateway has refused the subscription, or ended it:
	Tries   int       // how many have failed since it last worked
	Err     error     // of the last of them
	RetryAt time.Time // when it is tried again; zero if that is not known yet
}

// Status returns how the subscription stands, as far as the client itself has come,
// which may be ahead of the events. After the end of the subscription it is not Live.
func (s *Subscription) Status() SubscriptionStatus {
	replies := make(chan core.Reply, 1)
	in := core.Status{RID: s.RID(), To: replies}
	r, err := s.client.ask(context.Background(), in, replies, core.Tick{})
	if ended := s.reason(); ended != nil {
		err = ended
	}
	if err != nil {
		return SubscriptionStatus{Cause: err}
	}
	st := r.Standing
	return SubscriptionStatus{Live: st.Live, Cause: st.Cause, Tries: st.Tries, Err: st.Err, RetryAt: st.RetryAt}
}
