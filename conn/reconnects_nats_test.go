package conn_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

var reconnects = flag.Int("reconnects", 200, "how often TestReconnectsLeaveNoSocketBehind reconnects")

// The same as TestAThousandReconnectsLeaveNothingBehind on real sockets, where files may be
// left open too.
func TestReconnectsLeaveNoSocketBehind(t *testing.T) {
	const models, warmup = 20, 50
	w := newNATSWorld(t)
	for i := range models {
		next := res.Ref(fmt.Sprintf("m.%d", (i+1)%models))
		if err := w.service.SetModel(fmt.Sprintf("m.%d", i), map[string]any{"n": 0, "next": next}); err != nil {
			t.Fatal(err)
		}
	}
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), 6*within)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL(), conn.WithHooks(conn.Hooks{Transition: func(state.Transition) {}}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range models {
		if _, err := c.Subscribe(ctx, fmt.Sprintf("m.%d", i), conn.WithHandler(func(subs.Event) {})); err != nil {
			t.Fatal(err)
		}
	}
	reconnect := func(times int) {
		for range times {
			before := c.Stats().Generation
			c.Reconnect()
			waitUntil(ctx, t, "it is back", func() bool { s := c.Stats(); return s.Generation > before && s.InSync })
		}
	}
	reconnect(warmup)
	heap := heapInUse() // first: some of the gateway's files are closed by the garbage collector
	goroutines, files := runtime.NumGoroutine(), openFiles()
	reconnect(*reconnects)
	var after int64
	waitUntil(ctx, t, fmt.Sprintf("there are %d goroutines and %d files again, and %d bytes on the heap", goroutines, files, heap), func() bool {
		after = heapInUse()
		return runtime.NumGoroutine() <= goroutines && openFiles() <= files && after < heap+heap/20+256<<10
	})
	t.Logf("heap %d kB, before %d kB; %d files", after>>10, heap>>10, files)
}

// openFiles counts the files and sockets of this process, where the system tells.
func openFiles() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}
