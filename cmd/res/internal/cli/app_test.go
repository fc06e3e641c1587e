package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs res against a gateway that has the model news.today.
func run(t *testing.T, ctx context.Context, change func(*app), args ...string) (status int, stdout, stderr string) {
	t.Helper()
	srv := resgatetest.New()
	t.Cleanup(func() { srv.Close() })
	if err := srv.Service().SetModel("news.today", map[string]any{"message": "Rain\x1b[2J"}); err != nil {
		t.Fatal(err)
	}
	var out, err bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &err}
	change(a)
	status = a.run(ctx, append(args, "--url", srv.URL()))
	return status, out.String(), err.String()
}

func TestAnInterruptEndsAWatchWithStatus130(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	status, _, stderr := run(t, ctx, func(a *app) { a.out = writer(func([]byte) { interrupt() }) }, "watch", "news.today")
	if status != 130 || strings.Contains(stderr, "res:") {
		t.Errorf("status %d, and on standard error %q; want 130 and no error", status, stderr)
	}
}

type writer func([]byte)

func (f writer) Write(b []byte) (int, error) { f(b); return len(b), nil }

func TestATerminalGetsColoursAndNothingThatMovesTheCursor(t *testing.T) {
	status, out, _ := run(t, t.Context(), func(a *app) { a.outTerminal, a.colour = true, true }, "get", "news.today")
	if status != 0 || !strings.Contains(out, "\x1b[1mnews.today\x1b[0m") {
		t.Errorf("status %d, output %q; want it coloured", status, out)
	}
	if strings.Contains(out, "\x1b[2J") {
		t.Errorf("output %q has an escape sequence of the resource's", out)
	}
}

func TestNoColorIsHonoured(t *testing.T) {
	_, out, _ := run(t, t.Context(), func(a *app) { a.outTerminal = true }, "get", "news.today")
	if strings.Contains(out, "\x1b") {
		t.Errorf("output %q has escape sequences", out)
	}
}

func TestAPipeGetsJSON(t *testing.T) {
	_, out, _ := run(t, t.Context(), func(*app) {}, "get", "news.today")
	var news struct{ Message string }
	if err := json.Unmarshal([]byte(out), &news); err != nil || news.Message != "Rain\x1b[2J" {
		t.Errorf("output %q: %v", out, err)
	}
}

func TestProgressIsShownAfterASecondAndWipedAway(t *testing.T) {
	a := &app{errTerminal: true}
	shown := make(chan string, 10)
	a.err = writer(func(b []byte) { shown <- string(b) })
	end := a.progress("waiting")
	if got := <-shown; got != "\r\x1b[Kwaiting … 1 s" {
		t.Errorf("it shows %q", got)
	}
	end()
	close(shown)
	last := ""
	for s := range shown {
		last = s
	}
	if last != "\r\x1b[K" {
		t.Errorf("it ends with %q", last)
	}
}

func TestProgressIsSilentWhereNobodyLooksOrItIsQuick(t *testing.T) {
	for _, terminal := range []bool{true, false} {
		var out bytes.Buffer
		a := &app{errTerminal: terminal, err: &out}
		a.progress("waiting")()
		if out.Len() > 0 {
			t.Errorf("terminal %v: it shows %q", terminal, &out)
		}
	}
}
