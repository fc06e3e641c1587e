package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func TestShowsTheNewsOfTheServiceAndUnsubscribes(t *testing.T) {
	ns := startNATS(t)
	startService(t, ns.URL())
	gw, err := natstest.New(ns.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gw.Close() })
	t.Log("gateway:", gw.Kind())

	var out bytes.Buffer
	if err := run(t.Context(), &out, config{url: gw.URL(), count: 3, timeout: patience}); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	var frames, meanings strings.Builder
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "meaning") {
			frames.WriteString(line)
			continue
		}
		meanings.WriteString(line)
		if edition := editionOf.FindStringSubmatch(line); edition == nil || !strings.Contains(frames.String(), `"edition":`+edition[1]+",") {
			t.Errorf("it says what a message means before it shows it: %s", line)
		}
	}
	expect(t, frames.String(),
		`sent      \{.*"subscribe\.news\.today"`,
		`received  \{"result":\{"models":\{"news\.today":`,
		`received  \{"event":"news\.today\.change"`,
		`received  \{"event":"news\.today\.change"`,
		`received  \{"event":"news\.today\.change"`,
		`sent      \{.*"unsubscribe\.news\.today"`,
		`received  \{.*"id":\d+\}`)
	rest := expect(t, meanings.String(),
		`meaning   news\.today sync \(first\) \{.*"edition":\d+`,
		`meaning   news\.today change .*edition=\d+ \(was \d+\)`,
		`meaning   news\.today change .*edition=\d+ \(was \d+\)`,
		`meaning   news\.today change .*edition=\d+ \(was \d+\)`)
	if strings.Contains(rest, "meaning") {
		t.Errorf("it shows more than three updates:\n%s", &out)
	}
}

// editionOf finds the edition in what a message means.
var editionOf = regexp.MustCompile(`edition"?[:=](\d+)`)

// expect looks for lines, in this order, and returns what comes after them.
func expect(t *testing.T, text string, lines ...string) (rest string) {
	t.Helper()
	rest = text
	for _, line := range lines {
		at := regexp.MustCompile(`(?m)^` + line).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("no line %q in the rest\n%s\nof\n%s", line, rest, text)
		}
		rest = rest[at[1]:]
	}
	return rest
}

func TestEndsWithoutAnErrorWhenItIsStopped(t *testing.T) {
	gw := resgatetest.New()
	t.Cleanup(func() { gw.Close() })
	if err := gw.Service().SetModel("news.today", map[string]any{"edition": 1}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out := &stopper{when: "meaning", stop: stop}
	if err := run(ctx, out, config{url: gw.URL(), count: 3, timeout: patience}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `unsubscribe.news.today`) {
		t.Errorf("it does not unsubscribe:\n%s", out)
	}
}

func TestEndsWithoutAnErrorWhenItIsStoppedWhileConnecting(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := run(ctx, io.Discard, config{url: nowhere, count: 3, timeout: patience}); err != nil {
		t.Fatal(err)
	}
}

func TestSaysInOneLineThatThereIsNoGateway(t *testing.T) {
	err := run(t.Context(), io.Discard, config{url: nowhere, count: 3, timeout: 100 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want one that wraps %v", err, context.DeadlineExceeded)
	}
	if !strings.HasPrefix(err.Error(), "no gateway within 100ms: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %q, want one line that begins %q", err, "no gateway within 100ms: ")
	}
}

func TestSaysThatThereIsNoService(t *testing.T) {
	gw := resgatetest.New()
	t.Cleanup(func() { gw.Close() })
	err := run(t.Context(), io.Discard, config{url: gw.URL(), count: 3, timeout: patience})
	if !errors.Is(err, res.ErrNotFound) {
		t.Errorf("error is %v, want one that wraps %v", err, res.ErrNotFound)
	}
}

func TestRefusesWhatMakesNoSense(t *testing.T) {
	for _, cfg := range []config{{"ws://localhost", 0, patience}, {"ws://localhost", 3, 0}, {"localhost", 3, patience}} {
		if err := run(t.Context(), io.Discard, cfg); err == nil {
			t.Errorf("no error for %+v", cfg)
		}
	}
	err := run(t.Context(), io.Discard, config{"localhost", 3, patience})
	if !errors.Is(err, conn.ErrInvalidOption) {
		t.Errorf("error is %v, want one that wraps %v", err, conn.ErrInvalidOption)
	}
}

func TestTakesTheGatewayFromTheEnvironment(t *testing.T) {
	t.Setenv("RES_URL", "ws://example.com")
	if got := defaultURL(); got != "ws://example.com" {
		t.Errorf("gateway is %q, want that of RES_URL", got)
	}
	t.Setenv("RES_URL", "")
	if got := defaultURL(); got != "ws://localhost:8080" {
		t.Errorf("gateway is %q, want the usual one", got)
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

// startService builds and runs the example news-service, and returns when it listens.
func startService(t *testing.T, natsURL string) {
	t.Helper()
	closed := make(chan struct{})
	nc, err := nats.Connect(natsURL, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { nc.Close(); <-closed }()
	resets, err := nc.SubscribeSync("system.reset")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}

	binary := filepath.Join(t.TempDir(), "news-service")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../news-service").CombinedOutput(); err != nil {
		t.Fatalf("build news-service: %v\n%s", err, out)
	}
	service := exec.Command(binary, "-nats", natsURL, "-every", "50ms")
	service.Stderr = os.Stderr
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		service.Process.Kill()
		service.Wait()
	})
	if _, err := resets.NextMsg(patience); err != nil {
		t.Fatalf("news-service does not listen: %v", err)
	}
}

// nowhere is a URL where nothing listens: no system gives its port to anybody by itself.
const nowhere = "ws://127.0.0.1:1"

// stopper keeps what is written, and calls stop once that has the word in it.
type stopper struct {
	mu   sync.Mutex
	text strings.Builder
	when string
	stop func()
}

func (s *stopper) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Contains(string(b), s.when) {
		s.stop()
	}
	return s.text.Write(b)
}

func (s *stopper) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
