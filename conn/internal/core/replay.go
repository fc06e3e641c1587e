package core

import "github.com/resclient/resclient-go/state"

// startReplay subscribes everything that is wanted, in the order of first
// subscription. Requests that callers wait for go beside it. A line that has to be made
// certain first, because of what a session has left, is waited for all the same.
func (c *Core) startReplay() {
	c.replay.holdUntil(c.now.Add(jitter(c.cfg, c.cfg.ReplayJitter)))
	c.reg.BeginReplay()
	c.replay.backlog = true
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

// replayNext lets the line go whose turn it is in the replay. One that had nothing else
// to do is made only now.
func (c *Core) replayNext() {
	if rid := c.reg.NextInReplay(); rid != "" {
		l := c.line(rid)
		l.ahead = false
		l.sendNext(c, &c.replay)
	}
	c.seekReplay()
}

// seekReplay passes over what has no turn in the replay any more, or never had one.
func (c *Core) seekReplay() {
	for rid := c.reg.FirstInReplay(); rid != ""; rid = c.reg.FirstInReplay() {
		if l := c.lines[rid]; l != nil && l.ahead || l == nil && c.reg.Synced(rid) && c.reg.Direct(rid) == 0 {
			return
		}
		c.reg.NextInReplay()
	}
	c.replay.backlog = false
	c.spareLines = nil
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
	if c.machine.State() != state.Resubscribing || c.replay.backlog || c.replayLeft > 0 {
		return
	}
	c.reg.Sweep()
	c.step(state.Event{Kind: state.Replayed})
}

func (m *scanned) handle(c *Core) {
	if err := c.reg.Scanned(m.text, &m.Scanned); err != nil {
		c.applied(string(m.RID.In(m.text)), err)
		return
	}
	c.counters.Events++
}
