package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFollowsTheNewsThroughAnOutage(t *testing.T) {
	gateway := resgatetest.New()
	t.Cleanup(func() { gateway.Close() })
	news := gateway.Service()
	must(t, news.SetModel("news.today", map[string]any{"message": "Rain expected"}))
	lines := captureStdout(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- follow(ctx, gateway.URL()) }()

	expect(t, lines, `all:  {"message":"Rain expected"}`)
	must(t, news.Change("news.today", map[string]any{"message": "Sun after all"}))
	expect(t, lines, "now:  Sun after all before: Rain expected")
	must(t, gateway.Kill())
	expect(t, lines, "away: ")
	must(t, news.Change("news.today", map[string]any{"message": "Snow"}))
	must(t, gateway.Restart())
	expect(t, lines, "now:  Snow before: Sun after all")
	expect(t, lines, `all:  {"message":"Snow"}`)
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("follow returned %v, want the error of its context", err)
	}
}

// captureStdout returns what is printed until the end of the test, by lines.
func captureStdout(t *testing.T) *bufio.Scanner {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	stdout := os.Stdout
	os.Stdout = w
	t.Cleanup(func() {
		os.Stdout = stdout
		w.Close()
		r.Close()
	})
	return bufio.NewScanner(r)
}

// expect reads a line that begins with want.
func expect(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() {
		t.Fatalf("the output ended, want a line %q: %v", want, lines.Err())
	}
	if !strings.HasPrefix(lines.Text(), want) {
		t.Fatalf("printed %q, want %q", lines.Text(), want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
