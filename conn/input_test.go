package conn_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/wire"
)

func TestBadURLsAndOptionsAreRefusedByName(t *testing.T) {
	for _, test := range []struct {
		url    string
		option conn.Option
		want   string
	}{
		{"http://localhost:8080", nil, "neither ws"},
		{"localhost:8080", nil, "localhost:8080"},
		{"", nil, `""`},
		{"ws://", nil, "no host"},
		{"ws://h:port", nil, "ws://h:port"},
		{"ws://a b", nil, "ws://a b"},
		{"ws://h/#part", nil, "fragment"},
		{"ws://h", conn.WithGateways("ftp://x"), "ftp"},
		{"ws://h", conn.WithLogger(nil), "WithLogger"},
		{"ws://h", conn.WithBackOff(nil), "WithBackOff"},
		{"ws://h", conn.WithRetryBackOff(nil), "WithRetryBackOff"},
		{"ws://h", conn.WithMaxDelay(-1), "WithMaxDelay: -1ns"},
		{"ws://h", conn.WithStableAfter(0), "WithStableAfter"},
		{"ws://h", conn.WithDialTimeout(0), "WithDialTimeout"},
		{"ws://h", conn.WithHandshakeTimeout(-1), "WithHandshakeTimeout"},
		{"ws://h", conn.WithVersionTimeout(0), "WithVersionTimeout"},
		{"ws://h", conn.WithAuthTimeout(0), "WithAuthTimeout"},
		{"ws://h", conn.WithRequestTimeout(-time.Second), "WithRequestTimeout: -1s"},
		{"ws://h", conn.WithWriteTimeout(0), "WithWriteTimeout"},
		{"ws://h", conn.WithPing(0, time.Second), "WithPing"},
		{"ws://h", conn.WithReplayWindow(0), "WithReplayWindow: 0"},
		{"ws://h", conn.WithProbeInterval(-1), "WithProbeInterval: -1ns"},
		{"ws://h", conn.WithProbeInterval(time.Second - 1), "WithProbeInterval"},
		{"ws://h", conn.WithProbeInterval(25 * time.Hour), "WithProbeInterval: 25h"},
		{"ws://h", conn.WithExpansionDepth(-1), "WithExpansionDepth: -1"},
		{"ws://h", conn.WithReplayRate(0), "WithReplayRate: 0"},
		{"ws://h", conn.WithReplayJitter(0), "WithReplayJitter"},
		{"ws://h", conn.WithOfflineQueue(-1), "WithOfflineQueue"},
		{"ws://h", conn.WithReadLimit(10), "WithReadLimit: 10"},
		{"ws://h", conn.WithReadBuffer(10), "WithReadBuffer: 10"},
		{"ws://h", conn.WithQueueLimits(0, 1), "WithQueueLimits"},
		{"ws://h", conn.WithTLSConfig(nil), "WithTLSConfig"},
		{"ws://h", conn.WithNetDial(nil), "WithNetDial"},
		{"ws://h", conn.WithCookieJar(nil), "WithCookieJar"},
		{"ws://h", conn.WithType[int]("a..b"), "WithType"},
	} {
		opts := []conn.Option{}
		if test.option != nil {
			opts = append(opts, test.option)
		}
		c, err := conn.New(test.url, opts...)
		if err == nil {
			c.Close()
			t.Errorf("%q: no error", test.url)
			continue
		}
		if !errors.Is(err, conn.ErrInvalidOption) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %q, want ErrInvalidOption and %q", test.url, err, test.want)
		}
	}
}

func TestAnErrorAboutAURLKeepsItsSecrets(t *testing.T) {
	for _, url := range []string{
		"http://u:hunter2@h/", "ws://u:hunter2@h:port", "ws://u:hunter2@ h", "wss://h/?q=hunter2#f", "ws://u:hunter2@/",
		"u:hunter2@h:8080", "hunter2:p@h:8080", "//u:hunter2@h", "ws:u:hunter2@h", // no scheme, or not all of it
		"ws://u:hunter2/x@h", "ws://u:hunter2?x@h", "ws://u:hunter2#x@h", "ws://u:hunter2[x@h", "ws://u:%hunter2@h", // not escaped
		"ws://u:1/hunter2@h", "ws://h/?q=1@hunter2#f", "ws://h/?q=1#hunter2", "ws://h:port?q=hunter2",
	} {
		if c, err := conn.New(url); err == nil {
			c.Close()
			t.Errorf("%q: no error", url)
		} else if strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "gateway URL") {
			t.Errorf("%q: the error repeats the secret, or does not say that it is about a URL: %v", url, err)
		}
	}
}

func TestBadResourceIDsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connected()
		ctx := context.Background()
		before := w.gateway.Requests()
		for _, rid := range []string{"", "a..b", ".a", "a.", "a.*", "a.>", "a b", "a\tb", "ä", strings.Repeat("x", 4001)} {
			_, subscribeErr := c.Subscribe(ctx, rid)
			_, getErr := c.Get(ctx, rid)
			for name, err := range map[string]error{"Subscribe": subscribeErr, "Get": getErr,
				"Call": c.Call(ctx, rid, "m", nil, nil), "Auth": c.Auth(ctx, rid, "m", nil, nil)} {
				if !errors.Is(err, res.ErrInvalidRID) {
					t.Errorf("%s %.20q: %v, want ErrInvalidRID", name, rid, err)
				}
			}
		}
		if err := c.Call(ctx, "a.b", "no method", nil, nil); err == nil || !strings.Contains(err.Error(), "no method") {
			t.Errorf("a bad method gives %v", err)
		}
		if err := c.Call(ctx, "a.b", "m", func() {}, nil); err == nil {
			t.Error("params that cannot be marshalled are no error")
		}
		synctest.Wait()
		if after := w.gateway.Requests(); fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("something was sent: %v, before %v", after, before)
		}
	})
}

// hostileGateway is one that a test writes the frames of. It answers version and
// subscribe requests by itself: with {"n":1}, or [] for what is called a list.
func hostileGateway(t *testing.T, hostile func(ws wsConn)) *conn.Client {
	t.Helper()
	network := resgatetest.NewNetwork()
	badGateway(t, network, func(ws wsConn, id uint64) {
		_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":{"protocol":"1.2.3"},"id":%d}`, id))
		answerAll(t, ws, func(r wire.Request) []byte {
			if r.Type != wire.TypeSubscribe {
				return fmt.Appendf(nil, `{"id":%d}`, r.ID)
			}
			if r.RID == "go" {
				hostile(ws)
			}
			member, content := "models", `{"n":1}`
			if strings.Contains(r.RID, "list") {
				member, content = "collections", `["a"]`
			}
			return fmt.Appendf(nil, `{"result":{%q:{%q:%s}},"id":%d}`, member, r.RID, content, r.ID)
		})
	})
	c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithReadLimit(10_000))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.WaitFor(context.Background(), state.Connected); err != nil {
		t.Fatal(err)
	}
	return c
}

func send(frames ...string) func(wsConn) {
	return func(ws wsConn) {
		for _, f := range frames {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(f))
		}
	}
}

func TestJSONThatIsNoMessageLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := hostileGateway(t, send(
			`"text"`, `7`, `[]`, `{}`, `{"id":"x"}`, `{"event":""}`, `{"event":5}`,
			`{"result":{},"id":99999}`, `{"result":{},"id":0}`,
			`{"event":"unknown.thing.change","data":{"values":{"n":1}}}`,
			`{"event":"a.b.change","data":{"values":{"n":2}}}`,
		))
		s, err := c.Subscribe(context.Background(), "a.b")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Subscribe(context.Background(), "go"); err != nil {
			t.Fatal(err)
		}
		read(t, s).expect(`a.b sync (first) {"n":1}`, `a.b change n=2 (was 1)`)
		stats := c.Stats()
		if stats.Generation != 1 || stats.BadFrames != 8 || stats.UnknownEvents != 1 {
			t.Errorf("got %+v, want 8 bad frames and 1 unknown event on the first connection", stats)
		}
	})
}

func TestAnIndexOutOfRangeLeadsToAResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := hostileGateway(t, send(`{"event":"list.remove","data":{"idx":7}}`))
		list, err := c.Subscribe(context.Background(), "list")
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.Subscribe(context.Background(), "a.b")
		if err != nil {
			t.Fatal(err)
		}
		go c.Subscribe(context.Background(), "go")
		events := read(t, list)
		events.expect(`list sync (first) ["a"]`,
			`list stale: "list": remove at index 7 of 1: the local copy does not fit what the gateway sends`,
			`list sync (reconnect) ["a"]`)
		read(t, other).expect(`a.b sync (first) {"n":1}`,
			`a.b stale: the local copy does not fit what the gateway sends`,
			`a.b sync (reconnect) {"n":1}`)
		if s := c.Stats(); s.Resyncs < 1 || s.Inconsistencies < 1 {
			t.Errorf("not counted: %+v", s)
		}
	})
}

func TestAMessageOverTheReadLimitEndsOnlyItsSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := hostileGateway(t, send(`{"event":"big.change","data":{"values":{"n":"`+strings.Repeat("x", 20_000)+`"}}}`))
		big, err := c.Subscribe(context.Background(), "big")
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.Subscribe(context.Background(), "a.b")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		go c.Subscribe(ctx, "go")
		<-big.Done()
		for range big.Events(context.Background()) {
		}
		if !errors.Is(big.Err(), conn.ErrTooLarge) {
			t.Errorf("ended with %v, want ErrTooLarge", big.Err())
		}
		events := read(t, other)
		events.expect(`a.b sync (first) {"n":1}`)
		events.expect(`a.b stale: read: message larger than the read limit`, `a.b sync (reconnect) {"n":1}`)
	})
}

func TestAnEventOverTheReadLimitEndsWhatLeadsToItsResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("child", map[string]any{"n": 1}))
		w.must(w.service.SetModel("parent", map[string]any{"child": res.Ref("child")}))
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected(conn.WithReadLimit(1024))
		parent, other := w.subscribe(c, "parent"), w.subscribe(c, "a.b")
		w.must(w.service.Event("child", "dump", strings.Repeat("x", 20_000)))
		<-parent.Done()
		for range parent.Events(context.Background()) {
		}
		if !errors.Is(parent.Err(), conn.ErrTooLarge) || !strings.Contains(parent.Err().Error(), "child") {
			t.Errorf("ended with %v, want ErrTooLarge and the child", parent.Err())
		}
		w.must(c.WaitInSync(context.Background()))
		w.must(w.service.Event("child", "dump", strings.Repeat("x", 20_000)))
		w.must(w.service.Change("a.b", map[string]any{"n": 2}))
		read(t, other).expect(`a.b sync (first) {"n":1}`, `a.b stale: read: message larger than the read limit`,
			`a.b sync (reconnect) {"n":1}`, `a.b change n=2 (was 1)`)
		if g := c.Stats().Generation; g != 2 {
			t.Errorf("generation %d: there must be one reconnect", g)
		}
	})
}
