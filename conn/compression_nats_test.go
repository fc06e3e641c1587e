package conn_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// Messages are compressed, both ways, if client and gateway are for it, and a feed is the
// same however they are sent. In contrast to TestCompressionIsOffered the gateway may be a
// real one, which spreads a large message over several frames.
func TestAFeedIsTheSameCompressedOrNot(t *testing.T) {
	for _, test := range []struct {
		name            string
		gateway, client bool
	}{{"both", true, true}, {"only the client", false, true}, {"only the gateway", true, false}, {"neither", false, false}} {
		t.Run(test.name, func(t *testing.T) {
			var gatewayOpts []natstest.Option
			if test.gateway {
				gatewayOpts = append(gatewayOpts, natstest.WithCompression())
			}
			network := &counting{dial: new(net.Dialer).DialContext}
			clientOpts := []conn.Option{conn.WithNetDial(network.connect)}
			if test.client {
				clientOpts = append(clientOpts, conn.WithCompression())
			}
			sendLongTexts(t, newNATSWorld(t, gatewayOpts...), clientOpts)

			compressed := test.gateway && test.client
			if n := network.bytes.Load(); n < int64(len(longText)) != compressed {
				t.Errorf("%d bytes were read for three texts of %d", n, len(longText))
			}
			if n := network.written.Load(); n < int64(len(longText)) != compressed {
				t.Errorf("%d bytes were written for a text of %d", n, len(longText))
			}
		})
	}
}

var longText = strings.Repeat("again and again ", 20_000)

// sendLongTexts has a client read a long text when it subscribes, with an event, and after a
// reconnect, and write one with a call.
func sendLongTexts(t *testing.T, w *natsWorld, opts []conn.Option) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.service.SetModel("a.b", map[string]any{"n": 1, "text": longText}))
	must(w.service.HandleCall("a.b", "length", func(r *resgatetest.Request) (any, error) { return len(r.Params), nil }))
	w.serve()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := conn.Dial(ctx, w.gateway.URL(), opts...)
	must(err)
	defer c.Close()
	s, err := c.Subscribe(ctx, "a.b")
	must(err)
	events := read(t, s)
	expect := func(want string) {
		t.Helper()
		ev, _ := events.next()
		if got := strings.ReplaceAll(ev.String(), longText, "…"); !strings.HasPrefix(got, want) {
			t.Fatalf("got event  %.200s\nwant event %s", got, want)
		}
	}
	expect(`a.b sync (first) {"n":1,"text":"…"}`)
	must(w.service.Change("a.b", map[string]any{"n": 2}))
	expect(`a.b change n=2 (was 1)`)
	must(w.service.Change("a.b", map[string]any{"text": longText + "!"}))
	expect(`a.b change text="…!" (was "…")`)
	var length int
	must(c.Call(ctx, "a.b", "length", longText, &length))
	if want := len(longText) + len(`""`); length != want {
		t.Errorf("the service was sent %d bytes of params, want %d", length, want)
	}
	must(w.gateway.Kill())
	must(w.gateway.Restart())
	expect(`a.b stale`)
	expect(`a.b sync (reconnect) {"n":2,"text":"…!"}`)
}
