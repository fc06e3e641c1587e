package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
)

// client is the core of a client, and what stands for the rest of one.
type client struct {
	world   *world
	core    *core.Core
	zones   []int // in the order of its list of gateways
	backOff backoff.BackOff
	conn    *connection
	due     time.Time // of the tick that is planned; zero for none
}

// The defaults of package conn that matter here.
const (
	firstDelay  = 250 * time.Millisecond
	mostDelay   = 30 * time.Second
	dialTimeout = 10 * time.Second
	stableAfter = 10 * time.Second
	timeout     = 30 * time.Second
	replaySlot  = 500 * time.Millisecond
)

func newClient(w *world, number uint64) *client {
	c := &client{world: w}
	var random rand.Source = rand.NewPCG(w.seed, 2+number)
	c.zones = rand.New(random).Perm(w.scenario.zones)
	if !w.jitter {
		random = always{}
	}
	c.backOff = backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstDelay), backoff.WithMultiplier(2), backoff.WithRandomizationFactor(0),
		backoff.WithMaxInterval(mostDelay), backoff.WithMaxElapsedTime(0))
	c.core = core.New(core.Config{
		Gateways:       make([]string, w.scenario.zones),
		VersionTimeout: dialTimeout,
		RequestTimeout: timeout,
		StableAfter:    stableAfter,
		MaxDelay:       mostDelay,
		ReplayWindow:   w.window,
		ReplayJitter:   w.replayJitter,
		ReplaySlot:     replaySlot,
		RetryFloor:     5 * time.Second,
		ResyncInterval: 10 * time.Second,
		NoticeInterval: time.Minute,
		Rand:           rand.New(random),
	})
	return c
}

// always is a source of randomness that is none: whoever asks for any time up to a
// delay gets the whole delay.
type always struct{}

// Uint64 is for rand.Source.
func (always) Uint64() uint64 { return 1<<64 - 1 }

func (c *client) start() {
	for i := range c.world.subscriptions {
		rid := fmt.Sprint("fleet.model.", i)
		c.core.Step(c.world.now, core.Subscribe{RID: rid, Handle: new(subs.Handle)})
	}
	c.step(core.Start{})
}

// step is what the owner does in package conn.
func (c *client) step(in core.Input) {
	c.core.Step(c.world.now, in)
	out := c.core.Output()
	for _, f := range out.Frames {
		if n := c.conn; n != nil && n.generation == f.Generation {
			c.world.after(c.world.latency(), func() { n.receive(f.Data) })
		}
	}
	for _, generation := range out.Closes {
		if c.conn != nil && c.conn.generation == generation {
			c.conn.gone = true
			c.conn = nil
		}
	}
	for _, d := range out.Dials {
		c.dial(d)
	}
	if out.ResetBackOff {
		c.backOff.Reset()
		next := core.Delay{Wait: c.backOff.NextBackOff()}
		c.world.after(0, func() { c.step(core.BackOffReset{Next: next}) })
	}
	c.plan()
}

// dial asks the back-off, if the core says so, and tries the next gateway.
func (c *client) dial(d core.Dial) {
	outcome := core.Dialled{Generation: d.Generation}
	if d.AskBackOff {
		outcome.Next.Wait = c.backOff.NextBackOff()
	}
	c.world.zones[c.zones[d.Gateway]].dial(c, d.Generation, func(n *connection, err error) {
		c.conn, outcome.Err = n, err
		c.step(outcome)
	})
}

func (c *client) receive(n *connection, frame []byte) {
	if c.conn == n {
		c.step(core.Received{Generation: n.generation, Messages: []core.Message{core.Decode(frame)}})
	}
}

// plan sees to it that the core is stepped when something falls due.
func (c *client) plan() {
	due := c.core.Deadline()
	if due.IsZero() || !c.due.IsZero() && !due.Before(c.due) {
		return // there is none, or an earlier tick will find it
	}
	c.due = due
	c.world.at(due, func() {
		if c.due.Equal(c.world.now) {
			c.due = time.Time{}
			c.step(core.Tick{})
		}
	})
}
