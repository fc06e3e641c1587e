// Package subs holds what a client is subscribed to: the local copies of resources,
// who listens to them, and the events that listeners hear. Programs meet its
// [Event] and [Resource] types through the client in package conn; whoever builds
// a client, or tests one, uses the [Registry] and the [Queue].
//
//	for ev := range subscription.Events(ctx) {
//		switch ev := ev.(type) {
//		case *subs.Sync: // the whole resource
//			fmt.Println("have", ev.Resource)
//		case *subs.Change: // properties of a model
//			fmt.Println("title is", ev.Value("title"), "and was", ev.Old("title"))
//		case *subs.Add: // an item came into a collection
//			fmt.Println(ev.Value, "before index", ev.Index)
//		case *subs.Stale: // no events until the next Sync
//			fmt.Println("behind, because of", ev.Cause)
//		}
//	}
//
// # Resources
//
// A [Resource] is a model, a collection, or an error in the place of one. It is
// what the resource was at one moment: it never changes, so keep it, compare it with
// a later one, and read it from any goroutine. Read it value by value, or
// [Resource.Decode] it into a Go value.
//
// # Events
//
// A handle hears of one resource, in the gateway's order:
//
//   - [Sync]: the whole resource. It comes first; nothing between it and the next
//     event is missing.
//   - [Change]: properties of a model, with old and new values.
//   - [Add], [Remove]: an item of a collection, with its index.
//   - [Custom]: an event of the service's own. It leaves the resource as it is.
//   - [Delete], [Unsubscribe]: the service deleted the resource; the gateway ended
//     the subscription. The client tries again by itself.
//   - [Stale], [Lag]: see below.
//
// Keep state in one of two ways. Replace it at every Sync and apply Change, Add and
// Remove in between. Or, when no Lag can occur, apply Change, Add and Remove from
// the first Sync on. Both end with what the gateway has.
//
// # Staleness
//
// When the connection is lost, or the gateway ends a subscription, a resource stays
// readable and is stale: the service may have gone on without it. Its handles hear
// Stale and, but for the Unsubscribe that follows a Delete, nothing more until the
// resource is live again. They then hear what they missed, as Change, Add and Remove
// events marked Resync, and a Sync. A resource that is of another kind by then, or in
// error, is a Sync alone.
//
// A resource is also stale after a message that did not fit its copy, such as an
// index out of bounds ([ErrInconsistent]). Nothing on that connection can mend it,
// so the client makes another.
//
// # Lag
//
// A consumer that is too slow holds up nobody. Its events wait in a [Queue] with
// limits. When they are exceeded the queue is emptied, and counts what comes instead
// of keeping it. On reading, the consumer hears a Lag, which says how many events it
// has missed, and a Sync with the state of that moment, followed by Stale if it is.
// State is complete again; custom events are lost.
//
// # The latest
//
// Who does not want events but the content, as a value of some type, opens a handle that
// [Latest] owns. It hears a Sync, and then, once, that there is news, until it
// asks for the next Sync. A [Decoder] makes values of the Syncs, and tells whether there
// is anything new to show. It is what Watch in package conn is made of.
//
// # The registry
//
// A [Registry] knows three things that are kept apart: what the program wants
// ([Registry.Open] and [Registry.Close]), what the gateway counts as subscribed on
// this connection ([Registry.Subscribed], [Registry.Unsubscribed],
// [Registry.Revoked]), and the copies. Its owner reconciles the first two, with
// requests, and hands in every answer and event as it comes:
//
//	seq++
//	reg.Issued(seq) // and Requested, for a subscribe or get request
//	… // send the request, receive its answer
//	reg.Install(set)
//	reg.Subscribed(rid)
//	reg.Answered(oldest) // request that is still out, or seq+1; and Replied
//	for _, d := range reg.TakeDeliveries() { … }
//
// A copy is held when a direct subscription reaches it, through references that the
// connection was sent (RES-Client protocol, "Direct subscription" and "Indirect
// subscription"). Only held copies are live. References are counted; where a count
// alone cannot tell, a search finds cycles that nothing outside holds. What loses
// its last holder is in limbo, its events still applied, until every request that
// was out at that moment has been answered: the gateway may know already that one
// of them holds it. Copies that nothing wanted or held leads to are deleted.
//
// After [Registry.Disconnected], replay [Registry.WantedInOrder] on the next
// connection, and call [Registry.Sweep] once every replay was answered. What does not
// fit is reported by [Registry.TakeFaults]; the answer to a fault is always another
// connection.
//
// # Concurrency
//
// A Registry belongs to one goroutine, a Queue to whoever holds the lock that goes
// with it. Events and Resources are shared freely, and must not be changed.
package subs
