package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func TestServesNewsAsAGatewayWouldAskForThem(t *testing.T) {
	ns := startNATS(t)
	nc := connect(t, ns.URL())
	changes := listen(t, nc, "event.news.today.change")
	reset := start(t, ns.URL(), 20*time.Millisecond)
	if got, want := string(reset.Data), `{"access":["news.today"],"resources":["news.today"]}`; got != want {
		t.Errorf("system.reset is %s, want %s", got, want)
	}

	// The reset comes when the service listens: these answers must come.
	access := request(t, nc, "access.news.today")
	if got, want := string(access), `{"result":{"get":true}}`; got != want {
		t.Errorf("answer to access is %s, want %s", got, want)
	}
	var got struct{ Result struct{ Model news } }
	decode(t, request(t, nc, "get.news.today"), &got)
	if got.Result.Model.Edition < 1 || got.Result.Model.Message == "" || got.Result.Model.At.IsZero() {
		t.Errorf("answer to get holds %+v, want every member set", got.Result.Model)
	}

	for want := 2; want <= 4; want++ {
		var change struct{ Values news }
		decode(t, next(t, changes).Data, &change)
		if change.Values.Edition != want {
			t.Errorf("change event brings edition %d, want %d", change.Values.Edition, want)
		}
	}
}

func TestNewsReachTheClientsOfAGateway(t *testing.T) {
	ns := startNATS(t)
	start(t, ns.URL(), 20*time.Millisecond)
	gateway, err := natstest.New(ns.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	t.Logf("gateway: %s", gateway.Kind())
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), gateway.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()

	subscribe := `{"id":1,"method":"subscribe.news.today"}`
	if err := ws.WriteMessage(websocket.TextMessage, []byte(subscribe)); err != nil {
		t.Fatal(err)
	}
	var response struct {
		Result struct{ Models map[string]news }
	}
	read(t, ws, &response)
	last := response.Result.Models["news.today"].Edition
	for range 3 {
		var event struct {
			Event string
			Data  struct{ Values news }
		}
		read(t, ws, &event)
		if event.Event != "news.today.change" || event.Data.Values.Edition != last+1 {
			t.Fatalf("client got %+v, want edition %d", event, last+1)
		}
		last++
	}
}

func TestIsBackAfterARestartOfNATS(t *testing.T) {
	ns := startNATS(t)
	start(t, ns.URL(), time.Hour)
	ns.Shutdown()
	if err := ns.Restart(); err != nil {
		t.Fatal(err)
	}

	nc := connect(t, ns.URL())
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); ; {
		_, err := nc.Request("get.news.today", []byte("{}"), patience)
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-end:
			t.Fatalf("no answer to get after NATS was restarted: %v", err)
		}
	}
}

func TestFailsWithoutNATSAndKeepsItsSecrets(t *testing.T) {
	ns := startNATS(t)
	ns.Shutdown()
	natsURL := strings.Replace(ns.URL(), "nats://", "nats://user:secret@", 1)
	err := run(t.Context(), slog.New(slog.DiscardHandler), natsURL, time.Second)
	if !errors.Is(err, nats.ErrNoServers) {
		t.Errorf("run returned %v, want %v", err, nats.ErrNoServers)
	}
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Errorf("error %q holds the password", err)
	}
}

func TestFailsWithoutTimeBetweenEditions(t *testing.T) {
	if err := run(t.Context(), slog.New(slog.DiscardHandler), nats.DefaultURL, 0); err == nil {
		t.Error("run returned no error, but editions cannot come every 0 s")
	}
}

func TestLogIsPlainInAFile(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	f, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	newLogger(f).Info("hello", "key", "value")
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(got), "\x1b") {
		t.Errorf("log %q holds an escape sequence, want plain text", got)
	}
}

func startNATS(t *testing.T) *natstest.Server {
	t.Helper()
	ns, err := natstest.StartNATS()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ns.Shutdown)
	return ns
}

// start runs the service until the end of the test, where it must stop
// without an error. It returns the system.reset with which the service says
// that it listens.
func start(t *testing.T, natsURL string, every time.Duration) (reset *nats.Msg) {
	t.Helper()
	resets := listen(t, connect(t, natsURL), "system.reset")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, slog.New(slog.DiscardHandler), natsURL, every) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("run returned %v after its context ended, want nil", err)
		}
	})
	return next(t, resets)
}

func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect(url, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close(); <-closed })
	return nc
}

func listen(t *testing.T, nc *nats.Conn, subject string) *nats.Subscription {
	t.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	return sub
}

func next(t *testing.T, sub *nats.Subscription) *nats.Msg {
	t.Helper()
	m, err := sub.NextMsg(patience)
	if err != nil {
		t.Fatalf("no message on %q: %v", sub.Subject, err)
	}
	return m
}

func request(t *testing.T, nc *nats.Conn, subject string) []byte {
	t.Helper()
	m, err := nc.Request(subject, []byte("{}"), patience)
	if err != nil {
		t.Fatalf("no answer on %q: %v", subject, err)
	}
	return m.Data
}

func read(t *testing.T, ws *websocket.Conn, dst any) {
	t.Helper()
	if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, frame, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	decode(t, frame, dst)
}

func decode(t *testing.T, data []byte, dst any) {
	t.Helper()
	if err := json.Unmarshal(data, dst); err != nil {
		t.Fatalf("decode %s: %v", data, err)
	}
}
