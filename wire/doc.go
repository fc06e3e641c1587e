// Package wire builds and reads the frames of the RES client protocol, version
// 1.2.3: requests, responses, events, and the sets of resources that come with
// them. It is made of functions over bytes; sockets, request IDs and the state
// of a connection belong to the caller. Use it to write a client, a gateway or
// a test of your own. Programs that want a feed use package conn.
//
//	frame, err := wire.Subscribe(1, "inventory.items").Append(nil)
//	… // send frame, receive another
//	message, err := wire.Parse(frame)
//	switch m := message.(type) {
//	case *wire.Response:
//		set, err := m.Set() // as m.ID answers a subscribe request
//	case *wire.Event:
//		if m.Name == wire.EventAdd {
//			add, err := m.Add()
//		}
//	}
//
// # Requests
//
// [Version], [Subscribe], [Unsubscribe], [Get], [Call], [Auth] and [New] make a
// [Request], and [Request.Append] its frame. It refuses what a gateway would
// refuse, and names so long that they can bring Resgate down. [ParseRequest] is
// the reverse.
//
// # Messages
//
// [Parse] tells a [*Response] from an [*Event] and leaves their JSON alone, so
// that messages nobody waits for cost little. A response does not say what it
// answers; whoever sent the request knows, and calls [Response.Set] for
// subscribe and get, [Response.CallResult] for call, auth and new,
// [Response.Protocol] for version. On a connection that speaks a protocol below
// 1.2.0, call and auth are read by [Response.LegacyCallResult].
//
// [Response.Result] and [Event.Data] are part of the frame. What the methods
// return is copied and keeps nothing of it.
//
// Where a great many messages are read, a [Scanner] comes before Parse: it reads those
// that a feed is made of in one pass, and leaves the others to Parse.
//
// # Errors
//
// Methods of a response return what the gateway reported as a *res.Error. A
// frame that breaks the protocol gives a [*SyntaxError], which says where. What
// a gateway is free to do is no error: members in any order, members that are
// not known, names that occur twice, text that is not UTF-8, a missing index.
// JSON nested more than 10000 levels deep is refused.
//
// # Concurrency
//
// Everything here is a pure function of its arguments, but for a [Scanner], which
// belongs to one goroutine. A frame must not change while a message parsed from it is in use.
package wire
