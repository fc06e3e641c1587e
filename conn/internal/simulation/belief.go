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
	unsure   [names]bool     // their number cannot be known from the frames alone
	lost     [names]bool     // nor will it ever be: a request was not answered in time

	former  [names][]*content // what sets have said
	stirred [names]bool       // a copy has changed since
	frames  int               // read so far
	shownIn [names]int        // the frame that a copy came in
	recent  [names][]*content // what a copy was while the last frames were read
}

type effectKind uint8

const (
	shown          effectKind = iota // is part of a set
	updated                          // has had an event
	mixedUp                          // the event to come is older than one before
	died                             // was deleted
	letGo                            // is not followed by the gateway any more
	granted                          // has one more direct subscription
	taken                            // has fewer, as asked for
	revoked                          // has none, because of an unsubscribe event
	noSubscription                   // has fewer than the client has thought
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
	count   int
}

func (c *conn) effect(e effect) { c.pending = append(c.pending, e) }

func (c *conn) shows(e *entry) {
	c.effect(effect{kind: shown, name: e.name, entry: e, content: e.now, sent: e.first, dead: e.dead})
}

// read takes in what a frame says.
func (c *conn) read(f *frame) {
	c.frames++
	before := c.reachedNow()
	for i := range f.effects {
		e := &f.effects[i]
		c.believe(e)
		c.recent[e.name] = append(c.recent[e.name], c.copies[e.name])
	}
	for n, reached := range c.reachedNow() {
		switch {
		case !reached:
		case c.copies[n] == nil:
			c.reasons.add(slip) // it must be there, and is not kept up to date
		case !before[n] && c.shownIn[n] != c.frames:
			c.reasons.add(heldByMistake) // the client may have let go of it
		}
	}
}

// update applies an event to a copy.
func (c *conn) update(n name, ev *news) {
	before := c.copies[n]
	if before == nil {
		return
	}
	after := ev.applied(before)
	if after == nil { // which cannot be, but for events in the wrong order
		c.reasons.add(muddled)
		return
	}
	if !after.equal(before) {
		c.stirred[n] = true
		if c.mayLose(before, after) {
			c.reasons.add(likeASlip)
		}
		c.copies[n] = after
	}
}

// mayLose reports whether an event that makes one content another drops a reference
// while requests are out. The client cannot know whether these hold what was referred
// to, and so whether the gateway makes its slip.
func (c *conn) mayLose(from, to *content) (may bool) {
	var left [names]bool
	to.references(func(n name) { left[n] = true })
	from.references(func(n name) { may = may || !left[n] })
	return may && c.gateway.outstanding()
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
		if b.copies[n] != nil && (b.owners[n] != e.entry || !b.copies[n].equal(e.content)) {
			c.reasons.add(slip) // the gateway had let go of it
			c.confuse(e)
		}
		b.copies[n], b.dead[n], b.owners[n], b.shownIn[n] = e.content, e.dead, e.entry, b.frames
	case updated:
		c.update(n, e.news)
	case mixedUp:
		c.reasons.add(muddled)
	case died:
		b.dead[n], b.diedOnce[n] = true, true
		c.reasons.add(somethingDied)
	case letGo:
		if b.owners[n] == e.entry { // or it was sent anew before
			b.copies[n], b.dead[n] = nil, false
		}
	case granted:
		b.direct[n]++
		b.most[n] = max(b.most[n], b.direct[n])
	case taken:
		if b.direct[n] < e.count {
			c.reasons.add(returned)
		}
		b.direct[n] = max(0, b.direct[n]-e.count)
	case revoked:
		b.direct[n] = 0
	case noSubscription:
		if e.count == 1 {
			b.direct[n], b.unsure[n] = 0, false
		}
	case unsure:
		b.unsure[n] = true
	case found:
		c.reasons.add(foundAgain)
	case nothing:
		c.wonderAtNothing(n)
	}
}

// wonder notes why the client may take what a set says for an old copy.
func (c *conn) wonder(e *effect) {
	b, n := &c.belief, e.name
	if e.sent == nil { // an error
		return
	}
	if !e.sent.equal(e.content) {
		c.reasons.add(oldCopy)
	}
	for _, f := range b.former[n] {
		if b.stirred[n] && f.equal(e.sent) {
			c.reasons.add(likeAnOldCopy)
		}
	}
	b.former[n] = append(b.former[n], e.sent)
}

// wonderAtNothing notes why the client may wonder at an answer without content: the
// gateway holds the resource although nothing does.
func (c *conn) wonderAtNothing(n name) {
	if !c.reachedNow()[n] {
		c.reasons.add(heldByMistake)
	}
}

// confuse notes that the gateway has loaded anew what the client holds, and that it is
// by chance what it was once: the client cannot tell that from an old copy, and
// its own copy misses something.
func (c *conn) confuse(e *effect) {
	for _, f := range c.former[e.name] {
		if e.sent != nil && f.equal(e.sent) {
			c.reasons.add(muddled)
		}
	}
}

// reasons are why a client may reconnect by itself. Each is something that the gateway
// does although it should not, or that a fault has caused.
type reasons uint16

const (
	oldCopy       reasons = 1 << iota // the gateway has sent a copy that is out of date
	likeAnOldCopy                     // or one that cannot be told from such a one
	somethingDied                     // a request may have crossed a delete event
	slip                              // the gateway has let go of what is held
	likeASlip                         // or may have, for all that the client knows
	muddled                           // the gateway has lost its way: events in the wrong order, an error for what it had sent
	heldByMistake                     // the gateway holds what nothing does
	returned                          // a subscription was given back that the client did not know of
	foundAgain                        // what was stuck could be had after all
	unanswered                        // a request was not answered in time
	garbled                           // a frame was
)

func (r *reasons) add(x reasons) { *r |= x }

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
