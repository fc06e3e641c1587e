package conn

import (
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// sharedBackOff asks the client's back-off, which is code of the program's and not
// safe for concurrent use.
type sharedBackOff struct {
	mu      sync.Mutex
	backOff backoff.BackOff
}

func (b *sharedBackOff) next() core.Delay {
	b.mu.Lock()
	defer b.mu.Unlock()
	return delay(b.backOff.NextBackOff())
}

func (b *sharedBackOff) reset() core.Delay {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.backOff.Reset()
	return delay(b.backOff.NextBackOff())
}

// resetBackOff starts the back-off anew after a stable connection.
func (c *Client) resetBackOff() { c.send(core.BackOffReset{Next: c.backOff.reset()}) }

// askRetry asks when a subscription is to be tried again. It runs in c.policy, one
// at a time.
func (c *Client) askRetry(ask core.Ask) {
	switch {
	case c.set.retryPolicy == nil:
		c.askRetryBackOff(ask)
	case !ask.Forget:
		wait, again := c.set.retryPolicy(Refusal{RID: ask.RID, Err: ask.Err, Tries: ask.Tries})
		next := core.Delay{Wait: max(wait, 0), Exact: true, Stop: !again}
		c.send(core.RetryAfter{RID: ask.RID, Next: next})
	}
}

func (c *Client) askRetryBackOff(ask core.Ask) {
	if ask.Forget {
		delete(c.retries, ask.RID)
		return
	}
	b := c.retries[ask.RID]
	if b == nil {
		b = c.set.retryBackOff()
		c.retries[ask.RID] = b
	}
	c.send(core.RetryAfter{RID: ask.RID, Next: delay(b.NextBackOff())})
}

// delay reads the answer of a back-off. [backoff.Stop] is -1 ns; any other
// negative duration makes no sense and is taken for it.
func delay(d time.Duration) core.Delay {
	if d < 0 {
		return core.Delay{Stop: true}
	}
	return core.Delay{Wait: d}
}
