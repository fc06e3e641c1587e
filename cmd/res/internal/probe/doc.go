// Package probe goes the way to a gateway step by step, without the client: a
// [Route] says where to and with what, [Route.Open] opens a [Link], and a Link asks
// for the protocol version and pings. The client does all that too, and then tries
// again; here each step stands alone, so that the one that fails can be named.
package probe
