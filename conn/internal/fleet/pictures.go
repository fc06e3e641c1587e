package main

import (
	"fmt"
	"time"

	"github.com/resclient/resclient-go/internal/chart"
)

// picture shows one figure of some fleets that meet the same fault.
type picture struct {
	file   string
	title  string
	x, y   string
	of     func(period) int
	perSec bool          // what is shown is counted, and shown as a rate
	until  time.Duration // shows only so much of the time; 0 for all of it
	fleet  scenario
	lines  []variant
}

type variant struct {
	name    string
	options clientOptions
}

// fleetOf is a fleet of a million clients, of which one in scale is simulated, with
// as much less to connect to.
func fleetOf(scale int, strike func(*world)) scenario {
	return scenario{
		clients:             1_000_000 / scale,
		subscriptions:       10,
		zones:               3,
		seed:                1,
		handshakesPerSecond: 40_000 / float64(scale),
		requestsPerSecond:   300_000 / float64(scale),
		strike:              strike,
	}
}

func pictures(scale int) []picture {
	dies := fleetOf(scale, zoneDies)
	dies.step, dies.length = 100*time.Millisecond, 15*time.Second
	first := dies
	first.step = 20 * time.Millisecond
	away := fleetOf(scale, allAway(time.Minute))
	away.step, away.length = 500*time.Millisecond, 100*time.Second
	jitter := []variant{{"without jitter", defaults.withoutJitter()}, {"full jitter, as it is", defaults}}
	replay := []variant{
		{"as it is", defaults},
		{"WithReplayWindow(2)", defaults.withWindow(2)},
		{"WithReplayJitter(10 s)", defaults.withReplayJitter(10 * time.Second)},
	}
	const sinceDeath, sinceLoss = "seconds since one of three zones died", "seconds since all gateways went away, for one minute"
	return []picture{
		{
			file: "zone-attempts", title: "A zone dies: attempts to connect", x: sinceDeath, y: "attempts per second",
			of: func(p period) int { return p.attempts }, perSec: true, until: time.Second, fleet: first, lines: jitter,
		},
		{
			file: "zone-subscribes", title: "A zone dies: subscribe requests", x: sinceDeath, y: "requests per second",
			of: func(p period) int { return p.subscribes }, perSec: true, fleet: dies, lines: replay,
		},
		{
			file: "zone-waiting", title: "A zone dies: requests that wait in the busier of the two that are left", x: sinceDeath, y: "requests",
			of: func(p period) int { return p.waiting }, fleet: dies, lines: replay,
		},
		{
			file: "outage-attempts", title: "All gateways away for a minute: attempts to connect", x: sinceLoss, y: "attempts per second",
			of: func(p period) int { return p.attempts }, perSec: true, fleet: away, lines: jitter,
		},
		{
			file: "outage-connected", title: "All gateways away for a minute: clients that are connected", x: sinceLoss, y: "clients",
			of: func(p period) int { return p.connected }, fleet: away, lines: jitter,
		},
	}
}

// run names a run that pictures may share.
func (p picture) run(o clientOptions) string { return fmt.Sprint(p.x, p.fleet.step, o) }

// draw returns the chart of a picture. One run serves all pictures of the same fleet.
func (p picture) draw(scale int, figuresOf func(scenario) *figures) chart.Chart {
	c := chart.Chart{Title: p.title, X: p.x, Y: p.y}
	for _, v := range p.lines {
		s := p.fleet
		s.clientOptions = v.options
		line := chart.Series{Name: v.name, Step: p.perSec}
		for i, at := range figuresOf(s).periods {
			if p.until > 0 && time.Duration(i)*s.step > p.until {
				break
			}
			y := float64(p.of(at) * scale)
			if p.perSec {
				y /= s.step.Seconds()
			}
			line.Points = append(line.Points, chart.Point{X: (time.Duration(i) * s.step).Seconds(), Y: y})
		}
		c.Series = append(c.Series, line)
	}
	return c
}
