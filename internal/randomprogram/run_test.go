package randomprogram_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// run is a program that is being carried out.
type run struct {
	*world
	resources int
	clients   []*client
	log       *journal
	began     time.Time

	holds    map[int][]func() // what releases the requests about a resource
	deleted  map[int]action   // how to make a deleted resource again
	created  map[int]action   // how each resource was made
	callings sync.WaitGroup   // callers

	mu      sync.Mutex
	denied  map[string]bool // resources that nobody may read
	calling map[string]bool // what callers wait for
	wrong   []error         // what went wrong on the way
}

// client is a client with what the program has open.
type client struct {
	*conn.Client
	number int
	ledger *ledger
	frames int // belongs to the hook
	slots  [slots]*feed
	open   []*feed // including those that wait for the gateway
}

// execute carries out a program in a world, and returns what was wrong.
func execute(w *world, p program, log *journal) (outcome, error) {
	r := &run{
		world:     w,
		log:       log,
		began:     time.Now(),
		resources: p.setting("resources", 10),
		holds:     make(map[int][]func()),
		created:   make(map[int]action),
		deleted:   make(map[int]action),
		denied:    make(map[string]bool),
		calling:   make(map[string]bool),
	}
	log.began = r.began
	if err := r.serve(); err != nil {
		return outcome{}, err
	}
	for i := range p.setting("clients", 1) {
		if err := r.connect(i, p.setting("queue", 16)); err != nil {
			return outcome{}, err
		}
	}
	for _, a := range p {
		log.printf("%s", a)
		if do := verbs[a.verb()]; do != nil {
			do(r, a)
		} else if !settings[a.verb()] {
			r.fail(fmt.Errorf("no such verb in %q", a))
		}
	}
	r.endFaults()
	out := r.finish()
	r.mu.Lock()
	defer r.mu.Unlock()
	return out, errors.Join(r.wrong...)
}

// serve sets up what answers for the resources.
func (r *run) serve() error {
	return errors.Join(
		r.service.HandleAccess(">", func(q *resgatetest.Request) (resgatetest.Access, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return resgatetest.Access{Get: !r.denied[q.RID], Call: "*"}, nil
		}),
		r.service.HandleCall(">", "touch", func(q *resgatetest.Request) (any, error) {
			_ = r.service.Change(q.RID, map[string]any{"n": q.Params}) // or it is no model
			return q.Params, nil
		}),
		r.service.HandleCall(">", "open", func(q *resgatetest.Request) (any, error) {
			return resgatetest.Resource(q.RID), nil
		}),
		r.service.HandleAuth(">", "login", func(*resgatetest.Request) (any, error) { return nil, nil }),
	)
}

// tooManyFrames is far more than any program needs. Who sends more does so for ever,
// and on a fake clock no time passes meanwhile.
const tooManyFrames = 20000

func (r *run) connect(number, queue int) error {
	c := &client{number: number, ledger: newLedger()}
	options := append(slices.Clone(r.options),
		conn.WithSeed(uint64(number), 0),
		conn.WithQueueLimits(queue, 1<<20),
		conn.WithExpansionDepth(3), // where everything refers to everything, more is very much
		conn.WithHooks(conn.Hooks{
			Frame: func(f conn.Frame) {
				if testing.Verbose() {
					r.log.printf("    client %d sent %v: %s", number, f.Sent, f.Data)
				}
				c.ledger.frame(f)
				if c.frames++; c.frames == tooManyFrames {
					r.fail(fmt.Errorf("client %d does not come to rest: %s", number, f.Data))
					r.must(r.gateway.Kill())
					r.must(r.gateway.Restart())
				}
			},
			Transition: func(t state.Transition) {
				r.log.printf("  client %d: %v → %v, %v", number, t.From, t.To, t.Cause)
			},
		}))
	var err error
	c.Client, err = conn.New(r.gateway.URL(), options...)
	r.clients = append(r.clients, c)
	return err
}

func (r *run) rid(i int) string { return fmt.Sprintf("t.%d", i%r.resources) }

// fail notes something that is wrong.
func (r *run) fail(err error) {
	r.log.printf("  WRONG: %v", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, err)
}

// call does something that may wait, beside the program, for as long as patience
// allows; without any it must return by itself.
func (r *run) call(what string, patience time.Duration, do func(ctx context.Context) error) {
	ctx, cancel := context.Background(), func() {}
	if patience > 0 {
		ctx, cancel = context.WithTimeout(ctx, patience)
	}
	r.mu.Lock()
	what = fmt.Sprintf("%s (%d)", what, len(r.log.lines()))
	r.calling[what] = true
	r.mu.Unlock()
	r.callings.Go(func() {
		defer cancel()
		err := do(ctx)
		r.log.printf("  %s: %v", what, err)
		r.checkError(what, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.calling, what)
	})
}

// checkError fails unless err is one that a caller must expect.
func (r *run) checkError(what string, err error) {
	if said := (*res.Error)(nil); err == nil || errors.As(err, &said) {
		return
	}
	for _, known := range []error{
		context.DeadlineExceeded, context.Canceled, conn.ErrConnectionLost, conn.ErrNotConnected, conn.ErrNoAnswer,
		conn.ErrInconsistent,
	} {
		if errors.Is(err, known) {
			return
		}
	}
	r.fail(fmt.Errorf("%s: unexpected error: %w", what, err))
}

func (r *run) callers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.calling))
}

// endFaults puts everything right, and has the services tell gateways to ask again, as
// services do which have come back.
func (r *run) endFaults() {
	r.log.printf("the faults end")
	if r.network != nil {
		r.network.Heal(gatewayAddr)
	}
	r.revive()
	for i := range r.resources {
		r.clearFaults(i)
	}
	r.mu.Lock()
	clear(r.denied)
	r.mu.Unlock()
	time.Sleep(2 * r.timeout) // what was not answered has timed out
	r.settle()
	r.must(r.service.Reset([]string{">"}, []string{">"}))
}

// revive has the gateway run.
func (r *run) revive() {
	err := r.gateway.Thaw()
	if errors.Is(err, resgatetest.ErrNotRunning) {
		err = r.gateway.Restart()
	}
	r.must(err)
}

func (r *run) must(err error) {
	if err != nil {
		r.fail(err)
	}
}
