package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is res and a gateway that has the model news.today, in a bubble with a clock of its own.
type rig struct {
	app      *app
	gateway  *resgatetest.Server
	network  *resgatetest.Network
	out, err bytes.Buffer
}

func inBubble(t *testing.T, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{network: resgatetest.NewNetwork()}
		r.app = &app{in: strings.NewReader(""), out: &r.out, err: &r.err, dial: r.network.Dial}
		r.gateway = resgatetest.New(resgatetest.WithNetwork(r.network, "127.0.0.1:80"))
		t.Cleanup(func() { r.gateway.Close() })
		if err := r.gateway.Service().SetModel("news.today", map[string]any{"message": "Rain\x1b[2J"}); err != nil {
			t.Fatal(err)
		}
		test(t, r)
	})
}

// run runs res and returns its exit status.
func (r *rig) run(ctx context.Context, args ...string) int {
	return r.app.run(ctx, append(args, "--url", r.gateway.URL()))
}

// writer is a stream that is watched.
type writer func([]byte)

func (f writer) Write(b []byte) (int, error) { f(b); return len(b), nil }

func TestAnInterruptEndsAWatchWithStatus130(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ctx, interrupt := context.WithCancel(t.Context())
		r.app.out = writer(func([]byte) { interrupt() })
		status := r.run(ctx, "watch", "news.today")
		if status != 130 || strings.Contains(r.err.String(), "res:") {
			t.Errorf("status %d, and on standard error %q; want 130 and no error", status, &r.err)
		}
	})
}

func TestAWatchEndsInOrderWhenItsTimeIsOver(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		began := time.Now()
		status := r.run(t.Context(), "watch", "news.today", "--for", "1m")
		if took := time.Since(began); status != statusOK || took != time.Minute {
			t.Errorf("status %d after %v, want 0 after a minute", status, took)
		}
		if !strings.Contains(r.out.String(), `"event":"sync"`) || strings.Contains(r.err.String(), "res:") {
			t.Errorf("it prints %q, and on standard error %q", &r.out, &r.err)
		}
	})
}

// The hook that hears of the connection runs beside everything else, and may be the last.
func TestAWatchGoesOnThoughTheGatewayIsLostAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		ctx, interrupt := context.WithCancel(t.Context())
		told := make(chan struct{})
		r.app.err = writer(func(line []byte) {
			if strings.Contains(string(line), "connected") {
				<-told
			}
		})
		r.app.out = writer(func(line []byte) {
			switch {
			case strings.Contains(string(line), `"reason":"first"`):
				r.gateway.Kill()
				time.AfterFunc(time.Minute, func() { close(told); r.gateway.Restart() })
			case strings.Contains(string(line), `"reason":"reconnect"`):
				interrupt()
			}
		})
		if status := r.run(ctx, "watch", "news.today", "--verbose"); status != statusInterrupted {
			t.Errorf("status %d, want that it goes on until it is interrupted", status)
		}
	})
}

func TestWhatIsNotAnsweredEndsInTime(t *testing.T) {
	for _, test := range []struct {
		name     string
		args     []string
		with     func(*rig)
		out, err string
	}{
		{"a call to a service that is mute", []string{"call", "slow", "echo"},
			func(r *rig) { r.gateway.Service().Mute("slow") },
			"", `res: call "slow" "echo": `},
		{"a ping to a gateway that hangs", []string{"ping"},
			func(r *rig) { r.gateway.Freeze() },
			"", "res: cannot connect to ws://127.0.0.1:80: no answer in time; "},
		{"a doctor before a gateway that hangs", []string{"doctor"},
			func(r *rig) { r.gateway.Freeze() },
			`"step":"handshake","result":"failed","found":"no answer in time; `, ""},
		{"a doctor before what accepts and is mute", []string{"doctor"},
			func(r *rig) { r.gateway.Kill(); r.network.Listen(r.gateway.Addr()) },
			`"step":"handshake","result":"failed","found":"no answer in time; `, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				test.with(r)
				began := time.Now()
				status := r.run(t.Context(), append(test.args, "--timeout", "2s")...)
				if took := time.Since(began); status != statusTimeout || took != 2*time.Second {
					t.Errorf("status %d after %v, want %d after 2 s", status, took, statusTimeout)
				}
				if !strings.Contains(r.out.String(), test.out) || !strings.HasPrefix(r.err.String(), test.err) {
					t.Errorf("it prints %q, and on standard error %q; want %q and %q", &r.out, &r.err, test.out, test.err)
				}
				if all := r.out.String() + r.err.String(); !strings.Contains(all, "give it longer with --timeout") {
					t.Errorf("it does not say what to do: %q", all)
				}
			})
		})
	}
}

func TestATerminalGetsColoursAndNothingThatMovesTheCursor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.app.outTerminal, r.app.colour = true, true
		status := r.run(t.Context(), "get", "news.today")
		if out := r.out.String(); status != statusOK || !strings.Contains(out, "\x1b[1mnews.today\x1b[0m") {
			t.Errorf("status %d, output %q; want it coloured", status, out)
		}
		if out := r.out.String(); strings.Contains(out, "\x1b[2J") {
			t.Errorf("output %q has an escape sequence of the resource's", out)
		}
	})
}

func TestNoColorIsHonoured(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.app.outTerminal = true
		r.run(t.Context(), "get", "news.today")
		if out := r.out.String(); strings.Contains(out, "\x1b") {
			t.Errorf("output %q has escape sequences", out)
		}
	})
}

func TestAPipeGetsJSON(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		r.run(t.Context(), "get", "news.today")
		var news struct{ Message string }
		if err := json.Unmarshal(r.out.Bytes(), &news); err != nil || news.Message != "Rain\x1b[2J" {
			t.Errorf("output %q: %v", &r.out, err)
		}
	})
}

func TestProgressIsShownEverySecondAndWipedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		end := (&app{errTerminal: true, err: &out}).progress("waiting")
		time.Sleep(2500 * time.Millisecond)
		end()
		if got := out.String(); got != "\r\x1b[Kwaiting … 1 s\r\x1b[Kwaiting … 2 s\r\x1b[K" {
			t.Errorf("it shows %q", got)
		}
	})
}

func TestProgressIsSilentWhereNobodyLooksOrItIsQuick(t *testing.T) {
	for _, test := range []struct {
		name     string
		terminal bool
		takes    time.Duration
	}{
		{"no terminal", false, time.Minute},
		{"less than a second", true, 999 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			end := (&app{errTerminal: test.terminal, err: &out}).progress("waiting")
			time.Sleep(test.takes)
			end()
			if out.Len() > 0 {
				t.Errorf("%s: it shows %q", test.name, &out)
			}
		})
	}
}
