package conn_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// BenchmarkEvent measures an event that comes alone: from the write to the socket until its
// handler has it. All allocations are the client's, one of them the WebSocket library's.
func BenchmarkEvent(b *testing.B) {
	next := eventsAlone(b)
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

// Nothing that is made once for many events is made for one that comes alone.
func TestAnEventThatComesAloneIsAllocatedAsOneOfMany(t *testing.T) {
	next := eventsAlone(t)
	const events, each = 500, 3 // the event, the model's new content, and one of the WebSocket library
	fewest := uint64(math.MaxUint64)
	for range 10 { // whatever is left of other tests may need something, too, but not each time
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range events {
			next()
		}
		runtime.ReadMemStats(&after)
		fewest = min(fewest, after.Mallocs-before.Mallocs)
	}
	if fewest > events*each+events/2 {
		t.Errorf("%d events took %d allocations at least, want %d each", events, fewest, each)
	}
}

// eventsAlone returns a function that has a gateway write an event, and returns when the
// handler has it.
func eventsAlone(tb testing.TB) (next func()) {
	tb.Helper()
	ctx := context.Background()
	opened := make(chan net.Conn, 1)
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		opened <- ws.NetConn()
		answerAll(tb, ws, func(r wire.Request) []byte {
			if r.Type == wire.TypeSubscribe {
				return fmt.Appendf(nil, `{"result":{"models":{%q:{"n":0,"name":"something"}}},"id":%d}`, r.RID, r.ID)
			}
			return fmt.Appendf(nil, `{"result":{"protocol":%q},"id":%d}`, wire.Protocol, r.ID)
		})
	}))
	tb.Cleanup(gateway.Close)
	c, err := conn.Dial(ctx, "ws"+strings.TrimPrefix(gateway.URL, "http"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	heard := make(chan struct{}, 1)
	_, err = c.Subscribe(ctx, "a.b", conn.WithHandler(func(ev subs.Event) {
		if change, is := ev.(*subs.Change); is && change.Len() == 1 {
			heard <- struct{}{}
		}
	}))
	if err != nil {
		tb.Fatal(err)
	}
	socket := <-opened
	n := 0
	var frames [2][]byte
	for i := range frames {
		text := fmt.Sprintf(`{"event":"a.b.change","data":{"values":{"n":%d}}}`, i+1)
		frames[i] = append([]byte{0x81, byte(len(text))}, text...)
	}
	return func() {
		n++
		if _, err := socket.Write(frames[n%2]); err != nil {
			tb.Fatal(err)
		}
		<-heard
	}
}
