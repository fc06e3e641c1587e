package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// BenchmarkReconnect measures a reconnect of 10,000 subscriptions: until every handler has
// heard that it is in sync again. The gateway takes hardly any memory, so it is the client's.
func BenchmarkReconnect(b *testing.B) {
	const n = 10_000
	again := reconnecting(b, n)
	b.ReportAllocs()
	for b.Loop() {
		again()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/subscription")
}

// A reconnect makes two events for each subscription, what brings them to a handler, and
// what the WebSocket library takes; what it reads and writes in was there before.
func TestAReconnectIsInTheRoomOfTheLastConnection(t *testing.T) {
	const n, each = 2_000, 380 // bytes, of a subscription
	again := reconnecting(t, n)
	fewest := uint64(math.MaxUint64)
	for range 10 { // whatever is left of other tests may need something, too, but not each time
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		again()
		runtime.ReadMemStats(&after)
		fewest = min(fewest, after.TotalAlloc-before.TotalAlloc)
	}
	if fewest > n*each {
		t.Errorf("a reconnect of %d subscriptions takes %d bytes at least, which is %d of each; want %d", n, fewest, fewest/n, each)
	}
}

// reconnecting returns a function that has a client with so many subscriptions reconnect, and
// returns when all are in sync again.
func reconnecting(tb testing.TB, subscriptions int) (again func()) {
	tb.Helper()
	gateway := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(rw, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		_ = answerInPlace(ws.NetConn()) // which ends with the connection
	}))
	tb.Cleanup(gateway.Close)
	ctx := context.Background()
	c, err := conn.Dial(ctx, "ws"+strings.TrimPrefix(gateway.URL, "http"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	var left atomic.Int64
	back := make(chan struct{}, 1)
	for i := range subscriptions {
		_, err := c.Subscribe(ctx, "m."+strconv.Itoa(i), conn.WithHandler(func(ev subs.Event) {
			if sync, is := ev.(*subs.Sync); is && sync.Reason == subs.SyncReconnect && left.Add(-1) == 0 {
				back <- struct{}{}
			}
		}))
		if err != nil {
			tb.Fatal(err)
		}
	}
	again = func() {
		left.Store(int64(subscriptions))
		c.Reconnect()
		<-back
	}
	again() // so that there is room
	return again
}

// answerInPlace answers version and subscribe requests, the latter each with a small model, in
// room that it uses again, until the connection ends.
func answerInPlace(c net.Conn) error {
	const room = 32 << 10
	var request []byte
	r, answers := bufio.NewReader(c), make([]byte, 0, room)
	for {
		if r.Buffered() == 0 || len(answers) > room/2 {
			if _, err := c.Write(answers); err != nil {
				return err
			}
			answers = answers[:0]
		}
		var err error
		if request, err = readShort(r, request); err != nil {
			return err
		}
		id, rest := between(request, `"id":`, `,`)
		rid, _ := between(rest, `"subscribe.`, `"`)
		begin := len(answers)
		answers = append(answers, 0x81, 0) // a text whose length follows
		if len(rid) == 0 {
			answers = append(answers, `{"result":{"protocol":"`+wire.Protocol+`"}`...)
		} else {
			answers = append(append(answers, `{"result":{"models":{"`...), rid...)
			answers = append(answers, `":{"n":1,"name":"something"}}}`...)
		}
		answers = append(append(append(answers, `,"id":`...), id...), '}')
		answers[begin+1] = byte(len(answers) - begin - 2)
	}
}

// readShort reads a masked frame that is not longer than 125 bytes (RFC 6455, section 5.2).
func readShort(r *bufio.Reader, room []byte) (payload []byte, err error) {
	head, err := r.Peek(6)
	if err != nil {
		return room, err
	}
	if head[0] != 0x81 {
		return room, io.EOF // which says that this is the last
	}
	size, mask := int(head[1]&0x7f), binary.BigEndian.Uint32(head[2:])
	_, _ = r.Discard(len(head))
	text, err := r.Peek(size)
	if err != nil {
		return room, err
	}
	payload = room[:0]
	for i, b := range text {
		payload = append(payload, b^byte(mask>>(24-8*(i%4))))
	}
	_, err = r.Discard(size)
	return payload, err
}

// between returns what is between two texts, and what comes after.
func between(text []byte, begin, end string) (found, rest []byte) {
	_, rest, _ = bytes.Cut(text, []byte(begin))
	found, rest, _ = bytes.Cut(rest, []byte(end))
	return found, rest
}
