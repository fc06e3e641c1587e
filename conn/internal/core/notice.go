package core

import "time"

// NoticeKind is a kind of thing worth a line in a log.
type NoticeKind uint8

// Kinds of notices.
const (
	BadFrame           NoticeKind = iota // a frame that is no message, or with unreadable contents
	UnexpectedAnswer                     // an answer that no request waits for
	UnknownResource                      // an event for a resource that is not subscribed
	Inconsistent                         // a message that does not fit the local copy
	SubscribeFailed                      // a subscription that is retried
	SubscribeRecovered                   // one that was, and has worked
	Resyncing                            // a planned reconnect
	TooLarge                             // a frame over the read limit
	AccessHookFailed                     // access was denied, and the hook could not help
	NoticeKinds                          // how many kinds there are
)

// Notice is something out of the ordinary. The first of a kind is reported at once, and
// those of the interval after it together.
type Notice struct {
	Kind  NoticeKind
	RID   string // of the newest
	Err   error  // of the newest
	Count int    // how many of this kind since the last report
	After int    // how many of the output's transitions came before
}

// notices are those of a connection that are not reported yet.
type notices struct {
	kinds [NoticeKinds]heldNotice
	due   time.Time // when one is to be reported, zero for none
}

type heldNotice struct {
	Notice           // its Count is zero if there is none
	last   time.Time // when one was reported, zero if none was on this connection
}

// notice reports an anomaly, unless one of its kind was just reported. Then it is reported
// when the interval is over.
func (c *Core) notice(kind NoticeKind, rid string, err error) {
	n := &c.notices.kinds[kind]
	n.Notice = Notice{Kind: kind, RID: rid, Err: err, Count: n.Count + 1}
	if due := n.last.Add(c.cfg.NoticeInterval); !n.last.IsZero() && c.now.Before(due) {
		c.notices.due = earlier(c.notices.due, due)
		return
	}
	c.say(n)
}

func (c *Core) say(n *heldNotice) {
	n.After = len(c.out.Transitions)
	c.out.Notices = append(c.out.Notices, n.Notice)
	*n = heldNotice{last: c.now}
}

func (c *Core) expireNotices() {
	if d := c.notices.due; d.IsZero() || c.now.Before(d) {
		return
	}
	c.notices.due = time.Time{}
	for i := range c.notices.kinds {
		n := &c.notices.kinds[i]
		switch due := n.last.Add(c.cfg.NoticeInterval); {
		case n.Count == 0:
		case c.now.Before(due):
			c.notices.due = earlier(c.notices.due, due)
		default:
			c.say(n)
		}
	}
}

// endNotices reports what is held, at the end of a connection. On the next one the first
// of a kind is reported at once again: what is wrong then may be something else.
func (c *Core) endNotices() {
	for i := range c.notices.kinds {
		if n := &c.notices.kinds[i]; n.Count > 0 {
			c.say(n)
		}
	}
	c.notices = notices{}
}
