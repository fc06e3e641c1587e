package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// client is one that must survive: it holds deep subscriptions on all sites, and
// plain ones on some resources, closes and opens them, and makes calls.
type client struct {
	number      int
	conn        *conn.Client
	rec         *recorder
	tally       *tally
	tap         *wiretap
	resetLately func(rid string) bool
	urls        map[string]int // of gateways, by URL
	rng         *rand.Rand     // belongs to live

	mu       sync.Mutex
	state    state.State
	gateway  int // number of the one it is or was connected to
	cause    error
	behind   int // see [ledger.behind], of all handles; and one until it has all of them
	handles  []*handle
	made     int      // calls
	answered []string // their ids, of those that were carried out
}

// The keepalive of the clients.
const pingInterval, pingTimeout = time.Second, time.Second

// quick are options that make a client notice and mend faults within seconds, so that many
// of them fit into a run.
func quick(seed uint64, number int) []conn.Option {
	return []conn.Option{
		conn.WithSeed(seed, uint64(number)),
		conn.WithPing(pingInterval, pingTimeout),
		conn.WithDialTimeout(2 * time.Second),
		conn.WithVersionTimeout(2 * time.Second),
		conn.WithWriteTimeout(2 * time.Second),
		conn.WithRequestTimeout(5 * time.Second),
		conn.WithMaxDelay(2 * time.Second),
		conn.WithProbeInterval(time.Second),
		conn.WithRetryBackOff(func() backoff.BackOff {
			return backoff.NewExponentialBackOff(
				backoff.WithInitialInterval(250*time.Millisecond),
				backoff.WithMaxInterval(5*time.Second),
				backoff.WithMaxElapsedTime(0))
		}),
	}
}

func newClient(number int, w *world) (*client, error) {
	seed := w.cfg.seed
	c := &client{number: number, rec: w.rec, tally: w.tally, tap: newWiretap(w.tally, w.rec.now), resetLately: w.resetLately, urls: make(map[string]int), behind: 1, rng: rand.New(rand.NewPCG(seed, uint64(100+number)))}
	var urls []string
	for _, g := range w.gateways {
		urls = append(urls, g.proxy.URL())
		c.urls[g.proxy.URL()] = g.number
	}
	opts := append(quick(seed, number),
		conn.WithGateways(urls[1:]...),
		conn.WithHooks(conn.Hooks{Transition: c.transition, Frame: c.tap.hook}))
	if number <= w.cfg.compress {
		opts = append(opts, conn.WithCompression())
	}
	var err error
	c.conn, err = conn.New(urls[0], opts...)
	return c, err
}

func (c *client) name() string { return fmt.Sprintf("client %d", c.number) }

// transition is the hook for the connection's state.
func (c *client) transition(t state.Transition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = t.To
	switch t.Event {
	case state.Opened:
		c.gateway = c.urls[t.Gateway]
	case state.Lost:
		c.cause = t.Cause
	}
	c.report()
}

// at returns the number of the gateway that the client is connected to, zero for none.
func (c *client) at() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == state.Resubscribing || c.state == state.Connected {
		return c.gateway
	}
	return 0
}

// shift enters that so many more things are behind.
func (c *client) shift(by int, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behind += by
	if c.state == state.Connected && cause != nil {
		c.cause = cause
	}
	c.report()
}

// report tells the recorder how the client stands.
func (c *client) report() {
	p := inSync
	switch {
	case c.state != state.Resubscribing && c.state != state.Connected:
		p = dialing
	case c.state == state.Resubscribing:
		p = resubscribing
	case c.behind > 0:
		p = behind
	}
	c.rec.phase(c.number, p, c.gateway, c.cause)
}

// handle is a subscription that the client wants to have, with its ledger.
type handle struct {
	client *client
	rid    string
	deep   bool

	mu     sync.Mutex
	sub    *conn.Subscription
	ledger *ledger
	closed bool
}

// take is the handler of the subscription.
func (h *handle) take(ev subs.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	was := h.ledger.behind()
	h.ledger.take(ev)
	if by := h.ledger.behind() - was; by != 0 {
		var cause error
		if stale, is := ev.(*subs.Stale); is {
			cause = stale.Cause
		}
		h.client.shift(by, cause)
	}
}

// open subscribes, and tries again until that is granted or ctx ends. What is refused at
// first is the program's to try again.
func (c *client) open(ctx context.Context, rid string, deep bool) (*handle, error) {
	h := &handle{client: c, rid: rid, deep: deep, ledger: newLedger(rid, deep, c.tally)}
	h.ledger.wire, h.ledger.reset = c.tap, c.resetLately
	opts := []conn.SubscribeOption{conn.WithHandler(h.take)}
	if deep {
		opts = append(opts, conn.Deep())
	}
	for {
		sub, err := c.conn.Subscribe(ctx, rid, opts...)
		if err == nil {
			h.mu.Lock()
			h.sub = sub
			h.mu.Unlock()
			c.mu.Lock()
			c.handles = append(c.handles, h)
			c.mu.Unlock()
			return h, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", c.name(), err)
		}
	}
}

// shut closes a subscription.
func (c *client) shut(h *handle) {
	h.mu.Lock()
	h.closed = true
	h.sub.Close()
	left := h.ledger.behind()
	h.mu.Unlock()
	c.mu.Lock()
	for i, other := range c.handles {
		if other == h {
			c.handles = append(c.handles[:i:i], c.handles[i+1:]...)
			break
		}
	}
	c.mu.Unlock()
	c.shift(-left, nil)
}

func (c *client) nth(i int) *handle {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handles[i%len(c.handles)]
}

// live closes and opens subscriptions, and calls, until ctx ends. What it has begun it
// brings to an end.
func (c *client) live(ctx context.Context, sites int) error {
	churn := time.NewTicker(3 * time.Second)
	defer churn.Stop()
	again := time.NewTicker(time.Duration(15+c.rng.IntN(15)) * time.Second)
	defer again.Stop()
	call := time.NewTicker(500 * time.Millisecond)
	defer call.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-churn.C:
			h := c.nth(c.rng.IntN(100))
			c.shut(h)
			patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			_, err := c.open(patient, h.rid, h.deep)
			cancel()
			if err != nil {
				return fmt.Errorf("cannot subscribe again within a minute: %w", err)
			}
		case <-again.C:
			c.conn.Reconnect()
		case <-call.C:
			c.call(ctx, fmt.Sprintf("site.%d", 1+c.rng.IntN(sites)))
		}
	}
}

// call calls a method. It may fail, but it must not be carried out twice.
func (c *client) call(ctx context.Context, rid string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	c.made++
	id := fmt.Sprintf("%d-%d", c.number, c.made)
	var result callParams
	if err := c.conn.Call(ctx, rid, "note", callParams{ID: id}, &result); err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.answered = append(c.answered, result.ID)
	}
}

// wrong says what the client does not have as the services have it.
func (c *client) wrong(ctx context.Context, truth map[string]content) (wrong []error) {
	c.mu.Lock()
	handles := append([]*handle(nil), c.handles...)
	c.mu.Unlock()
	var rids []string
	for _, h := range handles {
		h.mu.Lock()
		wrong = append(wrong, h.ledger.compare(truth)...)
		h.mu.Unlock()
		rids = append(rids, h.rid)
		select {
		case <-h.sub.Done():
			wrong = append(wrong, fmt.Errorf("%s: the subscription has ended: %w", h.rid, h.sub.Err()))
		default:
		}
	}
	view, err := c.conn.View(ctx, rids...)
	if err != nil {
		return append(wrong, fmt.Errorf("view: %w", err))
	}
	for _, rid := range view.RIDs() {
		if is, must := contentOf(view.Resource(rid)), truth[rid]; !is.equal(must) {
			wrong = append(wrong, fmt.Errorf("the local copy of %s is %v, and must be %v", rid, is, must))
		} else if !view.Live(rid) {
			wrong = append(wrong, fmt.Errorf("the local copy of %s is stale", rid))
		}
	}
	if s := c.conn.Stats(); !s.InSync {
		wrong = append(wrong, fmt.Errorf("is %v: %d of %d subscriptions stale, %d to be tried again", s.State, s.Stale, s.Subscriptions, s.Retrying))
	}
	for i, err := range wrong {
		wrong[i] = fmt.Errorf("%s: %w", c.name(), err)
	}
	return wrong
}

// close ends the client and all of its code.
func (c *client) close() {
	c.conn.Close()
	<-c.conn.Done()
}
