package conn_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// heapInUse returns how many bytes are reachable.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what the first has made free by finalizers and pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// punctual notes how long changes of n take from the service to a handler.
type punctual struct {
	mu        sync.Mutex
	published map[int]time.Time // by n
	late      map[string]time.Duration
	heard     map[string]int
}

func (p *punctual) hear(rid string, ev subs.Event) {
	change, ok := ev.(*subs.Change)
	if !ok {
		return
	}
	var n int
	if err := change.Value("n").Decode(&n); err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[rid]++
	if took := time.Since(p.published[n]); !change.Resync && took > p.late[rid] {
		p.late[rid] = took
	}
}

// What is in trouble is not only slow but on its own: a subscription that is refused
// again and again, one that nobody reads, a handler that never returns, hooks that
// sleep for a minute. The other feeds are on time all the while, also after an
// outage, and memory does not grow.
func TestTroubleStaysWhereItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const feeds, rounds = 10, 400
		w := newWorld(t)
		w.must(w.service.SetModel("denied", map[string]any{"n": 0}))
		denied := false
		w.must(w.service.HandleAccess("denied", func(*resgatetest.Request) (resgatetest.Access, error) {
			if denied {
				return resgatetest.Access{}, res.ErrAccessDenied
			}
			return resgatetest.Access{Get: true}, nil
		}))
		for _, rid := range []string{"unread", "blocked"} {
			w.must(w.service.SetModel(rid, map[string]any{"n": 0}))
		}
		c := w.connected(
			conn.WithQueueLimits(64, 64<<10),
			conn.WithHooks(conn.Hooks{
				Transition: func(state.Transition) { time.Sleep(time.Minute) },
				Frame:      func(conn.Frame) { time.Sleep(time.Minute) },
				AccessDenied: func(context.Context, *conn.Session, string) error {
					time.Sleep(time.Minute)
					return errors.New("no")
				},
			}))
		w.subscribe(c, "denied")
		w.subscribe(c, "unread")
		release := make(chan struct{})
		w.subscribe(c, "blocked", conn.WithHandler(func(subs.Event) { <-release }))
		p := &punctual{published: map[int]time.Time{}, late: map[string]time.Duration{}, heard: map[string]int{}}
		for i := range feeds {
			rid := fmt.Sprintf("feed.%d", i)
			w.must(w.service.SetModel(rid, map[string]any{"n": 0}))
			w.subscribe(c, rid, conn.WithHandler(func(ev subs.Event) { p.hear(rid, ev) }))
		}
		denied = true
		w.must(w.service.Reaccess("denied"))

		publish := func(from, to int) {
			for n := from; n < to; n++ {
				p.mu.Lock()
				p.published[n] = time.Now()
				delete(p.published, n-100)
				p.mu.Unlock()
				for _, rid := range []string{"unread", "blocked"} {
					w.must(w.service.Change(rid, map[string]any{"n": n}))
				}
				for i := range feeds {
					w.must(w.service.Change(fmt.Sprintf("feed.%d", i), map[string]any{"n": n}))
				}
				time.Sleep(300 * time.Millisecond)
			}
		}
		publish(1, rounds/2)
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		early := heapInUse()
		publish(rounds/2, 3*rounds)
		synctest.Wait()
		grown := heapInUse() - early
		for i := range feeds {
			rid := fmt.Sprintf("feed.%d", i)
			if p.late[rid] > 0 || p.heard[rid] < 3*rounds-2 {
				t.Errorf("%s had %d events of %d, the latest %v after the service had sent it", rid, p.heard[rid], 3*rounds-1, p.late[rid])
			}
		}
		if grown > 1<<20 {
			t.Errorf("the heap has grown by %d bytes while %d events came", grown, c.Stats().Events)
		}
		if s := c.Stats(); s.Retries < 5 || s.Stale != 1 || s.DroppedFrameHooks == 0 {
			t.Errorf("there was too little trouble: %+v", s)
		}
		close(release)
		c.Close()
		<-c.Done()
	})
}

// A thousand connections later, nothing of them is left.
func TestAThousandReconnectsLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const models, warmup, rounds = 20, 100, 1000
		w := newWorld(t)
		c := w.connected(conn.WithHooks(conn.Hooks{
			Transition:   func(state.Transition) {},
			Authenticate: func(context.Context, *conn.Session) error { return nil },
		}))
		for i := range models {
			rid := fmt.Sprintf("m.%d", i)
			w.must(w.service.SetModel(rid, map[string]any{"n": 0, "next": res.Ref(fmt.Sprintf("m.%d", (i+1)%models))}))
		}
		for i := range models {
			w.subscribe(c, fmt.Sprintf("m.%d", i), conn.WithHandler(func(subs.Event) {}))
		}
		reconnect := func(i int) {
			switch i % 3 {
			case 0:
				w.must(w.gateway.Kill())
				w.await(c, state.Dialing)
				w.must(w.service.Change("m.7", map[string]any{"n": i}))
				time.Sleep(time.Second) // some attempts fail
				w.must(w.gateway.Restart())
			case 1:
				w.must(w.gateway.Drop())
				w.await(c, state.Dialing)
			default:
				c.Reconnect()
			}
			w.must(c.WaitInSync(context.Background()))
			synctest.Wait()
		}
		for i := range warmup {
			reconnect(i)
		}
		heap, goroutines := heapInUse(), runtime.NumGoroutine()
		for i := range rounds {
			reconnect(i)
		}
		if n := runtime.NumGoroutine(); n > goroutines {
			t.Errorf("%d goroutines, %d before", n, goroutines)
		}
		after := heapInUse()
		t.Logf("heap %d kB, before %d kB; %d dials", after>>10, heap>>10, c.Stats().Generation)
		if after-heap > heap/20+64<<10 {
			t.Errorf("%d bytes on the heap, %d before", after, heap)
		}
		if c.Stats().Generation < warmup+rounds {
			t.Errorf("only %d dials", c.Stats().Generation)
		}
	})
}
