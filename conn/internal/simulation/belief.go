package simulation

import "strconv"

// belief is what a client has to believe of a connection, having read what it has
// read of it. Every frame carries what it adds to that.
type belief struct {
	copies   [names]*content // what the gateway keeps the client up to date with
	owners   [names]*entry   // where they come from
	dead     [names]bool     // deleted: no events come, but what it refers to is held
	diedOnce [names]bool     // what comes of it after may be the dead content, for all that the client knows
	direct   [names]int      // direct subscriptions
	most     [names]int      // the most of these while the last frames were read
	refused  [names]bool     // a request for it was
	unsure   [names]bool     // their number cannot be known from the frames alone
	lost     [names]bool     // nor will it ever be: a request was not answered in time
	slipped  [names]bool     // let go by the gateway, and nothing was sent that tells so
	hidden   [names]uint64   // let go because of what a call has subscribed to, up to this one, that is not answered
	ghosts   [names]*content // what the present frame makes of what it lets go
	last     [names]*content // what there was of what was let go
	early    [names]bool     // let go, and by the gateway before the client could know
	leftAt   [names]uint64   // the newest request that was out when nothing held it any more
	endedAt  [names]uint64   // the newest request that was out at the last unsubscribe event

	former  [names][]*content // what sets have said
	stirred [names]bool       // a copy has changed since
	frames  int               // read so far
	held    [names]bool       // by direct subscriptions, before the present frame
	reading uint64            // the request that the present frame answers, 0 for none
	shownIn [names]int        // the frame that a copy came in
	again   [names]bool       // sent again while it was held, so that the client looks what has become of it
	recent  [names][]*content // what a copy was while the last frames were read
}

type effectKind uint8

const (
	shown          effectKind = iota // is part of a set
	updated                          // has had an event
	mixedUp                          // the event to come is older than one before
	died                             // was deleted
	letGo                            // is not followed by the gateway any more
	slippedAway                      // nor is this, of which the client is never told
	granted                          // has one more direct subscription
	taken                            // has fewer, as asked for
	refused                          // has no more
	revoked                          // has none, because of an unsubscribe event
	noSubscription                   // has fewer than the client has thought
	looked                           // was got, and had one more for as long as that took
	found                            // could be had by its other name
	nothing                          // is there already, says the gateway
	unsure                           // may have one more
)

// effect is what a frame adds to the belief.
type effect struct {
	kind    effectKind
	name    name
	entry   *entry
	content *content // now
	news    *news    // the event
	sent    *content // what the frame says, which may be older
	dead    bool
	ahead   bool // the gateway has begun with it long before, or with events that it has not told of
	late    bool // it has overtaken an event that waits, and may never be sent
	count   int
}

func (c *conn) effect(e effect) { c.pending = append(c.pending, e) }

func (c *conn) shows(e *entry) {
	c.effect(effect{kind: shown, name: e.name, entry: e, content: e.now, sent: e.first, dead: e.dead})
}

// read takes in what a frame says.
func (c *conn) read(f *frame) {
	c.frames++
	c.reading = f.id
	c.ghosts = [names]*content{}
	before := c.reachedNow()
	c.held = before
	for i := range f.effects {
		e := &f.effects[i]
		c.believe(e)
		c.recent[e.name] = append(c.recent[e.name], c.copies[e.name])
	}
	for n, reached := range c.reachedNow() {
		switch {
		case !reached:
			if before[n] {
				c.leftAt[n] = c.gateway.newestOut()
			}
			if before[n] && c.copies[n] != nil && !c.gateway.outstanding() {
				c.reasons.add(heldByMistake) // or by what is loading: what it refers to may be held by it
			}
		case c.copies[n] == nil:
			c.reasons.add(slip) // it must be there, and is not kept up to date
		case !before[n] && c.shownIn[n] != c.frames && !c.gateway.stillOut(c.leftAt[n]):
			c.reasons.add(heldByMistake) // the client may have let go of it
		}
	}
	c.keep()
	c.hide()
}

// update applies an event to a copy, or to what the gateway lets go as it makes that
// event.
func (c *conn) update(e *effect) {
	n := e.name
	before, gone := c.copies[n], false
	if before == nil {
		before, gone = c.ghosts[n], true
	}
	if before == nil {
		return
	}
	after := e.news.applied(before)
	if after == nil { // which cannot be, but for events in the wrong order
		c.reasons.add(muddled)
		return
	}
	c.wonderAtLoss(e, before, after)
	c.stirred[n] = c.stirred[n] || !after.equal(before)
	if gone {
		c.ghosts[n], c.last[n] = after, after
	} else {
		c.copies[n] = after
	}
}

// loseTrack notes that n is not followed any more.
func (c *conn) loseTrack(n name) {
	b := &c.belief
	switch {
	case b.reached(b.slipped)[n]:
	case b.lostTrack(n):
		b.hidden[n] = c.gateway.newestCall()
	default:
		b.ghosts[n], b.last[n], b.copies[n], b.dead[n] = b.copies[n], b.copies[n], nil, false
	}
}

// restore brings back what was let go, with what it refers to: the client may have it
// still.
func (b *belief) restore(n name) {
	if b.copies[n] == nil && b.last[n] != nil {
		b.copies[n], b.slipped[n] = b.last[n], true
		b.last[n].references(b.restore)
	}
}

// keep brings back what was let go while the gateway was ahead, and yet seems to be held: for
// the client, something else has held it all the time. It may come to be held later, as long as
// a request is out that was when nothing held it any more.
func (c *conn) keep() {
	for n, reached := range c.reachedNow() {
		switch {
		case !c.early[n]:
			continue
		case reached && c.copies[n] == nil:
			c.restore(name(n))
		case c.copies[n] == nil && c.gateway.stillOut(c.leftAt[n]):
			continue
		}
		c.early[n] = false
	}
}

// hide brings back what is let go and yet seems to be held, if that may be because of
// a call: the client cannot know before it has read the answer.
func (c *conn) hide() {
	newest := c.gateway.newestCall()
	for again := newest != 0; again; {
		again = false
		for n, reached := range c.reachedNow() {
			if reached && c.copies[n] == nil && c.ghosts[n] != nil {
				c.copies[n], c.hidden[n], again = c.ghosts[n], newest, true
			}
		}
	}
}

// reveal lets go of what was hidden. The calls up to oldest are answered.
func (b *belief) reveal(oldest uint64) {
	for n, newest := range b.hidden {
		if newest != 0 && newest < oldest {
			b.copies[n], b.hidden[n] = nil, 0
		}
	}
}

// lostTrack reports whether n is, or is reached by way of, what has slipped away: for the
// client everything is as it was.
func (b *belief) lostTrack(n name) bool {
	roots := b.slipped
	for i, newest := range b.hidden {
		roots[i] = roots[i] || newest != 0
	}
	return b.reached(roots)[n]
}

// begin forgets what was read before.
func (b *belief) begin() {
	b.most = b.direct
	for n := range b.recent {
		b.recent[n] = append(b.recent[n][:0], b.copies[n])
	}
}

func (c *conn) believe(e *effect) {
	b, n := &c.belief, e.name
	switch e.kind {
	case shown:
		defer c.wonder(e)
		if b.copies[n] != nil && e.sent != nil {
			c.reasons.add(sentAgain)
		}
		b.again[n] = b.again[n] || b.held[n] && b.copies[n] != nil
		if b.copies[n] != nil && (b.owners[n] != e.entry || !b.copies[n].equal(e.content)) {
			c.reasons.add(slip) // the gateway had let go of it
			c.confuse(e)
		}
		b.copies[n], b.dead[n], b.owners[n], b.shownIn[n] = e.content, e.dead, e.entry, b.frames
		b.slipped[n], b.hidden[n] = false, 0
	case updated:
		if e.late && !b.again[n] {
			c.reasons.add(muddled)
		}
		c.update(e)
	case mixedUp:
		c.reasons.add(muddled)
	case died:
		b.dead[n], b.diedOnce[n] = true, true
		c.reasons.add(somethingDied)
		if c.reachedNow()[n] { // then it is not asked for
			c.toReplay[n] = false
		}
	case letGo:
		if b.owners[n] == e.entry { // or it was sent anew before
			c.loseTrack(n)
			b.early[n] = e.ahead
		}
	case slippedAway:
		if e.entry == nil || b.owners[n] != e.entry || b.copies[n] == nil {
			b.slipped[n] = true
			b.restore(n)
		}
	case granted:
		c.toReplay[n] = false
		c.miscounts(n)
		b.direct[n]++
		b.most[n] = max(b.most[n], b.direct[n])
	case taken:
		if b.direct[n] < e.count || c.gateway.newestCall() != 0 && c.gateway.core.Inspect(rids[n]).Uncertain {
			c.reasons.add(returned) // or may have been
		}
		b.direct[n] = max(0, b.direct[n]-e.count)
	case refused:
		c.miscounts(n)
		b.refused[n] = true
	case revoked:
		c.toReplay[n] = false
		b.direct[n], b.endedAt[n] = 0, max(1, c.gateway.newestOut())
	case noSubscription:
		if e.count == 1 {
			b.direct[n], b.unsure[n] = 0, false
		}
	case unsure:
		c.miscounts(n)
		b.unsure[n] = true
	case looked:
		c.miscounts(n)
	case found:
		c.reasons.add(foundAgain)
	case nothing:
		c.wonderAtNothing(n)
	}
}

func appendID(b []byte, id uint64) []byte { return strconv.AppendUint(b, id, 10) }

// reached returns what roots lead to, over what the client is kept up to date with.
func (b *belief) reached(roots [names]bool) [names]bool {
	var todo [names]name
	n := 0
	reached := roots
	for i, root := range roots {
		if root {
			todo[n] = name(i)
			n++
		}
	}
	for n > 0 {
		n--
		c := b.copies[todo[n]]
		if c == nil {
			continue
		}
		c.references(func(r name) {
			if !reached[r] {
				reached[r] = true
				todo[n] = r
				n++
			}
		})
	}
	return reached
}
