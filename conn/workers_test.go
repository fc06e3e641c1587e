package conn_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// However many handlers block, and on however many processors, each of them holds up
// its own events alone.
func TestHandlersThatBlockHoldUpNoOthers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, processors := range []int{1, 4} {
		runtime.GOMAXPROCS(processors)
		synctest.Test(t, func(t *testing.T) {
			const blocking, others = 50, 50
			w := newWorld(t)
			w.must(w.service.SetModel("a.b", map[string]any{"n": 0}))
			c := w.connected()
			var blocked, heard atomic.Int32
			release := make(chan struct{})
			block := func(ev subs.Event) {
				if _, change := ev.(*subs.Change); change {
					blocked.Add(1)
					<-release
				}
			}
			for i := range blocking + others {
				handler := block
				if i%2 == 1 {
					handler = func(subs.Event) { heard.Add(1) }
				}
				w.subscribe(c, "a.b", conn.WithHandler(handler))
			}
			for n := 1; n <= 3; n++ {
				w.must(w.service.Change("a.b", map[string]any{"n": n}))
				synctest.Wait()
			}
			if blocked.Load() != blocking || heard.Load() != 4*others {
				t.Errorf("%d are blocked, and the others heard %d events", blocked.Load(), heard.Load())
			}
			close(release)
			synctest.Wait()
			if blocked.Load() != 3*blocking {
				t.Errorf("those that were blocked have heard %d changes", blocked.Load())
			}
		})
	}
}

// Goroutines are few while handlers return, however many subscriptions have events.
func TestHandlersThatReturnShareGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		w := newWorld(t)
		c := w.connected()
		most := 0
		var heard atomic.Int32
		for i := range n {
			rid := fmt.Sprint("m.", i)
			w.must(w.service.SetModel(rid, map[string]any{"n": 0}))
			w.subscribe(c, rid, conn.WithHandler(func(subs.Event) {
				heard.Add(1)
			}))
		}
		synctest.Wait()
		idle := runtime.NumGoroutine()
		for i := range n {
			w.must(w.service.Change(fmt.Sprint("m.", i), map[string]any{"n": 1}))
			most = max(most, runtime.NumGoroutine())
		}
		synctest.Wait()
		if heard.Load() != 2*n || most > idle+n/10 {
			t.Errorf("%d events heard, %d goroutines, %d at the most", heard.Load(), idle, most)
		}
	})
}
