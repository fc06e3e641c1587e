package conn_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/subs"
)

var randomRuns = flag.Int("random", 60, "how many runs TestNobodyWaitsForEver has")

// Programs do anything with a client, most of it without a time limit, while anything happens
// to its gateway and services. Then the client ends, and the faults do. Whoever waited has
// an answer. The simulation of the core finds more; this is about everything around it.
func TestNobodyWaitsForEver(t *testing.T) {
	for seed := range *randomRuns {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newRandomWorld(t, uint64(seed)).run() })
		})
	}
}

// randomWorld is a world in which anything happens.
type randomWorld struct {
	*world
	seed   uint64
	denied atomic.Bool   // access to everything is
	calm   chan struct{} // closed when there are no more faults
}

var randomRIDs = []res.Pattern{"m.0", "m.1", "m.2", "m.3", "list"}

func randomRID(r *rand.Rand) string { return string(randomRIDs[r.IntN(len(randomRIDs))]) }

func newRandomWorld(t *testing.T, seed uint64) *randomWorld {
	w := &randomWorld{world: newWorld(t), seed: seed, calm: make(chan struct{})}
	w.must(w.service.HandleAccess(">", func(*resgatetest.Request) (resgatetest.Access, error) {
		return resgatetest.Access{Get: !w.denied.Load(), Call: "*"}, nil
	}))
	for i, rid := range randomRIDs {
		if i > 0 { // one is not there at first
			w.set(string(rid))
		}
		found := randomRIDs[(i+1)%len(randomRIDs)]
		w.must(w.service.HandleCall(rid, "find", func(*resgatetest.Request) (any, error) { return resgatetest.Resource(string(found)), nil }))
		w.must(w.service.HandleCall(rid, "slow", func(*resgatetest.Request) (any, error) {
			time.Sleep(2 * time.Second)
			return nil, nil
		}))
		w.must(w.service.HandleAuth(rid, "login", func(*resgatetest.Request) (any, error) { return nil, nil }))
	}
	return w
}

func (w *randomWorld) set(rid string) {
	if rid == "list" {
		w.must(w.service.SetCollection(rid, []any{res.Ref("m.0"), res.Ref("m.1")}))
	} else {
		w.must(w.service.SetModel(rid, map[string]any{"other": res.Ref("m.3")}))
	}
}

func (w *randomWorld) rand(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

func (w *randomWorld) run() {
	r := w.rand(0)
	c := w.client(w.options(r)...)
	var all sync.WaitGroup
	all.Go(func() { w.happen(w.rand(1)) })
	for i := range 8 {
		all.Go(func() { useAtRandom(c, w.rand(2+uint64(i))) })
	}
	time.Sleep(time.Duration(r.IntN(60)) * time.Second)
	patience := time.Duration(r.IntN(5)) * time.Second
	all.Go([]func(){
		c.Close,
		func() { _ = c.Shutdown(context.Background()) },
		func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = c.Shutdown(ctx)
		},
	}[r.IntN(3)])
	time.Sleep(time.Duration(r.IntN(10)) * time.Second)
	close(w.calm)

	done := make(chan struct{})
	go func() {
		all.Wait()
		<-c.Done()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Hour):
		w.t.Errorf("somebody waits: %v", c.Stats()) // synctest tells who
	}
}

func (w *randomWorld) options(r *rand.Rand) []conn.Option {
	var hooks conn.Hooks
	if r.IntN(2) == 0 {
		hooks.Authenticate = func(ctx context.Context, s *conn.Session) error { return s.Call(ctx, "m.1", "find", nil, nil) }
	}
	if r.IntN(2) == 0 {
		hooks.AccessDenied = func(ctx context.Context, s *conn.Session, _ string) error {
			return s.Auth(ctx, "m.1", "login", nil, nil)
		}
	}
	opts := []conn.Option{conn.WithHooks(hooks)}
	if r.IntN(2) == 0 {
		opts = append(opts, conn.WithLinger(time.Second))
	}
	if r.IntN(3) == 0 {
		opts = append(opts, conn.WithFailFast())
	}
	if r.IntN(3) == 0 {
		opts = append(opts, conn.WithQueueLimits(4, 1<<20))
	}
	return opts
}

// happen has anything happen until it is to be calm. A gateway that is not there cannot be
// killed, and so on, so errors are none.
func (w *randomWorld) happen(r *rand.Rand) {
	for {
		select {
		case <-w.calm:
			w.denied.Store(false)
			w.service.Unmute(">")
			w.must(w.service.Delay(">", 0))
			_ = w.gateway.Thaw()
			_ = w.gateway.Start()
			return
		case <-time.After(time.Duration(r.IntN(1500)) * time.Millisecond):
		}
		switch rid := randomRID(r); r.IntN(16) {
		case 0:
			_ = w.gateway.Kill()
		case 1, 2, 3:
			_ = w.gateway.Start()
		case 4:
			_ = w.gateway.Drop()
		case 5:
			_ = w.gateway.Freeze()
		case 6:
			_ = w.gateway.Thaw()
		case 7:
			_ = w.service.Delete(rid)
		case 8, 9:
			w.set(rid)
		case 10:
			w.denied.Store(!w.denied.Load())
		case 11:
			_ = w.service.Reaccess(rid)
		case 12:
			w.must(w.service.Mute(">", resgatetest.KindGet))
		case 13:
			w.service.Unmute(">")
		case 14:
			w.must(w.service.Delay(">", time.Duration(r.IntN(3000))*time.Millisecond))
		case 15:
			_ = w.service.Reset([]string{">"}, []string{">"})
		}
	}
}

// useAtRandom does anything with a client until it is closed.
func useAtRandom(c *conn.Client, r *rand.Rand) {
	for {
		ctx, cancel := context.Background(), func() {}
		if r.IntN(2) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
		}
		err := actAtRandom(ctx, c, r)
		cancel()
		if errors.Is(err, conn.ErrClosed) && r.IntN(3) == 0 { // or it does not believe it yet
			return
		}
		time.Sleep(time.Duration(r.IntN(800)) * time.Millisecond)
	}
}

func actAtRandom(ctx context.Context, c *conn.Client, r *rand.Rand) error {
	rid := randomRID(r)
	switch r.IntN(11) {
	case 0, 1, 2:
		opts := [][]conn.SubscribeOption{nil, {conn.Deep()}, {conn.WithHandler(func(subs.Event) {})}}[r.IntN(3)]
		s, err := c.Subscribe(ctx, rid, opts...)
		return readAtRandom(ctx, s, err, r)
	case 3, 4:
		s, err := c.CallResource(ctx, rid, "find", nil)
		return readAtRandom(ctx, s, err, r)
	case 5, 6:
		_, err := c.Get(ctx, rid)
		return err
	case 7:
		return c.Call(ctx, rid, []string{"find", "slow", "none"}[r.IntN(3)], nil, nil)
	case 8:
		return c.WaitInSync(ctx)
	case 9:
		c.Reconnect()
		return nil
	default:
		_, err := c.View(ctx, rid)
		return err
	}
}

// readAtRandom does something with a subscription, if there is one, and closes it now or later.
func readAtRandom(ctx context.Context, s *conn.Subscription, err error, r *rand.Rand) error {
	if err != nil {
		return err
	}
	end := time.AfterFunc(time.Duration(r.IntN(10_000))*time.Millisecond, s.Close)
	switch r.IntN(4) {
	case 0:
		s.Status()
	case 1:
		defer s.Close()
		defer end.Stop()
		fallthrough
	default:
		return s.WaitSync(ctx)
	}
	return nil
}
