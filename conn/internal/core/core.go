package core

import (
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// Core is the whole state of a client. Make one with [New]. It belongs to one
// goroutine.
type Core struct {
	cfg     Config
	now     time.Time
	machine *state.Machine
	link    link
	reg     *subs.Registry
	table   table
	lines   map[string]*line

	mostLines     int        // there have been since dropLine has last made room
	alone         int        // requests that were sent without a line, see replayAlone
	spareRequests []*request // to be used again for such

	replay     window // subscribe requests of a replay or a retry
	fresh      window // subscribe and get requests that a caller waits for
	replayLeft int    // resources whose replay has not been answered

	lingering   []lingering
	loggedIn    uint64 // number of the newest request when an auth request last succeeded
	retries     retryQueue
	denials     denials
	deaths      crossings      // of resources
	returns     crossings      // of subscriptions that were not known of
	revocations crossings      // of subscriptions that the gateway has ended
	asked       map[string]int // by rid: questions to the policy that it has not answered
	offline     []*Call        // calls that wait for a connection
	calls       int            // calls that are out, and whose caller waits
	onMember    time.Time      // when a call was last sent on what only references hold
	resync      resync
	probes      probes
	verifier    verifier

	scanned answer // room for one that is one model

	draining bool  // to be closed when no call waits any more
	ended    error // why, once the core is Closed
	cutOff   int   // calls that were not answered by then
	notices  notices
	counters Counters
	out      Output

	// What the last call of Output has given away, to be used again by the next.
	sent     []Frame
	text     []byte // of the frames in out
	sentText []byte
}

// New returns a core that was not started.
func New(cfg Config) *Core {
	c := &Core{
		cfg:      cfg,
		machine:  state.NewMachine(state.Config{StableAfter: cfg.StableAfter}),
		reg:      subs.NewRegistry(cfg.Types...),
		lines:    make(map[string]*line),
		asked:    make(map[string]int),
		probes:   newProbes(),
		verifier: newVerifier(),
	}
	c.replay = newWindow(cfg).rated(cfg.ReplayRate)
	c.fresh = newWindow(cfg)
	c.reg.ExpandTo(cfg.ExpansionDepth)
	c.table.reset()
	return c
}

// Step takes in what happened at now. Time must not go backwards.
func (c *Core) Step(now time.Time, in Input) {
	c.now = now
	c.expire() // what was due before now comes first
	if c.machine.State() == state.Closed {
		c.refuse(in)
		return
	}
	if !c.turnAway(in) {
		in.apply(c)
	}
	c.expire()
	c.work()
	c.finishDrain()
}

// Output returns what was decided since the last call. It is good until the next call.
func (c *Core) Output() Output {
	c.out.Deliveries = c.reg.TakeDeliveries()
	out := c.out
	clear(c.sent) // so that it keeps no frame alive
	c.out = Output{Frames: emptied(c.sent, len(out.Frames), roomForFrames)}
	c.sent = out.Frames
	c.text, c.sentText = emptied(c.sentText, len(c.text), roomForText), c.text
	return out
}

// How much room is kept for what is sent when there is little.
const (
	roomForFrames = 1 << 10
	roomForText   = 32 << 10
)

// emptied returns a list with nothing in it and the same room, unless that is far more
// than is used now.
func emptied[T any](list []T, used, little int) []T {
	if cap(list) > max(little, 4*used) {
		return nil
	}
	return list[:0]
}

// State returns the state of the connection.
func (c *Core) State() state.State { return c.machine.State() }

// Ended returns why the core is Closed: [ErrClosed], or an error that wraps it.
func (c *Core) Ended() error { return c.ended }

// InSync reports whether the client is connected and nothing it wants is stale.
func (c *Core) InSync() bool {
	return c.machine.State() == state.Connected && c.reg.Counts().Stale == 0
}

// refuse answers what comes after the end.
func (c *Core) refuse(in Input) {
	switch in := in.(type) {
	case Subscribe:
		c.reply(Reply{To: in.To, Err: c.ended})
	case Get:
		c.reply(Reply{To: in.To, Err: c.ended})
	case Status:
		c.reply(Reply{To: in.To, Err: c.ended})
	case Stream:
		c.reply(Reply{To: in.To, Err: c.ended})
	case View:
		c.reply(Reply{To: in.To, Err: c.ended})
	case *Call:
		c.reply(Reply{To: in.To, Err: c.ended})
	case Reconnect:
		c.reply(Reply{To: in.To, Err: c.ended})
	case Dialled:
		c.out.Closes = append(c.out.Closes, in.Generation)
	}
}

func (c *Core) reply(r Reply) {
	switch to := r.To.(type) {
	case nil:
	case *probe:
		c.probed(to, r)
	case *comparison:
		c.compared(to, r)
	default:
		c.out.Replies = append(c.out.Replies, r)
	}
}

// work does what the input has made possible: it looks into faults that the
// registry found, and lets waiting requests go.
func (c *Core) work() {
	c.verify()
	for _, fault := range c.reg.TakeFaults() {
		c.distrust(fault)
	}
	if c.link.phase == open {
		c.pump(&c.replay)
		c.pump(&c.fresh)
		c.finishReplay()
		c.planProbe()
	}
}

// Deadline returns when something falls due that needs a [Tick], and the zero
// time when nothing does.
func (c *Core) Deadline() time.Time {
	var earliest time.Time
	for _, t := range []time.Time{
		c.machine.Deadline(),
		c.link.deadline,
		c.table.deadline(c.cfg.RequestTimeout),
		c.replay.deadline(),
		c.fresh.deadline(),
		c.retries.deadline(),
		c.denials.wakeUp(),
		c.lingerDeadline(),
		c.resync.deadline,
		c.probes.at,
		c.probes.reconn,
		c.verifyAt(),
		c.notices.due,
	} {
		earliest = earlier(earliest, t)
	}
	return earliest
}

// earlier returns the earlier of two times. The zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// expire does what has fallen due.
func (c *Core) expire() {
	c.expireLink()
	for {
		q := c.table.expired(c.now, c.cfg.RequestTimeout)
		if q == nil {
			break
		}
		c.unanswered(q)
	}
	c.replay.expire(c.now)
	c.fresh.expire(c.now)
	c.expireRetries()
	c.expireDenials()
	c.expireLinger()
	c.expireResync()
	c.expireProbe()
	c.expireNotices()
}

func (Tick) apply(*Core) {}

func (in Status) apply(c *Core) {
	s := Standing{Live: c.reg.Live(in.RID), Cause: c.reg.Cause(in.RID)}
	if l := c.lines[in.RID]; l != nil {
		s.Tries, s.Err, s.RetryAt = l.retry.tries, l.retry.err, l.retry.at
	}
	c.reply(Reply{To: in.To, Standing: s})
}

func (in Stream) apply(c *Core) {
	c.reg.OpenStream(in.Handle, in.Pattern)
	c.reply(Reply{To: in.To})
}

func (in View) apply(c *Core) { c.reply(Reply{To: in.To, View: c.reg.View(in.RIDs...)}) }

func (in Resume) apply(c *Core) { c.reg.Resume(in.Handle) }

func (Close) apply(c *Core) {
	c.endNotices()
	c.step(state.Event{Kind: state.CloseRequested})
	c.end(ErrClosed) // first, so that no handle is told that it is stale
	c.hangUp(ErrClosed)
}

// end answers everything that still waits, and ends every handle.
func (c *Core) end(err error) {
	c.ended, c.cutOff = err, c.callsWaiting()
	for _, call := range c.offline {
		c.reply(Reply{To: call.To, Err: err})
	}
	c.offline, c.denials = nil, denials{}
	for _, h := range c.reg.CloseAll() {
		c.tellEnd(h, err)
	}
	for _, l := range c.inOrder() {
		l.answerAll(c, err)
	}
	clear(c.lines)
}

// endHandles ends all handles on rid.
func (c *Core) endHandles(rid string, err error) {
	for _, h := range c.reg.Handles(rid) {
		c.reg.Close(h)
		c.tellEnd(h, err)
	}
}

// tellEnd tells a handle that it has ended. A silent one is nobody's.
func (c *Core) tellEnd(h *subs.Handle, err error) {
	if !h.Silent {
		c.out.Ended = append(c.out.Ended, Ended{Handle: h, Err: err})
	}
}

// denied reports whether a retry may succeed once the client is authenticated.
func denied(err *res.Error) bool { return err != nil && err.Code == res.CodeAccessDenied }
