// Package faultproxy is a proxy that breaks connections: put between a client and
// its gateway, it shows in a test what a bad network does to a service. It stands in
// front of anything that listens on TCP: a gateway of package resgatetest, a Resgate
// process, one on another machine.
//
//	proxy, err := faultproxy.Start(gateway.URL())
//	defer proxy.Close()
//
//	// let a client connect to proxy.URL(), then
//	cut := proxy.CutMidFrame(faultproxy.FromGateway)
//	service.Change("news.today", map[string]any{"headline": "Sun"})
//	<-cut // the client has got half a frame, and the end of the connection
//
// Without a fault it passes everything on, the ends of connections too.
//
// # Faults
//
// Lasting ones concern all connections, and may be changed while bytes are on their way.
// They take the directions that they are for, [FromClient], [FromGateway], or none
// for both. [Proxy.Heal] ends them.
//
//	Set(Faults{Latency, Jitter})   a long way
//	Set(Faults{BytesPerSecond})    a narrow one
//	Set(Faults{Slice, Pause})      a few bytes at a time
//	Set(Faults{Corrupt})           now and then a wrong byte
//	Stall                          a black hole: nothing arrives, nobody is told
//	Refuse                         new connections are refused
//	Hang                           new connections are accepted, and nothing more
//
// These end the connections that are open:
//
//	Cut       as when the gateway's process ends
//	Reset     as when its machine has forgotten them
//	HalfOpen  the gateway is gone, and the client is not told
//
// And these break the next frame. They return a channel that is closed when it has
// happened:
//
//	CutMidFrame    half of it, then the end of the connection
//	TruncateFrame  half of it, then what comes after it
//	OversizeFrame  blown up to any size
//	CorruptFrame   with a byte that no JSON has, and no compressed message
//
// [Proxy.AfterBytes] and [Proxy.AfterFrames] do something at an exact place in the
// stream, break it for instance:
//
//	proxy.AfterBytes(faultproxy.FromGateway, 1000, proxy.Reset)
//
// [Proxy.Intercept] shows whole messages to a function, which may change them or
// keep them back, and [Conn.Send] makes messages up.
//
// # What can be noticed
//
// A frame that is cut, truncated or too large is always noticed by whoever reads it, and
// so is what [Proxy.CorruptFrame] does, for it leaves no valid JSON. Bytes that
// [Faults].Corrupt changes may turn one value into another: neither TCP nor WebSocket has a
// checksum against that, and compression has none either, so no client can tell. TLS can.
//
// # Frames
//
// The proxy follows the stream as far as it must to know where frames begin and
// end. That needs a WebSocket in the clear. In what is encrypted (wss) or no
// WebSocket at all, no frame is found, so that faults of frames wait for ever; all others
// work.
//
// # Chance and time
//
// Jitter and corruption come from a seed, see [WithSeed]: the same bytes are changed
// in the same stream. With [WithNetwork] the proxy runs on a network in memory, and
// inside testing/synctest on its clock.
//
// # Concurrency
//
// All methods may be called from several goroutines at once. Functions given to
// AfterBytes, AfterFrames and Intercept are called by the goroutine that passes on the
// bytes, which waits for them. They may call every method but [Proxy.Close].
package faultproxy
