package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// calm is a run for tests: short, and small.
func calm(t *testing.T) config {
	return config{
		length: 5 * time.Second, resources: 90, clients: 3, compress: 1, gateways: 3, services: 2, writes: 100, every: 400 * time.Millisecond,
		faults: "kill,freeze,cut,reset,corrupt,nats", seed: 1, report: filepath.Join(t.TempDir(), "chaos.html"), patience: 30 * time.Second,
	}
}

func TestAShortRunIsCleanAndReported(t *testing.T) {
	cfg := calm(t)
	var out, line bytes.Buffer
	v, err := run(t.Context(), cfg, &out, &progress{out: &line})
	if err != nil {
		t.Fatal(err)
	}
	if !v.clean() || !strings.Contains(out.String(), "verdict: clean") {
		t.Errorf("the run was not clean:\n%s", &out)
	}
	if !slices.ContainsFunc(v.facts, func(f fact) bool { return f.what == "compressed" && f.value != "0" }) {
		t.Errorf("no message was compressed: %v", v.facts)
	}
	if line.Len() == 0 {
		t.Error("there is no line of progress")
	}
	if len(v.record.faults) == 0 || len(v.record.outages) == 0 {
		t.Errorf("there were %d faults and %d outages, which is no chaos", len(v.record.faults), len(v.record.outages))
	}
	page, err := os.ReadFile(cfg.report)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<b>Clean</b>", "States of the clients", "client 3", "From the fault until in sync again", "Events a second", v.command()} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the report has no %q", want)
		}
	}
	rest := strings.ReplaceAll(string(page), "http://www.w3.org/2000/svg", "")
	for _, outside := range []string{"<script", "<link", "src=", "http://", "https://"} {
		if strings.Contains(rest, outside) {
			t.Errorf("the report has %q, and must need nothing from outside", outside)
		}
	}
}

func TestALineASecondTellsHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{tally: new(tally), rec: newRecorder(2)}
		var out bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		(&progress{out: &out}).watch(ctx, w)
		if lines := strings.Count(out.String(), "2 dialing"); lines != 4 {
			t.Errorf("there are %d lines after 4.5 seconds:\n%s", lines, &out)
		}
	})
}

func TestFaultsComeAsOftenAsTheyShould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{services: make([]*service, 3), rec: newRecorder(1)}
		moment := &kind{name: "moment", on: onService, begin: func(*world, int) error { return nil }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		newMonkey(w, []*kind{moment}, time.Second, 1).run(ctx)
		if n := len(w.rec.faults); n < 50 || n > 70 {
			t.Errorf("there are %d faults in a minute, one a second on average", n)
		}
	})
}

// lineHook has a function called with every line that is written.
type lineHook func()

// Write calls it.
func (f lineHook) Write(p []byte) (int, error) { f(); return len(p), nil }

func TestARunThatIsInterruptedIsJudgedAsItStands(t *testing.T) {
	cfg := calm(t)
	cfg.length = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := 0
	interrupt := lineHook(func() {
		if lines++; lines == 2 {
			cancel()
		}
	})
	var out bytes.Buffer
	v, err := run(ctx, cfg, &out, &progress{out: interrupt})
	if err != nil {
		t.Fatal(err)
	}
	if !v.clean() || v.cfg.length > time.Minute {
		t.Errorf("after %v, the run was not clean:\n%s", v.cfg.length, &out)
	}
}

func TestAGatewayThatCannotBeStartedIsAnError(t *testing.T) {
	t.Setenv(natstest.BinaryVariable, filepath.Join(t.TempDir(), "resgate"))
	v, err := run(t.Context(), calm(t), new(bytes.Buffer), &progress{out: new(bytes.Buffer)})
	if err == nil || !strings.Contains(err.Error(), "start gateway 1") {
		t.Errorf("got %v, %v, want that a gateway cannot be started", v, err)
	}
}

func TestAServiceThatIsToEndDoesNotBegin(t *testing.T) {
	cluster, err := startNATSCluster(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := newService(1, 20, cluster).connect(over); err == nil {
		t.Error("it begins")
	}
}

func TestTheReportOfALongRunHasACloserPicture(t *testing.T) {
	for length, want := range map[time.Duration]bool{time.Minute: false, 10 * time.Minute: true} {
		v := &verdict{cfg: config{length: length}, record: record{length: length, clients: [][]turn{{{0, dialing}, {time.Second, inSync}}}}}
		page, err := v.page()
		if err != nil {
			t.Fatal(err)
		}
		if has := bytes.Contains(page, []byte("<summary>Closer</summary>")); has != want {
			t.Errorf("after %v it has one: %v", length, has)
		}
	}
}

func TestTheCommandSaysThatItWasARealGateway(t *testing.T) {
	for gateway, real := range map[string]bool{"stand-in": false, "resgate 1.8.0 (process)": true} {
		v := &verdict{gateway: gateway}
		if got := strings.HasPrefix(v.command(), "RESGATE_BIN=/path/to/resgate go run"); got != real {
			t.Errorf("with %s it is %q", gateway, v.command())
		}
	}
}

func TestNumbersAndTimesAreReadable(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
	for d, want := range map[time.Duration]string{10 * time.Minute: "10m", 90 * time.Second: "1m30s", 5 * time.Second: "5s"} {
		if got := words(d); got != want {
			t.Errorf("%v is written %s", d, got)
		}
	}
}

func TestWhatIsWrongMakesTheVerdictUnclean(t *testing.T) {
	lost := new(tally)
	lost.lose(1, nil, "an event")
	for what, spoil := range map[string]func(*verdict){
		"nothing judged": func(v *verdict) { v.checks = nil },
		"a lost event":   func(v *verdict) { v.judgeEvents(lost) },
		"a difference":   func(v *verdict) { v.wrong = []error{errors.New("a copy")}; v.judgeCopies(new(world)) },
		"a goroutine":    func(v *verdict) { v.closed(usage{goroutines: 1}, 0) },
		"a client that is not at rest": func(v *verdict) {
			v.cfg.clients = 1
			v.judgeUsage(measure())
		},
		"a larger heap": func(v *verdict) {
			ballast := make([]byte, 2*v.cfg.heapRoom())
			v.judgeUsage(usage{})
			runtime.KeepAlive(ballast)
		},
	} {
		v := new(verdict)
		v.judgeEvents(new(tally))
		if !v.clean() {
			t.Fatalf("it is not clean before: %v", v.checks)
		}
		if spoil(v); v.clean() {
			t.Errorf("with %s it is clean", what)
		}
	}
}

func TestCallsAreCounted(t *testing.T) {
	s := newService(1, 20, nil)
	for range 2 {
		s.call([]byte(`{"params":{"id":"1-1"}}`))
	}
	s.call([]byte(`{"params":{"id":"1-2"}}`))
	w := &world{services: []*service{s}, clients: []*client{{answered: []string{"1-1", "1-3"}}}}
	v := new(verdict)
	v.judgeCalls(w)
	for _, c := range v.checks {
		if c.ok || c.value != "1" {
			t.Errorf("%s: %s", c.what, c.value)
		}
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for what, spoil := range map[string]func(*config){
		"no time":          func(c *config) { c.length = 0 },
		"no client":        func(c *config) { c.clients = 0 },
		"an unknown fault": func(c *config) { c.faults = "kill,earthquake" },
		"less than none":   func(c *config) { c.compress = -1 },
		"no resources":     func(c *config) { c.resources = 1 },
	} {
		cfg := calm(t)
		spoil(&cfg)
		if _, err := run(t.Context(), cfg, new(bytes.Buffer), &progress{out: new(bytes.Buffer)}); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
