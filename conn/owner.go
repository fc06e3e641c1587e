package conn

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// owner is the one goroutine that has the core. It takes inputs, steps the core
// and carries out what it decides. It never waits for a socket or for user code.
type owner struct {
	*Client
	core    *core.Core
	attempt *attempt // the latest
	timer   *time.Timer
	due     time.Time // when the timer fires; zero if it does not
	ready   []turn    // for the workers
}

// inputsPerRound is how many inputs may be stepped before their output is carried
// out: what comes together is handed on together. A batch of messages is enough by itself.
const inputsPerRound = 64

func newOwner(c *Client) *owner {
	seed := [2]uint64{rand.Uint64(), rand.Uint64()}
	if c.set.seed != nil {
		seed = *c.set.seed
	}
	random := rand.New(rand.NewPCG(seed[0], seed[1]))
	timer := time.NewTimer(0)
	timer.Stop()
	return &owner{Client: c, core: core.New(c.set.core(random)), timer: timer}
}

func (o *owner) run() {
	o.core.Step(time.Now(), core.Start{})
	o.carryOut(o.core.Output())
	for o.core.State() != state.Closed {
		o.step()
		o.carryOut(o.core.Output())
	}
	o.timer.Stop()
	o.hangUp(o.attempt)
	o.last = o.count()
	close(o.stopping)
	go o.finish()
}

// finish waits for everybody else, outside of the goroutines that are waited for.
func (o *owner) finish() {
	o.own.Wait()
	close(o.stopped)
	o.user.Done()
	o.user.Wait()
	close(o.done)
}

// step waits for an input, or until something is due, and takes in what else is there.
func (o *owner) step() {
	o.setTimer()
	select {
	case a := <-o.arrived:
		o.core.Step(time.Now(), a.batch.Input(a.generation))
		a.batch.Reset()
		a.free <- a.batch // has room for all there are
		return
	case in := <-o.inputs:
		o.core.Step(time.Now(), in)
	case whom := <-o.figures:
		whom <- o.count()
		return
	case <-o.timer.C:
		o.due = time.Time{}
		o.core.Step(time.Now(), core.Tick{})
		return
	}
	for range inputsPerRound {
		select {
		case in := <-o.inputs:
			o.core.Step(time.Now(), in)
		default:
			return
		}
	}
}

// setTimer has the timer wait for what is due next. That is the same after most inputs.
func (o *owner) setTimer() {
	due := o.core.Deadline()
	if due.Equal(o.due) {
		return
	}
	o.due = due
	if due.IsZero() {
		o.timer.Stop()
	} else {
		o.timer.Reset(time.Until(due))
	}
}

// figures are what the owner tells of the core.
type figures struct {
	core.Stats
	staleSome []string // some subscriptions that are not live, if any
	lostSome  []string // of them, some that were
	lostCause error    // why the first of these is not
	ended     error    // why the client is closed, if it is
	cutOff    int      // calls that had no answer then
}

// staleNamed is how many of them.
const staleNamed = 5

func (o *owner) count() figures {
	f := figures{Stats: o.core.Stats(), staleSome: o.core.StaleSome(staleNamed + 1), ended: o.core.Ended(), cutOff: o.core.CutOff()}
	f.lostSome, f.lostCause = o.core.LostSome(healthNamed)
	return f
}

func (o *owner) carryOut(out core.Output) {
	o.publish(o.core, out.Transitions)
	o.reportAll(out.Transitions, out.Notices)
	if len(out.Frames) > 0 {
		o.attempt.write(out.Frames)
	}
	for _, generation := range out.Closes {
		if o.attempt != nil && o.attempt.generation == generation {
			o.hangUp(o.attempt)
		}
	}
	for range out.Authenticates {
		o.authenticate(o.attempt)
	}
	for _, d := range out.Denials {
		o.accessDenied(o.attempt, d.RID)
	}
	for _, d := range out.Dials {
		o.attempt = o.dial(d)
	}
	o.deliver(out.Deliveries)
	for _, e := range out.Ended {
		subscriptionOf(e.Handle).end(e.Err)
	}
	for _, r := range out.Replies {
		r.To.(chan core.Reply) <- r // has room for the one reply it gets
	}
	for _, ask := range out.Asks {
		o.policy.add(policyTask, func() { o.askRetry(ask) })
	}
	if out.ResetBackOff {
		o.user.Go(o.resetBackOff)
	}
}

// deliveriesPerRound is how many events are put into queues before handlers run, so that
// there is only as much room for them at a time when everybody is told something.
const deliveriesPerRound = 256

// deliver puts events into the queues, and has handlers run.
func (o *owner) deliver(deliveries []subs.Delivery) {
	for round := range slices.Chunk(deliveries, deliveriesPerRound) {
		for _, d := range round {
			if t, ready := subscriptionOf(d.Handle).push(d.Event, d.Handle.Live()); ready {
				o.ready = append(o.ready, t)
			}
		}
		o.workers.add(o.ready...)
		clear(o.ready)
		o.ready = o.ready[:0]
	}
}

func subscriptionOf(h *subs.Handle) *Subscription {
	if l, ok := h.Owner.(*subs.Latest); ok {
		return l.Owner.(*Subscription)
	}
	return h.Owner.(*Subscription)
}

func (o *owner) hangUp(a *attempt) {
	if a != nil {
		a.cancel()
	}
}
