package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// world is everything: a program, its client, gateways and services, and the time.
type world struct {
	setup Setup
	now   time.Time
	core  *core.Core

	gateways []*gateway
	things   []*thing
	scratch  []*question

	shell
	program

	tooLarge [names]bool // the answer to a request was
	calm     bool        // there are no more faults
	messages int         // that the present step is about
	sent     int         // subscribe and get requests, in the present step
	inputs   int         // steps of the core
	log      *[]string   // nil for none
	broken   *Failure    // the first thing that was wrong
}

// began is when every run begins.
var began = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

func newWorld(s Setup) *world {
	w := &world{setup: s, now: began, things: newThings()}
	urls := make([]string, s.Gateways)
	for i := range urls {
		urls[i] = fmt.Sprintf("ws://%c", 'a'+i)
		g := &gateway{world: w, number: i}
		g.start()
		w.gateways = append(w.gateways, g)
	}
	for _, t := range w.things {
		w.create(t, t.number)
	}
	w.core = core.New(s.config(urls))
	w.step(core.Start{})
	return w
}

func (s Setup) config(urls []string) core.Config {
	return core.Config{
		Gateways:        urls,
		Authenticate:    s.Authenticate,
		VersionTimeout:  10 * time.Second,
		AuthTimeout:     20 * time.Second,
		RequestTimeout:  requestTimeout,
		StableAfter:     10 * time.Second,
		MaxDelay:        maxDelay,
		ReplayWindow:    s.Window,
		MaxReplayWindow: s.MaxWindow,
		ReplaySlot:      slotTime,
		ReplayRate:      s.Rate,
		ReplayJitter:    time.Duration(s.Jitter) * time.Second,
		OfflineQueue:    s.Offline,
		FailFast:        s.FailFast,
		Linger:          time.Duration(s.Linger) * time.Second,
		RetryFloor:      5 * time.Second,
		ResyncInterval:  10 * time.Second,
		ProbeInterval:   time.Duration(s.Probe) * time.Second,
		NoticeInterval:  0,
		Rand:            rand.New(rand.NewPCG(s.Seed, 8)),
	}
}

const (
	requestTimeout = 30 * time.Second
	maxDelay       = 30 * time.Second
)

// step steps the core, carries out what it decides, and checks everything.
func (w *world) step(in core.Input) {
	if w.broken != nil {
		return
	}
	w.inputs++
	w.tellInput(in)
	w.messages = 0
	if received, ok := in.(core.Received); ok {
		w.messages = len(received.Messages)
	}
	before, sizes := w.core.State(), w.core.Sizes()
	w.sent = 0
	w.core.Step(w.now, in)
	w.absorb(w.core.Output())
	w.checkStep(before)
	w.checkWindows(&sizes)
}

// pass lets time pass, and everything happen that falls due.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for idle := 0; w.broken == nil; idle++ {
		due := earlier(w.core.Deadline(), w.shellDue())
		for _, g := range w.gateways {
			due = earlier(due, g.due())
		}
		if due.IsZero() || due.After(end) {
			w.now = end
			return
		}
		if due.After(w.now) {
			w.now, idle = due, 0
		}
		if idle > 1000 {
			w.fail("something is due again and again", "%v, state %v, the core's deadline %v", due, w.core.State(), w.core.Deadline())
		}
		w.happen()
	}
}

// isDue reports whether the core has something to do without an input.
func (w *world) isDue() bool {
	d := w.core.Deadline()
	return !d.IsZero() && !w.now.Before(d)
}

// happen does what is due now.
func (w *world) happen() {
	for _, g := range w.gateways {
		g.expire()
	}
	w.expireShell()
	if w.isDue() {
		w.step(core.Tick{})
	}
	if w.setup.Prompt {
		w.run()
	}
}

// run lets the gateways do what they have to do, as far as they can alone.
func (w *world) run() {
	for _, g := range w.gateways {
		if !g.works() {
			continue
		}
		for t := range g.feeds {
			g.hear(t)
		}
		if c := g.conn; c != nil {
			for !c.closed && len(c.requests)+len(c.inbox) > 0 {
				if len(c.inbox) == 0 {
					c.take()
				}
				c.work()
			}
		}
	}
}

// take lets the gateway read the next request.
func (c *conn) take() {
	q := c.requests[0]
	c.requests = c.requests[1:]
	c.post(func() { c.receive(q) })
}

// closed reports whether the client has ended.
func (w *world) closed() bool { return w.core.State() == state.Closed }
