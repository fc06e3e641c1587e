package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func TestServesWhatItHasWhileTheGatewayIsAwayAndCatchesUp(t *testing.T) {
	gateway := resgatetest.New()
	t.Cleanup(func() { gateway.Close() })
	publisher := gateway.Service()
	publish := func(edition int) {
		must(t, publisher.SetModel(resource, map[string]any{"edition": edition, "message": "…"}))
	}
	publish(1)
	proxy, err := faultproxy.Start(gateway.URL())
	must(t, err)
	t.Cleanup(func() { proxy.Close() })
	s := start(t, proxy.URL())
	s.until("/readyz", 200, "in sync")
	s.until("/news", 200, `"edition":1`)

	// The gateway dies while it writes an event: nobody gets back to it before it is dead.
	cut := proxy.CutMidFrame(faultproxy.FromGateway)
	proxy.Refuse()
	publish(2)
	<-cut
	must(t, gateway.Kill())
	must(t, proxy.Heal())
	publish(3)
	s.until("/readyz", 503, "not in sync")
	s.until("/news", 200, `"edition":1`) // what it had
	s.until("/news", 200, `"stale":true`)
	s.until("/healthz", 200, "dialing") // a restart would help nobody
	s.until("/stats", 200, `"State":"dialing"`)

	must(t, gateway.Restart())
	s.until("/readyz", 200, "in sync")
	s.until("/news", 200, `"edition":3`)
	s.until("/news", 200, `"stale":false`)
	publish(4)
	s.until("/news", 200, `"edition":4`)
	if err := s.end(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}

func TestStartsBeforeTheGatewayAndTheService(t *testing.T) {
	gateway := resgatetest.New()
	t.Cleanup(func() { gateway.Close() })
	must(t, gateway.Stop())
	s := start(t, gateway.URL())
	s.until("/readyz", 503, "not in sync")
	s.until("/news", 503, "no news yet")
	s.until("/healthz", 200, "dialing")

	must(t, gateway.Restart()) // but nobody serves news.today
	s.until("/readyz", 503, "no news")
	must(t, gateway.Service().SetModel(resource, map[string]any{"edition": 7, "message": "…"}))
	s.until("/readyz", 200, "in sync")
	s.until("/news", 200, `"edition":7`)
	if err := s.end(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}

func TestIsNotReadyWhileItDoesNotUnderstandTheNews(t *testing.T) {
	gateway := newsGateway(t)
	s := start(t, gateway.URL())
	s.until("/readyz", 200, "in sync")
	must(t, gateway.Service().Change(resource, map[string]any{"edition": "second"}))
	s.until("/readyz", 503, "none that are up to date")
	s.until("/news", 200, `"edition":1`)
	must(t, gateway.Service().Change(resource, map[string]any{"edition": 2}))
	s.until("/news", 200, `"edition":2`)
	if err := s.end(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}

func TestPublishesByACall(t *testing.T) {
	gateway := newsGateway(t)
	must(t, gateway.Service().HandleCall(resource, "publish", func(r *resgatetest.Request) (any, error) {
		var params struct{ Message string }
		if err := r.ParseParams(&params); err != nil {
			return nil, err
		}
		if params.Message == "" {
			return nil, res.ErrInvalidParams
		}
		return map[string]any{"length": len(params.Message)}, nil
	}))
	s := start(t, gateway.URL())
	s.until("/readyz", 200, "in sync")
	for _, test := range []struct {
		body, want string
		status     int
	}{
		{`{"message":"Snow"}`, `{"length":4}`, http.StatusOK},
		{`{"message":""}`, "Invalid parameters", http.StatusBadRequest},
		{`{"message":`, "unexpected EOF", http.StatusBadRequest},
	} {
		status, text := s.post("/news", test.body)
		if status != test.status || !strings.Contains(text, test.want) {
			t.Errorf("POST %s is answered with %d %q, want %d and %q", test.body, status, text, test.status, test.want)
		}
	}
	if err := s.end(); err != nil {
		t.Errorf("the service ended with %v", err)
	}
}

func TestSaysInHTTPWhatACallHasComeTo(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
	}{
		{res.ErrAccessDenied, http.StatusForbidden},
		{res.ErrMethodNotFound, http.StatusNotFound},
		{conn.ErrNotConnected, http.StatusServiceUnavailable},
		{conn.ErrShuttingDown, http.StatusServiceUnavailable},
		{conn.ErrConnectionLost, http.StatusBadGateway},
		{conn.ErrNoAnswer, http.StatusBadGateway},
	} {
		if got := statusOf(test.err); got != test.status {
			t.Errorf("%v becomes %d, want %d", test.err, got, test.status)
		}
	}
}

func TestEndsWithAnErrorWhenItCannotServe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	quiet := slog.New(slog.DiscardHandler)
	cfg := config{gateways: []string{"ws://127.0.0.1:1"}, listen: taken.Addr().String(), shutdown: patience}
	if err := run(t.Context(), cfg, quiet); err == nil || !strings.HasPrefix(err.Error(), "listen: ") {
		t.Errorf("on an address that is taken it ends with %v", err)
	}
	cfg = config{gateways: []string{"http://127.0.0.1:1"}, listen: "127.0.0.1:0", shutdown: patience}
	if err := run(t.Context(), cfg, quiet); !errors.Is(err, conn.ErrInvalidOption) {
		t.Errorf("with a URL that is no gateway's it ends with %v, want %v", err, conn.ErrInvalidOption)
	}
}

// newsGateway is a gateway with the first edition of the news.
func newsGateway(t *testing.T) *resgatetest.Server {
	t.Helper()
	gateway := resgatetest.New()
	t.Cleanup(func() { gateway.Close() })
	must(t, gateway.Service().SetModel(resource, map[string]any{"edition": 1, "message": "Rain expected"}))
	return gateway
}

// running is a service in this process.
type running struct {
	t     *testing.T
	base  string
	stop  context.CancelFunc
	ended chan error
}

// start runs a service, and returns when it listens.
func start(t *testing.T, gateway string) *running {
	t.Helper()
	r, w := io.Pipe()
	log := slog.New(slog.NewJSONHandler(w, nil))
	ctx, stop := context.WithCancel(t.Context())
	s := &running{t: t, stop: stop, ended: make(chan error, 1)}
	go func() {
		s.ended <- run(ctx, config{gateways: []string{gateway}, listen: "127.0.0.1:0", shutdown: patience}, log)
		w.Close()
	}()
	addresses := make(chan string, 1)
	go readLog(r, func(line logLine) {
		if line.Msg == "serving" {
			addresses <- line.Address
		}
	})
	t.Cleanup(stop)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	select {
	case address := <-addresses:
		s.base = "http://" + address
	case err := <-s.ended:
		t.Fatalf("the service does not start: %v", err)
	}
	return s
}

// end stops the service, and returns its error.
func (s *running) end() error {
	s.stop()
	return <-s.ended
}

// until asks until there is the answer.
func (s *running) until(path string, status int, text string) {
	s.t.Helper()
	untilAnswer(s.t, s.base+path, status, text)
}

func (s *running) post(path, body string) (int, string) {
	s.t.Helper()
	response, err := http.Post(s.base+path, "application/json", strings.NewReader(body))
	must(s.t, err)
	return read(s.t, response)
}

// untilAnswer asks a URL until it gives an answer, and tells the last one if it does not.
func untilAnswer(t *testing.T, url string, status int, text string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		response, err := http.Get(url)
		must(t, err)
		gotStatus, got := read(t, response)
		if gotStatus == status && strings.Contains(got, text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s answers %d %q, want %d and %q", url, gotStatus, got, status, text)
		}
	}
}

func read(t *testing.T, response *http.Response) (int, string) {
	t.Helper()
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(text)
}

// logLine is what the tests look for in a log.
type logLine struct {
	Level, Msg, Address, Cause, Reason string
}

// readLog reads a log as JSON until it ends.
func readLog(from io.Reader, f func(logLine)) error {
	for lines := json.NewDecoder(from); ; {
		var line logLine
		if err := lines.Decode(&line); err != nil {
			return err
		}
		f(line)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
