package core

import "github.com/resclient/resclient-go/state"

// startReplay subscribes everything that is wanted, in the order of first
// subscription. Requests that callers wait for go beside it. A line that has to be made
// certain first, because of what a session has left, is waited for all the same.
func (c *Core) startReplay() {
	c.replay.holdUntil(c.now.Add(jitter(c.cfg, c.cfg.ReplayJitter)))
	c.reg.BeginReplay()
	for _, l := range c.inOrder() {
		l.joinReplay(c)
		l.advance(c)
	}
	c.seekReplay()
}

// joinReplay has a line wait for its turn in the replay, and the replay for it, if it is
// of a resource that was live and is to be so again.
func (l *line) joinReplay(c *Core) {
	if c.reg.Synced(l.rid) && c.reg.Direct(l.rid) == 0 && !l.retry.waiting {
		l.replaying, l.ahead = true, true
		c.replayLeft++
	}
}

// replayNext takes the turn in the replay.
func (c *Core) replayNext() {
	rid := c.replay.turn
	switch l := c.lines[rid]; {
	case l == nil:
		c.replayAlone(rid)
	case l.ahead:
		l.ahead = false
		l.sendNext(c, &c.replay)
	}
	c.seekReplay()
}

// seekReplay finds what comes next. It passes over what has no turn in the replay any more,
// or never had one.
func (c *Core) seekReplay() {
	for rid := c.reg.NextInReplay(); rid != ""; rid = c.reg.NextInReplay() {
		l := c.lines[rid]
		if l != nil && l.ahead || l == nil && c.reg.Synced(rid) && c.reg.Direct(rid) == 0 {
			c.replay.turn = rid
			return
		}
	}
	c.replay.turn, c.spareRequests = "", nil
}

// replayed notes that the replay need not wait for the line any more.
func (l *line) replayed(c *Core) {
	if l.replaying {
		l.replaying, l.ahead = false, false
		c.replayLeft--
	}
}

// finishReplay makes the client Connected when the whole replay was answered.
func (c *Core) finishReplay() {
	if c.machine.State() != state.Resubscribing || c.replay.turn != "" || c.replayLeft > 0 {
		return
	}
	c.reg.Sweep()
	c.step(state.Event{Kind: state.Replayed})
}
