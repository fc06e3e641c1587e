package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

// kind is a kind of fault.
type kind struct {
	name, about string
	on          part
	least, most time.Duration // how long it lasts; zero for a moment
	garbles     bool          // what clients read
	services    bool          // it leaves connections alone

	begin func(*world, int) error // does it to the part of that number
	end   func(*world, int) error // nil if there is nothing to undo
}

// part is what a fault befalls.
type part string

const (
	onGateway  part = "gateway"
	onNetwork  part = "network" // before a gateway
	onNATS     part = "nats"
	onService  part = "service"
	onGateways part = "gateways" // all of them
)

// fault is one that has happened, or happens.
type fault struct {
	kind     *kind
	target   int
	gateways []int // whose clients it concerns; nil for all
	from, to time.Duration
	err      error // of ending it
}

// String names the fault and what it befell.
func (f *fault) String() string { return f.kind.name + " " + f.where() }

func (f *fault) where() string {
	if f.kind.on == onGateways {
		return "all gateways"
	}
	return fmt.Sprintf("%s %d", f.kind.on, f.target)
}

func (f *fault) concerns(gateway int) bool {
	return f.gateways == nil || slices.Contains(f.gateways, gateway)
}

// kinds are all kinds of faults.
var kinds = []*kind{
	{name: "kill", about: "a gateway is killed, and started again later", on: onGateway, least: 500 * time.Millisecond, most: 4 * time.Second,
		begin: func(w *world, i int) error { return w.end(i, (*gateway).Kill) }, end: release},
	{name: "stop", about: "a gateway is told to end, and started again later", on: onGateway, least: 500 * time.Millisecond, most: 4 * time.Second,
		begin: func(w *world, i int) error { return w.end(i, (*gateway).Stop) }, end: release},
	{name: "freeze", about: "a gateway holds still: it accepts connections, and does nothing", on: onGateway, least: time.Second, most: 6 * time.Second,
		begin: func(w *world, i int) error { return gone(w.gateway(i).Freeze()) },
		end:   func(w *world, i int) error { return gone(w.gateway(i).Thaw()) }},
	{name: "blackout", about: "all gateways are killed at once", on: onGateways, least: 500 * time.Millisecond, most: 3 * time.Second,
		begin: func(w *world, _ int) error {
			return w.each(func(g *gateway) error { return w.end(g.number, (*gateway).Kill) })
		},
		end: func(w *world, _ int) error { return w.each(func(g *gateway) error { return release(w, g.number) }) }},

	{name: "cut", about: "connections end", on: onNetwork, begin: proxied((*faultproxy.Proxy).Cut)},
	{name: "reset", about: "connections are reset", on: onNetwork, begin: proxied((*faultproxy.Proxy).Reset)},
	{name: "half-open", about: "the far end is gone, and nobody is told", on: onNetwork, least: 3 * time.Second, most: 6 * time.Second,
		begin: proxied((*faultproxy.Proxy).HalfOpen), end: heal},
	{name: "stall", about: "a black hole: nothing gets through, nobody is told", on: onNetwork, least: time.Second, most: 6 * time.Second,
		begin: proxied(func(p *faultproxy.Proxy) { p.Stall() }), end: heal},
	{name: "refuse", about: "connections end, and new ones are refused", on: onNetwork, least: time.Second, most: 4 * time.Second,
		begin: proxied(func(p *faultproxy.Proxy) { p.Refuse(); p.Cut() }), end: heal},
	{name: "hang", about: "connections end, and new ones are accepted and not served", on: onNetwork, least: time.Second, most: 5 * time.Second,
		begin: proxied(func(p *faultproxy.Proxy) { p.Hang(); p.Cut() }), end: heal},
	{name: "latency", about: "100 to 300 ms each way", on: onNetwork, least: 2 * time.Second, most: 6 * time.Second,
		begin: set(faultproxy.Faults{Latency: 100 * time.Millisecond, Jitter: 200 * time.Millisecond}), end: heal},
	{name: "narrow", about: "24 kB a second on each connection", on: onNetwork, least: 2 * time.Second, most: 5 * time.Second,
		begin: set(faultproxy.Faults{BytesPerSecond: 24_000}), end: heal},
	{name: "slices", about: "97 bytes at a time", on: onNetwork, least: 2 * time.Second, most: 5 * time.Second,
		begin: set(faultproxy.Faults{Slice: 97, Pause: time.Millisecond}), end: heal},
	{name: "mid-frame", about: "a connection ends in the middle of a message", on: onNetwork, least: time.Second, most: time.Second,
		begin: proxied(func(p *faultproxy.Proxy) { p.CutMidFrame(faultproxy.FromGateway) }), end: heal},
	{name: "truncate", about: "half of a message is missing, and what follows is taken for it", on: onNetwork, least: time.Second, most: time.Second, garbles: true,
		begin: proxied(func(p *faultproxy.Proxy) { p.TruncateFrame(faultproxy.FromGateway) }), end: heal},
	{name: "corrupt", about: "a byte of a message is wrong", on: onNetwork, least: time.Second, most: time.Second, garbles: true,
		begin: proxied(func(p *faultproxy.Proxy) { p.CorruptFrame(faultproxy.FromGateway) }), end: heal},
	{name: "oversize", about: "a message is blown up to 16 MiB, which is within the read limit; to a client that has them compressed, it is garbled", on: onNetwork, least: 2 * time.Second, most: 2 * time.Second,
		begin: proxied(func(p *faultproxy.Proxy) { p.OversizeFrame(faultproxy.FromGateway, 16<<20) }), end: heal},

	{name: "nats", about: "a NATS node is stopped, its gateway ends with it, and its service goes to another node", on: onNATS, least: time.Second, most: 5 * time.Second,
		begin: func(w *world, i int) error { w.nats.stop(w.nats.nodes[i-1]); return nil },
		end:   func(w *world, i int) error { return w.nats.restart(context.Background(), w.nats.nodes[i-1]) }},
	{name: "service", about: "a service ends without a goodbye, and is started again later", on: onService, least: 500 * time.Millisecond, most: 4 * time.Second, services: true,
		begin: func(w *world, i int) error { w.service(i).setDown(true); return nil },
		end:   func(w *world, i int) error { w.service(i).setDown(false); return nil }},
	{name: "mute", about: "a service does not answer", on: onService, least: time.Second, most: 4 * time.Second, services: true,
		begin: func(w *world, i int) error { w.service(i).setMute(true); return nil },
		end:   func(w *world, i int) error { w.service(i).setMute(false); return nil }},
}

// kindsNamed returns the kinds of a list of names, with commas in between. "all" stands for all,
// and "none" for none.
func kindsNamed(list string) ([]*kind, error) {
	switch list {
	case "all":
		return kinds, nil
	case "none", "":
		return nil, nil
	}
	var some []*kind
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(kinds, func(k *kind) bool { return k.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no fault %q; there are %s", name, kindNames())
		}
		some = append(some, kinds[i])
	}
	return some, nil
}

func kindNames() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// end ends a gateway, which stays so until it is released.
func (w *world) end(i int, how func(*gateway) error) error {
	g := w.gateway(i)
	g.hold(true)
	return gone(how(g))
}

func release(w *world, i int) error {
	w.gateway(i).hold(false)
	return nil
}

func proxied(do func(*faultproxy.Proxy)) func(*world, int) error {
	return func(w *world, i int) error { do(w.gateway(i).proxy); return nil }
}

func set(f faultproxy.Faults) func(*world, int) error {
	return proxied(func(p *faultproxy.Proxy) { p.Set(f) })
}

func heal(w *world, i int) error { return w.gateway(i).proxy.Heal() }

// gone makes nothing of a gateway that has ended already, with its NATS node say.
func gone(err error) error {
	if errors.Is(err, resgatetest.ErrNotRunning) {
		return nil
	}
	return err
}
