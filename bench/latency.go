package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// latency measures how long an event takes from the write to the socket until its
// handler has it, at a given rate. It has a gateway of its own, in this process, whose
// events say when they were written: so there is one clock.
func latency(ctx context.Context, c config, f *figures) error {
	g := &paced{config: c}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: g}
	go server.Serve(listener) // until it is closed
	defer server.Close()
	c.url = "ws://" + listener.Addr().String()
	client, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer client.Close()
	l := &latencies{all: make(chan struct{}), waits: make([]time.Duration, 0, c.events), want: c.events}
	if err := subscribe(ctx, client, c.rids(), l.take); err != nil {
		return err
	}
	watch, err := startStopwatch(c)
	if err != nil {
		return err
	}
	if err := client.Call(ctx, controlRID, "start", nil, nil); err != nil {
		return err
	}
	select {
	case <-l.all:
	case <-ctx.Done():
		return fmt.Errorf("not all of %d events came: %w", c.events, ctx.Err())
	}
	if err := watch.stop(f); err != nil {
		return err
	}
	slices.Sort(l.waits)
	at := func(share float64) float64 {
		return float64(l.waits[int(share*float64(len(l.waits)-1))].Microseconds())
	}
	f.Events, f.Rate = c.events, c.rate
	f.P50, f.P99, f.P999 = at(0.5), at(0.99), at(0.999)
	f.Checked = l.odd == 0
	return nil
}

// latencies are what the handlers have seen.
type latencies struct {
	all chan struct{}

	mu    sync.Mutex
	waits []time.Duration
	want  int
	odd   int // events without a time
}

func (l *latencies) take(ev subs.Event) {
	now := time.Now()
	change, ok := ev.(*subs.Change)
	if !ok {
		return
	}
	written, err := strconv.ParseInt(change.Value("at").Text(), 10, 64)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.odd++
	}
	l.waits = append(l.waits, now.Sub(time.Unix(0, written)))
	if len(l.waits) == l.want {
		close(l.all)
	}
}

// paced is a gateway that sends events at a rate.
type paced struct{ config }

func (g *paced) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			return
		}
		q, err := wire.ParseRequest(frame)
		if err != nil {
			return
		}
		result := `{"protocol":"1.2.3"}`
		switch q.Type {
		case wire.TypeSubscribe:
			result = fmt.Sprintf(`{"models":{%q:{"at":0,"name":"a model","on":true}}}`, q.RID)
		case wire.TypeCall:
			result = `{"payload":null}`
		}
		if ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":%s,"id":%d}`, result, q.ID)) != nil {
			return
		}
		if q.Type == wire.TypeCall {
			g.send(ws)
		}
	}
}

// send sends the events, each in a write of its own. What is due is sent every
// millisecond: timers are no finer.
func (g *paced) send(ws *websocket.Conn) {
	began := time.Now()
	for sent := 0; sent < g.events; time.Sleep(time.Millisecond) {
		for due := min(g.events, int(time.Since(began).Seconds()*float64(g.rate))); sent < due; sent++ {
			i := sent % g.models
			event := fmt.Appendf(nil, `{"event":"%s.change","data":{"values":{"at":%d}}}`, rid(g.class(i), i), time.Now().UnixNano())
			if ws.WriteMessage(websocket.TextMessage, event) != nil {
				return
			}
		}
	}
}

// clients measures what a client takes, of many in one process, each with a subscription.
func clients(ctx context.Context, c config, f *figures) error {
	before := settled()
	all := make([]*conn.Client, 0, c.models)
	defer func() {
		for _, client := range all {
			client.Close()
		}
	}()
	began := time.Now()
	for i := range c.models {
		client, err := dial(ctx, c)
		if err != nil {
			return err
		}
		all = append(all, client)
		if err := subscribe(ctx, client, []string{rid(smallModel, i)}, func(subs.Event) {}); err != nil {
			return err
		}
	}
	f.Seconds = time.Since(began).Seconds()
	after := settled()
	f.HeapPerModel = (after.heap - before.heap) / float64(c.models)
	f.RSSPerModel = (after.rss - before.rss) * (1 << 20) / float64(c.models)
	for i, client := range all {
		sum, err := check(ctx, client, []string{rid(smallModel, i)})
		if err != nil || sum != 0 {
			return fmt.Errorf("client %d has %d: %w", i, sum, err)
		}
	}
	f.Checked = true
	return nil
}
