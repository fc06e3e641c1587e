package faultproxy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Direction is the way that bytes go.
type Direction uint8

const (
	FromClient  Direction = iota // from clients to the gateway
	FromGateway                  // from the gateway to clients
)

// String returns "from client" or "from gateway".
func (d Direction) String() string {
	if d == FromClient {
		return "from client"
	}
	return "from gateway"
}

// Faults are lasting ones. The zero value of each field, and anything below zero,
// means that there is no such fault.
type Faults struct {
	// Latency is how long bytes are on their way, one way.
	Latency time.Duration

	// Jitter adds to the latency any time up to this, equally likely. Bytes stay in
	// order.
	Jitter time.Duration

	// BytesPerSecond is how many bytes get through on each connection.
	BytesPerSecond int

	// Slice is the most bytes that are written at a time.
	Slice int

	// Pause is the time between two writes. Without one, what was sliced may arrive in
	// one piece.
	Pause time.Duration

	// Corrupt changes one of so many bytes, on average, to some other value.
	Corrupt int
}

// way is what is wrong in one direction.
type way struct {
	faults   Faults
	stalled  bool
	breaking []*frameFault
	afterB   []*trigger // bytes
	afterF   []*trigger // frames
}

// Set replaces the lasting faults of the directions given, or of both. It concerns
// also what is on its way already. Set(Faults{}) ends them.
func (p *Proxy) Set(f Faults, from ...Direction) {
	p.change(from, func(w *way) { w.faults = f })
}

// Stall lets nothing through, in the directions given or in both, and tells nobody.
// The proxy goes on to accept connections, as a system does when its process is
// frozen. It keeps about 1 MiB for each connection and direction, and then reads no more, so
// that the sender finds that nobody reads. After [Proxy.Heal] all of it arrives.
func (p *Proxy) Stall(from ...Direction) {
	p.change(from, func(w *way) { w.stalled = true })
}

// Refuse makes the address refuse new connections. Those that are open stay so:
// end them with [Proxy.Cut] or [Proxy.Reset].
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeListener()
}

// Hang accepts new connections and does nothing more with them: the client can
// dial, and its handshake is never answered. [Proxy.Heal] resets them.
func (p *Proxy) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hanging = true
}

// Heal ends all lasting faults, and disarms what waits for a frame or a place in the
// stream; its channel is then never closed. What [Proxy.Stall] kept arrives. Connections
// that hang or are half open are reset. The error is that the address could not be
// opened again after [Proxy.Refuse].
func (p *Proxy) Heal() error {
	p.change(nil, func(w *way) { *w = way{} })
	for _, c := range p.Conns() {
		if c.isHalfOpen() {
			c.Reset()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hanging = false
	p.resetHung()
	return p.reopen()
}

func (p *Proxy) reopen() error {
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := p.cfg.listen(p.addr)
	if err != nil {
		return fmt.Errorf("faultproxy: open the address again: %w", err)
	}
	p.serve(l)
	return nil
}

// Cut ends all connections without a WebSocket close frame, as the system does when
// a process ends. What was on the way is lost.
func (p *Proxy) Cut() {
	for _, c := range p.Conns() {
		c.Cut()
	}
}

// Reset ends all connections with a TCP reset, as a machine does that has forgotten
// them. What was on the way is lost.
func (p *Proxy) Reset() {
	p.mu.Lock()
	p.resetHung()
	p.mu.Unlock()
	for _, c := range p.Conns() {
		c.Reset()
	}
}

// HalfOpen closes the gateway's side of all connections. The clients are not told: what
// they send is thrown away, and nothing comes. So it is when a machine has lost its
// power, or a firewall its memory. [Proxy.Heal] and [Proxy.Reset] reset them.
func (p *Proxy) HalfOpen() {
	for _, c := range p.Conns() {
		c.halfOpen()
	}
}

// change changes the ways given, or both, and wakes who waits on them.
func (p *Proxy) change(from []Direction, f func(*way)) {
	if len(from) == 0 {
		from = []Direction{FromClient, FromGateway}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range from {
		f(&p.ways[d])
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Proxy) open() []*Conn {
	return slices.SortedFunc(maps.Keys(p.conns), func(a, b *Conn) int { return cmp.Compare(a.number, b.number) })
}

func (p *Proxy) resetHung() {
	for c := range p.hung {
		reset(c)
	}
	clear(p.hung)
}
