package conn_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
)

func TestHealthDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Kill())
		start := time.Now()
		c := w.client()
		time.Sleep(10 * time.Second)
		if h := c.Health(); h.InSync || !h.Since.Equal(start) || h.State != state.Dialing || h.Attempt < 2 || h.Cause == nil || h.Stale != 0 {
			t.Errorf("before the first connection: %+v", h)
		}
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		connected := time.Now()
		for i := range 12 {
			rid := fmt.Sprintf("m.%02d", i)
			w.must(w.service.SetModel(rid, map[string]any{"n": i}))
			w.subscribe(c, rid)
		}
		time.Sleep(time.Minute)
		if h := c.Health(); !h.InSync || !h.Since.Equal(connected) || h.State != state.Connected || h.Attempt != 0 || h.Cause != nil || h.Gateway != "ws://"+gatewayAddr {
			t.Errorf("connected: %+v", h)
		}
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		lost := time.Now()
		time.Sleep(time.Minute)
		h := c.Health()
		if h.InSync || !h.Since.Equal(lost) || h.Stale != 12 || len(h.StaleRIDs) != 10 || h.StaleRIDs[0] != "m.00" || h.Attempt < 3 {
			t.Errorf("during an outage: %+v", h)
		}
		text := h.String()
		for _, want := range []string{"not in sync since 2000-01-01T", ": dialing, attempt ", ", 12 stale (m.00, m.01, ", "m.09, …): ", "connection refused"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in %q", want, text)
			}
		}
		w.must(w.gateway.Restart())
		w.must(c.WaitInSync(context.Background()))
		if h := c.Health(); !h.InSync || !h.Since.Equal(time.Now()) || h.Stale != 0 || h.Cause != nil {
			t.Errorf("after an outage: %+v", h)
		}
		c.Close()
		if h := c.Health(); h.InSync || h.State != state.Closed {
			t.Errorf("after Close: %+v", h)
		}
	})
}

func TestHealthNamesTheSubscriptionThatWasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		busy := throttled(w)
		c := w.connected()
		w.subscribe(c, "a.b")
		time.Sleep(time.Minute)
		busy.Store(true)
		ended := time.Now()
		w.must(w.service.Reaccess("a.b"))
		synctest.Wait()
		h := c.Health()
		if h.InSync || !h.Since.Equal(ended) || h.State != state.Connected || h.Stale != 1 || !slices.Equal(h.StaleRIDs, []string{"a.b"}) ||
			!errors.Is(h.Cause, &res.Error{Code: "test.tooActive"}) {
			t.Errorf("got %+v, want that a.b is stale, and why", h)
		}
		if got, want := h.String(), "not in sync since 2000-01-01T00:01:00Z: connected, 1 stale (a.b): Too active (test.tooActive)"; got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		text, err := json.Marshal(h)
		w.must(err)
		want := `{"InSync":false,"Since":"2000-01-01T00:01:00Z","State":"connected","Gateway":"ws://gateway:8080","Attempt":0,` +
			`"Stale":1,"StaleRIDs":["a.b"],"ShuttingDown":false,"Cause":"Too active (test.tooActive)"}`
		if string(text) != want {
			t.Errorf("as JSON it is %s, want %s", text, want)
		}
	})
}

func TestHealthDoesNotChangeBecauseOfANewSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{}))
		c := w.connected()
		since := c.Health().Since
		time.Sleep(time.Second)
		w.must(w.service.Mute("a.b"))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go c.Subscribe(ctx, "a.b")
		synctest.Wait()
		if s := c.Stats(); s.Stale != 1 {
			t.Fatalf("the subscribe does not wait: %+v", s)
		}
		if h := c.Health(); !h.InSync || !h.Since.Equal(since) || h.Stale != 0 {
			t.Errorf("while a first subscribe waits: %+v", h)
		}
	})
}

func TestHealthTellsOfAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		slowly(w, time.Second)
		c := w.connected()
		go c.Call(context.Background(), "a.b", "m", nil, nil)
		synctest.Wait()
		if c.Health().ShuttingDown {
			t.Error("shutting down before Shutdown")
		}
		go c.Shutdown(context.Background())
		synctest.Wait()
		if h := c.Health(); !h.ShuttingDown || !h.InSync || !strings.Contains(h.String(), "shutting down") {
			t.Errorf("during a shutdown: %v", h)
		}
		<-c.Done()
	})
}

// Health is for probes, which must not have to wait for an owner with much to do.
func TestHealthOfAHealthyClientAsksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected()
		if n := testing.AllocsPerRun(100, func() { c.Health() }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// severalErrors cannot be compared, which is no reason to panic.
type severalErrors []error

func (severalErrors) Error() string { return "several" }

func TestAnErrorThatCannotBeComparedIsACauseLikeAnyOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Kill())
		c := w.client(conn.WithHooks(conn.Hooks{DialFailed: func(context.Context, error) error { return severalErrors{} }}))
		time.Sleep(time.Minute)
		if h := c.Health(); h.Cause.Error() != "several" || h.Attempt < 3 {
			t.Errorf("got %+v", h)
		}
	})
}
