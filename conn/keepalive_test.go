package conn_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

func TestKeepAlive(t *testing.T) {
	type moment struct {
		at, lastRead time.Duration
		paused       bool
		do           string
		wait         time.Duration
	}
	for _, test := range []struct {
		name    string
		moments []moment
	}{
		{"busy: the next look is when it would have been silent for the interval", []moment{
			{at: 10, lastRead: 9, do: "wait", wait: 9},
		}},
		{"silent: a ping, its answer, and the interval anew", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 11, do: "wait", wait: 6},
			{at: 21, lastRead: 11, do: "ping", wait: 5},
		}},
		{"dead: given up when nothing came for the timeout after the ping", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 13, lastRead: 0, do: "wait", wait: 2},
			{at: 15, lastRead: 0, do: "give up"},
		}},
		{"an answer in the same instant counts", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 10, do: "wait", wait: 5},
		}},
		{"any bytes count, not only the answer", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 14, do: "wait", wait: 9},
		}},
		{"while the reader is paused, silence says nothing", []moment{
			{at: 10, lastRead: 0, do: "ping", wait: 5},
			{at: 15, lastRead: 0, paused: true, do: "wait", wait: 10},
			{at: 25, lastRead: 0, do: "ping", wait: 5},
			{at: 30, lastRead: 0, do: "give up"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			k := conn.NewKeepAlive(10*time.Second, 5*time.Second)
			for _, m := range test.moments {
				do, wait := k.Next(start.Add(m.at*time.Second), start.Add(m.lastRead*time.Second), m.paused)
				if do != m.do || wait != m.wait*time.Second {
					t.Errorf("at %d s: %s and look again after %v, want %s and %d s", m.at, do, wait, m.do, m.wait)
				}
			}
		})
	}
}

// A gateway that reads nothing for a while has as long for that as a write may take, also when
// it asks for a sign of life meanwhile.
func TestAPingOfTheGatewayDoesNotCutAWriteShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		const request, requests = 4 << 10, 100 // more than fits into the network
		var answered atomic.Bool
		badGateway(t, network, func(ws wsConn, id uint64) {
			_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"protocol":"1.2.3"},"id":%d}`, id))
			time.Sleep(time.Second)
			_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
			time.Sleep(5 * time.Second)
			ws.SetPongHandler(func(string) error { answered.Store(true); return nil })
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
			}
		})
		var seen transitions
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.WaitFor(t.Context(), state.Connected); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the hook is told after WaitFor has returned
		before := len(seen.all())
		for range requests {
			go c.Call(t.Context(), "a.b", "do", strings.Repeat("x", request), nil)
			time.Sleep(time.Millisecond) // each is written by itself
		}
		time.Sleep(8 * time.Second)
		if lost := seen.all()[before:]; len(lost) > 0 {
			t.Errorf("the connection is lost: %v", lost[0].Cause)
		}
		if !answered.Load() {
			t.Error("the ping is not answered")
		}
	})
}

func TestAFrozenGatewayIsLeftForTheNextInTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := resgatetest.New(resgatetest.WithNetwork(w.network, "other:8080"), resgatetest.WithService(w.service))
		defer other.Close()
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		var seen transitions
		c := w.connected(conn.WithGateways("ws://other:8080"), conn.WithPing(5*time.Second, 2*time.Second),
			conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		events := read(t, w.subscribe(c, "a.b"))
		events.expect(`a.b sync (first) {"n":1}`)
		first := w.gateway
		if len(first.Connections()) == 0 {
			first = other
		}
		frozen := time.Now()
		w.must(first.Freeze())
		w.await(c, state.Dialing)
		if took := time.Since(frozen); took != 7*time.Second {
			t.Errorf("left the frozen gateway after %v, want interval and timeout", took)
		}
		w.await(c, state.Connected)
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		events.expect(`a.b stale: nothing was heard from the gateway in time`,
			`a.b sync (reconnect) {"n":1}`, `a.b change n=2 (was 1)`)
		w.must(first.Thaw())
	})
}

func TestAFrozenGatewayIsLeftAsSoonByABusyClient(t *testing.T) {
	for _, test := range []struct {
		name   string
		params int // bytes in a call
		every  time.Duration
	}{
		{"that can still write", 100, 100 * time.Millisecond},
		{"whose writes get stuck", 256 << 10, 100 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				c := w.connected(conn.WithPing(5*time.Second, 2*time.Second), conn.WithWriteTimeout(time.Hour))
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				var calls sync.WaitGroup
				defer calls.Wait()
				frozen := time.Now()
				w.must(w.gateway.Freeze())
				calls.Go(func() {
					for params := strings.Repeat("x", test.params); ctx.Err() == nil; time.Sleep(test.every) {
						calls.Go(func() { _ = c.Call(ctx, "a.b", "m", params, nil) })
					}
				})
				w.await(c, state.Dialing)
				if took := time.Since(frozen); took != 7*time.Second {
					t.Errorf("left the frozen gateway after %v, want interval and timeout", took)
				}
				cancel()
				w.must(w.gateway.Thaw())
				c.Close()
			})
		})
	}
}

func TestAThawedGatewayIsNotLeftWhenItAnswersInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected(conn.WithPing(5*time.Second, 5*time.Second))
		w.must(w.gateway.Freeze())
		time.Sleep(8 * time.Second)
		w.must(w.gateway.Thaw())
		time.Sleep(time.Hour)
		if n := c.Stats().Generation; n != 1 {
			t.Errorf("generation %d after an hour, want the first connection", n)
		}
	})
}

func TestAConnectionIdleForHoursStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected()
		time.Sleep(50 * time.Hour)
		if s := c.Stats(); s.Generation != 1 || s.State != state.Connected {
			t.Errorf("after 50 idle hours: %+v", s)
		}
	})
}
