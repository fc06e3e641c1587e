package conn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/state"
)

// Client is a connection to Resgate that keeps itself alive, and what is
// subscribed over it. All methods may be called from any goroutine, and from any
// hook or handler. Make one with [New] or [Dial], and end it with [Client.Close]
// or [Client.Shutdown].
type Client struct {
	set     *settings
	inputs  chan core.Input   // to the owner; unbuffered, so that it replies to all that it takes
	arrived chan arrival      // to the owner, from readers
	figures chan chan figures // to the owner: whom to tell its figures
	status  atomic.Pointer[status]

	stopping chan struct{} // closed when the owner takes no more inputs
	stopped  chan struct{} // closed when all goroutines of the client have ended
	done     chan struct{} // closed when user code has returned, too

	own     sync.WaitGroup // goroutines that run no user code
	user    sync.WaitGroup // goroutines that do
	inboxes sync.Pool      // of *inbox: empty ones
	workers workers        // run the handlers of subscriptions
	hooks   serial         // runs the Transition and Frame hooks, and logs
	policy  serial         // asks the back-offs of subscriptions
	debug   atomic.Bool    // frames are to be logged, as the logger last said

	// What a connection leaves to the next.
	batches spares[*core.Batch] // empty ones
	room    spares[writeRoom]

	backOff sharedBackOff
	retries map[string]backoff.BackOff // belongs to policy
	last    figures                    // the figures at the end, once stopping
}

// New makes a client and begins to connect in the background. It returns at once;
// the client can be used right away. Invalid URLs and options are errors that wrap
// [ErrInvalidOption]; then there is no client.
func New(url string, opts ...Option) (*Client, error) {
	set := defaults()
	for _, opt := range append([]Option{WithGateways(url)}, opts...) {
		if err := opt(set); err != nil {
			return nil, fmt.Errorf("conn: %w", err)
		}
	}
	c := &Client{
		set:      set,
		inputs:   make(chan core.Input),
		arrived:  make(chan arrival, batches),
		figures:  make(chan chan figures),
		batches:  make(spares[*core.Batch], batches),
		room:     make(spares[writeRoom], 1),
		stopping: make(chan struct{}),
		stopped:  make(chan struct{}),
		done:     make(chan struct{}),
		backOff:  sharedBackOff{backOff: set.backOff()},
		retries:  make(map[string]backoff.BackOff),
	}
	c.hooks.spawn = c.user.Go
	c.workers.begin = c.workers.beginner(&c.user)
	c.policy.spawn = c.user.Go
	c.askLevel()
	c.status.Store(&status{since: time.Now(), changed: make(chan struct{})})
	c.user.Add(1) // held by the owner, so that the group does not end before it
	o := newOwner(c)
	c.own.Go(o.run)
	return c, nil
}

// Dial makes a client and waits until it is Connected, trying again and again. If ctx
// ends before, the client is closed, and the error says what the last attempt met. So
// with a context that never ends, and a gateway that is not there, Dial does not
// return: give it a timeout, or use [New], which does not wait.
func Dial(ctx context.Context, url string, opts ...Option) (*Client, error) {
	c, err := New(url, opts...)
	if err != nil {
		return nil, err
	}
	if err := c.WaitFor(ctx, state.Connected); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (s *settings) core(random *rand.Rand) core.Config {
	random.Shuffle(len(s.gateways), func(i, j int) { s.gateways[i], s.gateways[j] = s.gateways[j], s.gateways[i] })
	names := make([]string, len(s.gateways))
	for i, g := range s.gateways {
		names[i] = g.redacted
	}
	return core.Config{
		Gateways:        names,
		Authenticate:    s.hooks.Authenticate != nil,
		AccessDenied:    s.hooks.AccessDenied != nil,
		VersionTimeout:  s.versionTimeout,
		AuthTimeout:     s.authTimeout,
		RequestTimeout:  s.requestTimeout,
		StableAfter:     s.stableAfter,
		MaxDelay:        s.maxDelay,
		ReplayWindow:    s.replayWindow,
		MaxReplayWindow: s.maxReplayWindow,
		ReplayRate:      s.replayRate,
		ReplayJitter:    s.replayJitter,
		ReplaySlot:      500 * time.Millisecond,
		OfflineQueue:    s.offlineQueue,
		FailFast:        s.failFast,
		Linger:          s.linger,
		RetryFloor:      5 * time.Second,
		ResyncInterval:  10 * time.Second,
		ProbeInterval:   s.probe,
		NoticeInterval:  time.Minute,
		Types:           s.types,
		ExpansionDepth:  s.depth,
		Rand:            random,
	}
}

// Close ends the client: waiting calls fail with [ErrClosed], subscriptions end,
// the connection is closed. It returns when all goroutines of the client have
// ended, but does not wait for hooks, handlers and other code of the program, nor
// for the last lines in the log: for that there is [Client.Done]. Closing again does
// nothing.
func (c *Client) Close() {
	c.send(core.Close{})
	<-c.stopped
}

// Shutdown ends the client like [Client.Close], but lets calls come to their end
// first: those that are out, and those that wait for a connection. From now on
// Subscribe, Get, Stream and all calls fail with [ErrShuttingDown], while
// subscriptions and what waits already go on, through reconnects if need be. What
// [Hooks].Authenticate does is not affected.
//
// When ctx ends first, the calls that are left are cut off as by Close, and the
// error wraps that of ctx; nil says that this was not necessary. Like Close, Shutdown may
// be called again, by anybody, and from any hook or handler; Close meanwhile makes it
// return at once.
func (c *Client) Shutdown(ctx context.Context) error {
	c.send(core.Drain{})
	select {
	case <-c.stopped:
		return nil
	case <-ctx.Done():
	}
	c.Close()
	if n := c.last.cutOff; n > 0 {
		return fmt.Errorf("conn: shutdown: %d calls had no answer yet: %w", n, ctx.Err())
	}
	return nil
}

// Done returns a channel that is closed when the client is closed and all code of
// the program that it had called has returned.
func (c *Client) Done() <-chan struct{} { return c.done }

// State returns the state of the connection. In a new client that is Dialing, or
// the zero state for a moment.
func (c *Client) State() state.State { return c.status.Load().state }

// String says which gateway the client has, and how it is, without what may be secret.
func (c *Client) String() string {
	s := c.status.Load()
	return fmt.Sprintf("client of %s, %v", s.gateway, s.state)
}

// Reconnect gives up the connection and dials at once, the next of several gateways, or
// cuts short the wait for the next attempt. Like after any loss, everything is subscribed again.
// When it returns, the client is not Connected over the old connection any more.
func (c *Client) Reconnect() {
	replies := make(chan core.Reply, 1)
	if c.send(core.Reconnect{To: replies}) {
		<-replies
	}
}

// send gives the owner an input, and reports whether it took it.
func (c *Client) send(in core.Input) bool {
	select {
	case c.inputs <- in:
		return true
	case <-c.stopping:
		return false
	}
}

// ask gives the owner a request and waits for the reply. When ctx ends before, it
// sends cancel, which is replied to if the request was not.
func (c *Client) ask(ctx context.Context, in core.Input, replies chan core.Reply, cancel core.Input) (core.Reply, error) {
	if err := ctx.Err(); err != nil {
		return core.Reply{}, err
	}
	if !c.send(in) {
		return core.Reply{}, c.last.ended // send fails after last was set
	}
	select {
	case r := <-replies:
		return r, r.Err
	case <-ctx.Done():
	}
	c.send(cancel)
	r := <-replies // the owner replies to everything it has taken, also when it ends
	switch r.Err {
	case core.ErrCanceled:
		return r, ctx.Err()
	case ErrNotConnected:
		return r, fmt.Errorf("%w: %w", ErrNotConnected, ctx.Err())
	}
	return r, r.Err
}
