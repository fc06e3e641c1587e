package main

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "draw the pictures in docs/images anew")

const images = "../../../docs/images"

// slow is whether the race detector slows everything down.
var slow bool

func TestThePicturesInDocsAreOfTheCodeAsItIs(t *testing.T) {
	if slow {
		t.Skip("there are no goroutines here to race, so the run without the race detector is enough")
	}
	if *update {
		if err := write(t.Output(), images, defaultScale); err != nil {
			t.Fatal(err)
		}
		return
	}
	dir := t.TempDir()
	if err := write(t.Output(), dir, defaultScale); err != nil {
		t.Fatal(err)
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil || len(drawn) != len(pictures(defaultScale)) {
		t.Fatalf("%d pictures were drawn, and not %d: %v", len(drawn), len(pictures(defaultScale)), err)
	}
	for _, file := range drawn {
		want, _ := os.ReadFile(file)
		have, err := os.ReadFile(filepath.Join(images, filepath.Base(file)))
		if err != nil || string(have) != string(want) {
			t.Errorf("docs/images/%s is out of date: go test ./conn/internal/fleet -update (%v)", filepath.Base(file), err)
		}
	}
}

// small is a fleet that is quick to simulate.
func small(strike func(*world)) scenario {
	s := fleetOf(2000, strike)
	s.clientOptions = defaults
	s.step, s.length = 100*time.Millisecond, 2*time.Minute
	return s
}

func TestAFleetComesBackWhenAZoneDies(t *testing.T) {
	s := small(zoneDies)
	f := run(s)
	attempts := 0
	for _, p := range f.periods[:firstDelay/s.step+1] {
		attempts += p.attempts
	}
	if least := s.clients / 4; attempts < least {
		t.Errorf("%d attempts within the first delay: at least %d of %d clients should have lost their zone", attempts, least, s.clients)
	}
	if f.recovered(s.clients, s.step) == 0 {
		t.Errorf("not all clients are connected after %v", s.length)
	}
}

func TestAFleetComesBackAfterAnOutage(t *testing.T) {
	s := small(allAway(20 * time.Second))
	f := run(s)
	if during := f.periods[100]; during.connected > 0 {
		t.Errorf("%d clients are connected while every gateway is away", during.connected)
	}
	if took := f.recovered(s.clients, s.step); took < 20*time.Second {
		t.Errorf("all clients are connected again after %v, and the outage was 20s", took)
	}
}

func TestEveryClientSubscribesToEverythingAgain(t *testing.T) {
	s := small(allAway(time.Second))
	subscribes := 0
	for _, p := range run(s).periods {
		subscribes += p.subscribes
	}
	if want := s.clients * s.subscriptions; subscribes != want {
		t.Errorf("%d subscribe requests after the outage, and not %d", subscribes, want)
	}
}

func TestWithoutJitterAttemptsComeAtOnce(t *testing.T) {
	attempts := func(p period) int { return p.attempts }
	with := small(zoneDies)
	without := small(zoneDies)
	without.clientOptions = defaults.withoutJitter()
	spread, burst := run(with).most(attempts), run(without).most(attempts)
	if 2*spread > burst {
		t.Errorf("at most %d attempts in a period with jitter, and %d without: jitter should spread them", spread, burst)
	}
}

func TestARunRepeatsItself(t *testing.T) {
	s := small(zoneDies)
	if a, b := run(s), run(s); !reflect.DeepEqual(a, b) {
		t.Errorf("two runs of one seed differ")
	}
}

func TestAScaleThatMakesNoSenseIsRefused(t *testing.T) {
	for _, scale := range []int{0, -1, 1_000_000} {
		if err := write(t.Output(), t.TempDir(), scale); err == nil || !strings.Contains(err.Error(), "scale") {
			t.Errorf("scale %d: %v", scale, err)
		}
	}
}
