package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/subs"
)

const panicVariable = "CONFORMANCE_HANDLER_PANICS"

// TestPanickingHandler is the program that handlerPanic runs.
func TestPanickingHandler(t *testing.T) {
	if os.Getenv(panicVariable) == "" {
		t.Skip("run by 43 handler-panic in a process of its own")
	}
	gateway := resgatetest.New()
	if err := gateway.Service().SetModel("the.culprit", nil); err != nil {
		t.Fatal(err)
	}
	c, err := conn.Dial(context.Background(), gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Subscribe(context.Background(), "the.culprit", conn.WithHandler(func(subs.Event) { panic("on purpose") }))
	if err != nil {
		t.Fatal(err)
	}
	<-s.Done()
}

// A panic in a handler is not swallowed: it ends the program, and says in which
// subscription it was.
func handlerPanic(w *world) {
	program, err := os.Executable()
	w.must(err)
	cmd := exec.Command(program, "-test.run=^TestPanickingHandler$", "-test.timeout=20s")
	cmd.Env = append(os.Environ(), panicVariable+"=1")
	output, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		w.t.Errorf("the program ended with %v, want exit status 2", err)
	}
	for _, want := range []string{"on purpose", `"the.culprit"`, "TestPanickingHandler"} {
		if !bytes.Contains(output, []byte(want)) {
			w.t.Errorf("it does not say %s:\n%s", want, output)
		}
	}
}

// A handler that is slow is told how much was folded, and ends with what is. Others
// are not held up.
func slowHandler(w *world) {
	w.model("a.b", map[string]any{"n": 0})
	c := w.connect(conn.WithQueueLimits(10, 1<<20))
	release := make(chan struct{})
	slow := newFeed(w, "a.b")
	_, err := c.Subscribe(w.within(), "a.b", conn.WithHandler(func(ev subs.Event) {
		<-release
		slow.take(ev)
	}))
	w.must(err)
	synctest.Wait() // the handler has the snapshot and is stuck
	fast := c.subscribe("a.b")
	for n := 1; n <= 100; n++ {
		w.change("a.b", map[string]any{"n": n})
		synctest.Wait()
	}
	fast.awaitCount(100)
	fast.expectOnlyCount(100)
	close(release)
	slow.expect(`a.b sync (first) {"n":0}`, `a.b lag: 100 events folded, 0 custom events lost`, `a.b sync (lag) {"n":100}`)
	w.change("a.b", map[string]any{"n": 101})
	slow.expect(`a.b change n=101 (was 100)`)
}

// No event is taken from the queue once Close has returned.
func noCallbackAfterClose(w *world) {
	w.model("a.b", map[string]any{"n": 0})
	c := w.connect()
	for range 50 {
		var closed, after atomic.Bool
		entered, release := make(chan struct{}), make(chan struct{})
		s, err := c.Subscribe(w.within(), "a.b", conn.WithHandler(func(ev subs.Event) {
			if _, first := ev.(*subs.Sync); first {
				close(entered)
				<-release
				return
			}
			if closed.Load() {
				after.Store(true)
			}
		}))
		w.must(err)
		<-entered
		for n := range 20 {
			w.change("a.b", map[string]any{"n": fmt.Sprint("x", n)})
		}
		synctest.Wait() // the events are in the queue
		s.Close()
		closed.Store(true)
		close(release)
		synctest.Wait()
		if after.Load() {
			w.t.Fatal("an event came after Close")
		}
	}
	iterated := c.subscribeToRead("a.b")
	iterated.Close()
	for ev := range iterated.Events(w.within()) {
		w.t.Errorf("event %v after Close", ev)
	}
	if err := iterated.Err(); !errors.Is(err, conn.ErrSubscriptionClosed) || strings.Contains(err.Error(), "context") {
		w.t.Errorf("the loop ended with %v", err)
	}
}

// subscribeToRead opens a subscription without a handler.
func (c *client) subscribeToRead(rid string) *conn.Subscription {
	c.w.t.Helper()
	s, err := c.Subscribe(c.w.within(), rid)
	c.w.must(err)
	return s
}
