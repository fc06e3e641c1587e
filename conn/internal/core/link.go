package core

import (
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

// phase is how far the connection of the present generation has come. The state
// machine knows only Dialing until it is open.
type phase uint8

const (
	idle           phase = iota // no dial is under way
	dialling                    // waiting for the shell to open a socket
	versioning                  // the version request is out
	authenticating              // the authenticate hook runs
	open                        // requests may go out
)

// link is the present connection.
type link struct {
	phase      phase
	generation uint64
	deadline   time.Time // of the phase; zero for none
	protocol   string
	early      error // what ended the socket before the shell had reported the dial

	gateway int   // index of the one that is dialled or connected
	tried   int   // gateways that have failed in this round through the list
	backOff Delay // what the back-off said for this round
}

// roundBegins reports whether the next dial is the first of a round through the
// gateways. The back-off is asked once a round, so that its delays grow with
// rounds and not with the length of the list.
func (l *link) roundBegins() bool { return l.tried == 0 }

// pause takes what the back-off says. Stop is no delay, so the one before goes on for
// the gateways that are left in the round, and for reconnects of our own.
func (l *link) pause(next Delay) {
	if next.Stop {
		next.Wait = l.backOff.Wait
	}
	l.backOff = next
}

// nextGateway turns to the next gateway.
func (c *Core) nextGateway() {
	n := len(c.cfg.Gateways)
	c.link.gateway = (c.link.gateway + 1) % n
	c.link.tried = (c.link.tried + 1) % n
}

// step makes a transition and reports it.
func (c *Core) step(ev state.Event) {
	ev.Gateway = c.cfg.Gateways[c.link.gateway]
	t, err := c.machine.Step(c.now, ev)
	if err != nil {
		panic(err) // the core's own mistake: no input can cause it
	}
	t.Subscriptions = c.reg.Counts().Subscriptions
	c.out.Transitions = append(c.out.Transitions, t)
}

func (Start) apply(c *Core) { c.step(state.Event{Kind: state.Started}) }

func (c *Core) expireLink() {
	switch c.machine.Expire(c.now) {
	case state.DueDial:
		c.dial()
	case state.DueStable:
		c.link.tried = 0
		c.link.backOff.Stop = false // that was about the outage that is over
		c.out.ResetBackOff = true
	}
	if d := c.link.deadline; !d.IsZero() && !c.now.Before(d) {
		what := "version request"
		if c.link.phase == authenticating {
			what = "the authenticate hook did not return in time"
		}
		c.fail(fmt.Errorf("%s: %w", what, ErrNoAnswer), false)
	}
}

func (c *Core) dial() {
	c.link.generation = c.machine.Generation()
	c.link.phase, c.link.early = dialling, nil
	c.out.Dials = append(c.out.Dials, Dial{
		Generation: c.link.generation,
		Gateway:    c.link.gateway,
		AskBackOff: c.link.roundBegins(),
	})
}

func (in Dialled) apply(c *Core) {
	if in.Generation != c.link.generation || c.link.phase != dialling {
		c.out.Closes = append(c.out.Closes, in.Generation)
		return
	}
	if c.link.roundBegins() {
		c.link.pause(in.Next)
	}
	if in.Err == nil {
		in.Err = c.link.early
	}
	if in.Err != nil {
		c.fail(in.Err, in.Permanent)
		return
	}
	c.link.phase = versioning
	c.link.deadline = c.now.Add(c.cfg.VersionTimeout)
	c.send(new(request), wire.Version(0, wire.Protocol))
}

func (in BackOffReset) apply(c *Core) { c.link.pause(in.Next) }

// versionAnswered goes on with the protocol the gateway has agreed to. One that
// does not know the request speaks an older protocol (RES-Client protocol,
// "Version request").
func (c *Core) versionAnswered(a *answer) {
	if c.link.phase != versioning {
		return
	}
	switch {
	case a.err == nil:
		c.link.protocol = a.protocol
	case errors.Is(a.err, res.ErrInvalidRequest):
		c.link.protocol = wire.LegacyProtocol
	default:
		c.fail(fmt.Errorf("version request: %w", a.err), errors.Is(a.err, res.ErrUnsupportedProtocol))
		return
	}
	if !c.cfg.Authenticate {
		c.opened()
		return
	}
	c.link.phase = authenticating
	c.link.deadline = c.now.Add(c.cfg.AuthTimeout)
	c.out.Authenticates = append(c.out.Authenticates, c.link.generation)
}

func (in Authenticated) apply(c *Core) {
	if in.Generation != c.link.generation || c.link.phase != authenticating {
		return
	}
	if in.Err != nil {
		c.fail(fmt.Errorf("authenticate: %w", in.Err), in.Permanent)
		return
	}
	c.opened()
}

func (c *Core) opened() {
	c.link.phase = open
	c.link.deadline = time.Time{}
	c.step(state.Event{Kind: state.Opened})
	c.startReplay()
	c.sendOffline()
}

func (in Lost) apply(c *Core) {
	switch {
	case in.Generation != c.link.generation || c.link.phase == idle:
		return
	case c.link.phase == dialling:
		// The socket ended at once. Dialled follows, with what the back-off said.
		c.link.early = in.Err
		return
	}
	var tooLarge *TooLargeError
	if errors.As(in.Err, &tooLarge) {
		c.endTooLarge(tooLarge)
	}
	c.fail(in.Err, false)
}

// fail ends the present connection, or the attempt at one, because of cause.
func (c *Core) fail(cause error, permanent bool) { c.leave(cause, permanent, c.stops()) }

// renew ends an open connection because another one is wanted, and not because there is
// anything wrong with the gateway, so it does not count as an attempt that failed.
func (c *Core) renew(cause error) { c.leave(cause, false, c.link.phase != open && c.stops()) }

// stops reports whether the back-off has said stop, and the round through the gateways
// that it was asked for is over. It does so also of a connection that is lost before it was
// stable, or a gateway that accepts and drops its clients would be dialled for ever.
func (c *Core) stops() bool {
	return c.link.backOff.Stop && c.link.tried == len(c.cfg.Gateways)-1
}

// leave ends the present connection, or the attempt at one. Another one follows
// unless cause is permanent, or the back-off stops it.
func (c *Core) leave(cause error, permanent, stop bool) {
	if c.link.phase == idle {
		return
	}
	opened, final := c.link.phase == open, permanent || stop
	if opened || final {
		c.endNotices()
	}
	c.hangUp(cause)
	defer c.nextGateway() // the transition still names the one that failed
	var wait time.Duration
	if !final && cause != ErrReconnect { // which is to dial at once
		wait = c.delay()
	}
	switch {
	case opened:
		c.step(state.Event{Kind: state.Lost, Cause: cause, Delay: wait})
	case !final:
		c.step(state.Event{Kind: state.DialFailed, Cause: cause, Delay: wait})
	}
	if !final {
		return
	}
	if !permanent {
		cause = fmt.Errorf("%w: %w", ErrGaveUp, cause)
	}
	c.step(state.Event{Kind: state.GaveUp, Cause: cause})
	c.end(fmt.Errorf("%w: %w", ErrClosed, cause))
}

// delay is full jitter on what the back-off said: any time up to it is equally
// likely, so that clients which were lost together do not come back together.
func (c *Core) delay() time.Duration {
	return min(jitter(c.cfg, c.link.backOff.Wait), c.cfg.MaxDelay)
}

func jitter(cfg Config, d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(cfg.Rand.Int64N(int64(d)))
}

// hangUp forgets everything that belonged to the connection.
func (c *Core) hangUp(cause error) {
	if c.link.phase == idle {
		return
	}
	used := c.link.phase >= authenticating // a session may have subscribed to something
	c.out.Closes = append(c.out.Closes, c.link.generation)
	c.link.phase, c.link.deadline, c.link.protocol = idle, time.Time{}, ""
	lost := c.table.reset()
	c.endProbes()
	c.endVerification()
	for _, l := range c.inOrder() {
		l.endLinger(c)
	}
	c.lingering = nil
	if used {
		c.reg.Disconnected(cause)
	}
	c.replay.clear()
	c.fresh.clear()
	c.alone, c.spareRequests = 0, nil
	c.replayLeft = 0
	c.retries = nil
	c.denials.due = false
	c.resync.deadline = time.Time{}
	for _, q := range lost {
		q.lost(c, cause)
	}
	for _, l := range c.inOrder() {
		l.disconnected(c)
	}
}

func (in Reconnect) apply(c *Core) {
	c.reply(Reply{To: in.To})
	if c.link.phase == open {
		c.renew(ErrReconnect)
	}
	c.machine.DialNow(c.now)
}
