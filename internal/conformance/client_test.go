package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// client is a client of a world, with everything that it did on tape.
type client struct {
	*conn.Client
	w    *world
	tape *tape

	settled int // how often settle was called
}

// newClient makes a client of the world's gateway.
func (w *world) newClient(hooks conn.Hooks, opts ...conn.Option) *client {
	w.t.Helper()
	return w.newClientAt(w.gateway.URL(), hooks, opts...)
}

// newClientAt makes a client of something else, such as a proxy.
func (w *world) newClientAt(url string, hooks conn.Hooks, opts ...conn.Option) *client {
	w.t.Helper()
	c := &client{w: w, tape: new(tape)}
	frame, moved := hooks.Frame, hooks.Transition
	hooks.Frame = func(f conn.Frame) {
		c.tape.frame(f)
		if frame != nil {
			frame(f)
		}
	}
	hooks.Transition = func(tr state.Transition) {
		c.tape.moved(tr)
		if moved != nil {
			moved(tr)
		}
	}
	base := []conn.Option{conn.WithHooks(hooks), conn.WithNetDial(w.dial), conn.WithSeed(1, 2)}
	if !w.fake() {
		base = append(base, conn.WithMaxDelay(50*time.Millisecond)) // what runs in real time need not wait
	}
	var err error
	c.Client, err = conn.New(url, append(base, opts...)...)
	w.must(err)
	w.t.Cleanup(c.Close)
	w.clients = append(w.clients, c)
	return c
}

// connect makes a client and waits until it is Connected.
func (w *world) connect(opts ...conn.Option) *client {
	w.t.Helper()
	return w.connectAt(w.gateway.URL(), opts...)
}

func (w *world) connectAt(url string, opts ...conn.Option) *client {
	w.t.Helper()
	c := w.newClientAt(url, conn.Hooks{}, opts...)
	c.await(state.Connected)
	return c
}

func (c *client) await(s state.State) {
	c.w.t.Helper()
	c.w.must(c.WaitFor(c.w.within(), s))
}

func (c *client) awaitSync() {
	c.w.t.Helper()
	c.w.must(c.WaitInSync(c.w.within()))
}

// outage kills the gateway, has something happen, and restarts it.
func (c *client) outage(meanwhile func()) {
	c.w.t.Helper()
	c.w.must(c.w.gateway.Kill())
	c.await(state.Dialing)
	meanwhile()
	c.w.must(c.w.gateway.Restart())
	c.await(state.Connected)
}

// subscribe opens a feed.
func (c *client) subscribe(rid string) *feed {
	c.w.t.Helper()
	f := newFeed(c.w, rid)
	s, err := c.Subscribe(c.w.within(), rid, f.option())
	c.w.must(err)
	f.Subscription = s
	return f
}

// get reads a resource.
func (c *client) get(rid string) *subs.Resource {
	c.w.t.Helper()
	r, err := c.Get(c.w.within(), rid)
	c.w.must(err)
	return r
}

// cached lists which of the given resources the client has a copy of.
func (c *client) cached(rids ...string) string {
	c.w.t.Helper()
	v, err := c.View(c.w.within(), rids...)
	c.w.must(err)
	return strings.Join(v.RIDs(), " ")
}

const settleMethod = "settle"

// settle returns when what the client has sent so far has been answered, and both
// are on tape.
func (c *client) settle() {
	c.w.t.Helper()
	if c.w.fake() {
		synctest.Wait()
		return
	}
	c.settled++
	token := fmt.Sprint(c.settled)
	err := c.Call(c.w.within(), "settle", settleMethod, c.settled, nil)
	if said := (*res.Error)(nil); err != nil && !errors.As(err, &said) {
		c.w.t.Fatal(err)
	}
	c.w.until("the tape has caught up", func() bool {
		for _, r := range c.tape.requests(wire.TypeCall, "settle") {
			if string(r.request.Params) == token && c.tape.answered(r) {
				return true
			}
		}
		return false
	})
}

// direct returns the direct subscriptions that the gateway counts for the client.
func (c *client) direct() map[string]int {
	c.w.t.Helper()
	c.settle()
	direct := c.tape.direct(c.Stats().Generation, func(map[string]int) {})
	if c.w.server != nil && c.w.server.Running() {
		if all := c.w.server.Connections(); len(all) == 1 && len(c.w.clients) == 1 && !maps.Equal(all[0].Subscriptions, direct) {
			c.w.t.Errorf("the frames lead to the direct subscriptions %v, the gateway counts %v", direct, all[0].Subscriptions)
		}
	}
	return direct
}

// expectDirect waits until the gateway counts these direct subscriptions, written
// like "a.b:1 c.d:2".
func (c *client) expectDirect(want ...string) {
	c.w.t.Helper()
	c.w.until("the direct subscriptions are "+fmt.Sprint(want), func() bool {
		return fmt.Sprint(c.direct()) == "map["+strings.Join(want, " ")+"]"
	})
}

// sent returns how many requests of a type about a resource were sent by now.
func (c *client) sent(kind wire.RequestType, rid string) int {
	c.w.t.Helper()
	c.settle()
	return len(c.tape.requests(kind, rid))
}

// check checks what must be so at the end of every case.
func (c *client) check() {
	c.w.t.Helper()
	s := c.Stats()
	if s.DroppedFrameHooks+s.DroppedHooks > 0 {
		c.w.t.Logf("the tape is not complete: %d frames and %d transitions are missing", s.DroppedFrameHooks, s.DroppedHooks)
	}
	if !c.w.unchecked && s.BadFrames+s.Inconsistencies+s.UnknownEvents > 0 {
		c.w.t.Errorf("something did not fit: %d bad frames, %d inconsistencies, %d unknown events", s.BadFrames, s.Inconsistencies, s.UnknownEvents)
	}
	if s.State == state.Connected && !c.w.unchecked {
		c.direct()
	}
}

// goroutines lists the stacks of the goroutines that run code of the client, other
// than the test's own.
func goroutines() (stacks []string) {
	buffer := make([]byte, 4<<20)
	for g := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if strings.Contains(g, "resclient-go/conn.") && !strings.Contains(g, "conformance_test.") {
			stacks = append(stacks, g)
		}
	}
	return stacks
}

// logCounter counts log lines of the level warning and above.
type logCounter struct{ lines atomic.Int64 }

func (l *logCounter) option() conn.Option {
	return conn.WithLogger(slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelWarn})))
}

// Write counts a line.
func (l *logCounter) Write(p []byte) (int, error) {
	l.lines.Add(1)
	return len(p), nil
}

func (l *logCounter) count() int64 { return l.lines.Load() }

// noticed is a context that tells when somebody begins to wait for its end: a
// method of the client does so once its request is in the client's hands.
type noticed struct {
	context.Context
	waited chan struct{}
}

func notice(ctx context.Context) *noticed { return &noticed{ctx, make(chan struct{}, 1)} }

// Done tells, and returns the channel of the context inside.
func (n *noticed) Done() <-chan struct{} {
	select {
	case n.waited <- struct{}{}:
	default:
	}
	return n.Context.Done()
}
