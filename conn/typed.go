package conn

import (
	"context"
	"fmt"
	"iter"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// Watch returns an iterator over what the resource rid is, as a T: first what it is
// now, and then the latest whenever T would be another one, for as long as the
// program runs, through any number of reconnects.
//
//	for book, err := range conn.Watch[Book](ctx, client, "library.book.1") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(book.Title)
//	}
//
// The value is stored as [encoding/json.Unmarshal] would: a model in a struct or map, a
// collection in a slice, with the struct tags of encoding/json. Where T has room for
// what a reference leads to, a struct, map, slice or interface, the reference is
// expanded, and a change of what it leads to counts as a change of the whole; where T
// has a string or a [res.Ref], the reference stays one. See [subs.View.Decode]. Each
// value is a new one, for the program to keep.
//
// There is no queue: a loop that takes its time gets the latest value when it is back,
// however much has happened, and never an old one. What T does not show, a property
// without a field, a custom event, an outage after which everything is as before,
// makes no value. A value costs time in proportion to all that it
// shows, so to follow thousands of references that change all the time, hear their
// events, with [Deep].
//
// That the resource is stale is no error, and no value comes because of it;
// [Client.Health] tells of it. A loop that begins meanwhile, on what another subscription
// has, begins with the last content. To hear of every event, of deletion, of lost access
// and of staleness, use [Client.Subscribe].
//
// The error is nil or comes with the zero T, and says why:
//
//   - The resource is not what T takes. The loop may go on: the next value may fit.
//   - The subscription was not granted, with the gateway's error; ctx has ended, with
//     its error; the client was closed, with [ErrClosed]; or something else has ended
//     the subscription, such as a retry policy, see [Subscription.Err]. This pair is the
//     last one. The loop never ends without it, unless the program leaves it.
//
// Ranging over the iterator subscribes, waiting for a connection if need be, and
// leaving the loop, in whatever way, closes the subscription. It may be ranged over
// again, and by several goroutines.
func Watch[T any](ctx context.Context, c *Client, rid string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		d := subs.NewDecoder[T]()
		s, err := c.Subscribe(ctx, rid, latest(d.Type()))
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for v, err := range values(ctx, s, d) {
			if err != nil {
				err = fmt.Errorf("conn: watch %q: %w", rid, err)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// latest makes a subscription hear of the latest content only, see [subs.Latest].
func latest(as *subs.Type) SubscribeOption {
	return func(s *Subscription) { s.handle.Owner = &subs.Latest{Owner: s, Type: as} }
}

// values iterates over what such a subscription is told, and closes it after.
func values[T any](ctx context.Context, s *Subscription, d *subs.Decoder[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer s.Close()
		for ev := range s.Events(ctx) {
			sync, whole := ev.(*subs.Sync)
			if !whole { // there is news: whatever it is by now
				s.client.send(core.Resume{Handle: &s.handle})
				continue
			}
			v, changed, err := d.DecodeNew(sync.View, sync.RID())
			if changed && !yield(v, err) {
				return
			}
		}
		var zero T
		yield(zero, s.Err())
	}
}

// Get returns what the resource rid is now as a T, without subscribing to it: from the
// local copy if it is subscribed and live, else from the gateway. It waits for a
// connection as long as ctx allows. T is filled as by [Watch], with references
// expanded where it has room for them. With an error, which is the gateway's
// [*res.Error] or says why the resource is no T, it is the zero T.
func Get[T any](ctx context.Context, c *Client, rid string) (T, error) {
	var v T
	d := subs.NewDecoder[T]()
	r, err := c.get(ctx, rid, d.Type())
	if err != nil {
		return v, err
	}
	if v, err = d.Decode(r.View, rid); err != nil {
		return v, fmt.Errorf("conn: get: %w", err)
	}
	return v, nil
}

// Call calls a method of the resource rid and returns the payload of the answer as a
// T. It is [Client.Call] in all other ways: how params are sent, when it waits, and
// what an error says about the outcome. With an error it is the zero T.
//
// A method that answers with a resource gives its id if T is a [res.Ref] or a string.
// Any other T is that resource, with references expanded as by [Watch]. To stay
// subscribed to it, use [Client.CallResource].
func Call[T any](ctx context.Context, c *Client, rid, method string, params any) (T, error) {
	r := wire.Request{Type: wire.TypeCall, RID: rid, Method: method}
	v, err := callValue[T](ctx, c, r, params)
	if err != nil {
		var zero T
		return zero, fmt.Errorf("conn: %s: %w", describe(r), err)
	}
	return v, nil
}

func callValue[T any](ctx context.Context, c *Client, r wire.Request, params any) (v T, err error) {
	d := subs.NewDecoder[T]()
	s := c.newSubscription("", []SubscribeOption{latest(d.Type())})
	request := &core.Call{Request: r}
	if d.Follows() {
		request.Handle = &s.handle
	}
	answer, err := c.call(ctx, request, params)
	if err != nil {
		return v, err
	}
	switch rid := answer.Result.RID; {
	case rid == "":
		err = decodeResult(answer.Result, &v)
		return v, err
	case !d.Follows():
		return d.Reference(rid)
	}
	for v, err = range values(context.WithoutCancel(ctx), s, d) {
		break // with the first, which is there already
	}
	return v, err
}
