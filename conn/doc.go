// Package conn is the client: a connection to Resgate that keeps itself alive, and
// what is subscribed over it.
//
//	c, err := conn.Dial(ctx, "ws://localhost:8080", conn.WithLogger(log))
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//
//	for news, err := range conn.Watch[News](ctx, c, "news.today") {
//		if err != nil {
//			return err // why the loop has ended, or why this is no News
//		}
//		fmt.Println(news.Headline)
//	}
//
// # Tour
//
// To begin and to end, there are [Dial], which waits for the connection, or [New],
// which does not, and [Client.Close] or [Client.Shutdown].
//
// To read, choose how much you want to hear:
//
//   - [Get] says once what a resource is, as a Go value. [Client.Get] has it as it is on
//     the wire.
//   - [Watch] says what a resource is, and what it has become whenever that is another
//     value: the latest, without a queue. References are expanded.
//   - [Client.Subscribe] tells every event, in order, with old and new values. Read them
//     in a loop over [Subscription.Events], or with a function for each kind
//     ([Subscription.Handle]), or without a goroutine of your own ([WithHandler]).
//   - With [Deep], a subscription tells the events of everything that its resource refers to as
//     well. [Client.Stream] tells those of all that is subscribed. [Client.View] reads
//     any of it as of one moment.
//
// To do something, [Call] or [Client.Call] a method, [Client.Set] properties of a
// model, and use [Client.CallResource] where the answer is a resource to follow. To log
// in, on every connection, use [Session.Auth] in [Hooks].Authenticate.
//
// To know how things are, there are [Client.Health] for probes, [Client.Stats] for
// figures, [Client.WaitInSync] for tests and start-up, [Hooks].Transition and
// [WithLogger].
//
// # Events
//
// A loop over events says what has happened, and not only what is:
//
//	news, err := c.Subscribe(ctx, "news.today")
//	if err != nil {
//		return err
//	}
//	for ev := range news.Events(ctx) {
//		switch ev := ev.(type) {
//		case *subs.Sync:
//			fmt.Println("have", ev.Resource)
//		case *subs.Change:
//			fmt.Println("headline", ev.Value("headline"), "was", ev.Old("headline"))
//		}
//	}
//	return news.Err()
//
// # Reconnecting
//
// A client is [state.Dialing], [state.Resubscribing], [state.Connected] or
// [state.Closed]; package state has the whole machine. When the connection is
// lost, the client dials again after a delay that grows with every failed attempt,
// authenticates, and subscribes again to everything that the program is subscribed
// to. The program need not do anything about it.
//
// What it sees is this: a subscription's events are a [subs.Stale]; later, on the
// new connection, the difference between what it had and what is now, as ordinary
// change, add and remove events marked Resync; and then a [subs.Sync] with the whole
// resource. A program that keeps its state from events alone ends with the
// gateway's state, and so does one that starts over at every Sync. Custom events of
// the time in between are lost: Stale and Sync say where the gap is.
//
// Transitions are reported to [Hooks].Transition and to the logger. [Client.WaitFor]
// waits for a state. Connected says that every subscription was asked for again;
// [Client.WaitInSync] and [Subscription.WaitSync] say that what is held is what the
// gateway has.
//
// # Subscriptions
//
// However often the program subscribes to a resource, the gateway sees one
// subscription. The error of the first Subscribe goes to its caller. What the
// gateway ends later, or refuses after a reconnect, is stale and tried again with a
// back-off of its own, see [WithRetryBackOff], and does not hold up anything else.
//
// # Calls
//
// A call is never sent twice. One that was out when the connection was lost fails
// with [ErrConnectionLost], and only the program can know whether to repeat it. One
// that was never sent waits for the next connection.
//
// # The end
//
// [Client.Close] ends everything at once; [Client.Shutdown] lets calls come to their
// end before. Both may be called from anywhere.
//
// # Concurrency
//
// All methods of [Client] and [Subscription] may be called from any goroutine, and
// from any hook or handler. One goroutine owns all state. It never runs code of the
// program and never waits for a socket: hooks, handlers, back-offs and dialers run
// in goroutines of their own. A handler runs one at a time for each subscription, so do
// the hooks Transition and Frame together, and a slow one holds up nothing else. A panic
// in code of the program ends the program, as in any goroutine.
//
// A subscription that is not read fills its queue, and is then folded into one
// snapshot, see [subs.Lag]; [Watch] keeps nothing but that there is news. Memory is bounded: so are the queues, see
// [WithQueueLimits], the calls that wait for a connection, see [WithOfflineQueue],
// and the size of a message, see [WithReadLimit].
//
// # Errors
//
// What a service or the gateway says is a [*res.Error], compared by code:
// errors.Is(err, res.ErrNotFound). What the client has to say itself are the
// variables of this package. All errors say what was being done, and to which
// resource.
package conn
