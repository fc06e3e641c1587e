package core

import (
	"container/heap"
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/res"
)

// retry is a subscription's wait for its next try, after the gateway has refused
// or ended it.
type retry struct {
	waiting bool // not to be sent: until at, or until the policy has said when
	tries   int  // since it last worked
	err     error
	at      time.Time // zero while the policy is asked, or the hook
	forHook bool      // waits for the AccessDenied hook
	judged  uint64    // generation on which that has last said that there is access
	index   int       // in the retryQueue, -1 for none
}

// retryQueue orders lines by the time of their next try.
type retryQueue []*line

func (q retryQueue) Len() int           { return len(q) }
func (q retryQueue) Less(i, j int) bool { return q[i].retry.at.Before(q[j].retry.at) }
func (q retryQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].retry.index, q[j].retry.index = i, j
}

// Push is for container/heap.
func (q *retryQueue) Push(x any) {
	l := x.(*line)
	l.retry.index = len(*q)
	*q = append(*q, l)
}

// Pop is for container/heap.
func (q *retryQueue) Pop() any {
	last := len(*q) - 1
	l := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	l.retry.index = -1
	return l
}

func (q retryQueue) deadline() time.Time {
	if len(q) == 0 {
		return time.Time{}
	}
	return q[0].retry.at
}

// retryLater asks the hook for access, or the policy when to subscribe again.
func (c *Core) retryLater(l *line, err error) {
	c.unschedule(l)
	l.retry.waiting = true
	l.retry.tries++
	l.retry.err = err
	l.retry.at = time.Time{}
	c.counters.Retries++
	c.notice(SubscribeFailed, l.rid, err)
	if !c.awaitHook(l) {
		c.askPolicy(l)
	}
}

func (c *Core) askPolicy(l *line) {
	c.asked[l.rid]++
	c.out.Asks = append(c.out.Asks, Ask{RID: l.rid, Err: l.retry.err, Tries: l.retry.tries})
}

func (in RetryAfter) apply(c *Core) {
	if !c.lastAnswer(in.RID) {
		return
	}
	l := c.lines[in.RID]
	if l == nil || !l.retry.waiting || l.retry.forHook || l.retry.index >= 0 {
		return
	}
	if in.Next.Stop {
		c.giveUpRetry(l)
		return
	}
	wait := in.Next.Wait
	if !in.Next.Exact {
		if wait = jitter(c.cfg, wait); unlikely(l.retry.err) {
			wait = max(wait, c.cfg.RetryFloor)
		}
	}
	l.retry.at = c.now.Add(wait)
	heap.Push(&c.retries, l)
}

// lastAnswer counts an answer of the policy and reports whether it is to the
// question that was asked last. Answers come in order, one for each question.
func (c *Core) lastAnswer(rid string) bool {
	switch c.asked[rid] {
	case 0:
		return false
	case 1:
		delete(c.asked, rid)
		return true
	}
	c.asked[rid]--
	return false
}

// giveUpRetry ends a subscription whose policy has had enough.
func (c *Core) giveUpRetry(l *line) {
	c.endRetry(l, fmt.Errorf("subscribe %q: %w: %w", l.rid, ErrGaveUp, l.retry.err))
}

// endRetry ends a subscription that is not to be tried again.
func (c *Core) endRetry(l *line, err error) {
	l.refuse(c, err)
	c.endHandles(l.rid, err)
	l.unwanted(c)
	l.advance(c)
}

func (c *Core) expireRetries() {
	for len(c.retries) > 0 && !c.now.Before(c.retries[0].retry.at) {
		l := heap.Pop(&c.retries).(*line)
		l.retry.waiting = false
		l.advance(c)
	}
}

// retryDenied tries again at once what was denied: the client may have more rights now.
func (c *Core) retryDenied() {
	for _, l := range c.inOrder() {
		if l.retry.waiting && errors.Is(l.retry.err, res.ErrAccessDenied) {
			c.unschedule(l)
			l.retry.waiting, l.retry.forHook = false, false
			l.advance(c)
		}
	}
}

// overtaken reports whether a request was denied that went out before a login was
// answered, so that it may have been judged without it.
func (c *Core) overtaken(q *request, err *res.Error) bool {
	return denied(err) && requestSeq(q.id) <= c.loggedIn
}

// dropRetry forgets the trouble a line had.
func (c *Core) dropRetry(l *line) {
	c.unschedule(l)
	if l.retry.tries > 0 {
		c.out.Asks = append(c.out.Asks, Ask{RID: l.rid, Forget: true})
	}
	l.retry = retry{index: -1}
}

func (c *Core) unschedule(l *line) {
	if l.retry.index >= 0 {
		heap.Remove(&c.retries, l.retry.index)
	}
}

// unlikely reports whether the same request will probably fail in the same way for
// a while: then trying often only burdens the gateway and its services.
func unlikely(err error) bool {
	for _, code := range []*res.Error{
		res.ErrAccessDenied, res.ErrNotFound, res.ErrDeleted,
		res.ErrInvalidQuery, res.ErrInvalidRequest, res.ErrSubjectTooLong,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}
