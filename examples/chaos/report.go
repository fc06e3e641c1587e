package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"strings"
	"time"

	"github.com/resclient/resclient-go/internal/chart"
)

//go:embed report.html
var reportSource string

// report is what the page is filled with.
type report struct {
	Clean                                         bool
	Seed                                          uint64
	Clients, Gateways, Nodes, Services, Resources int
	Faults, Outages                               int
	Gateway, Length, Ping, Command                string
	Checks                                        []reportCheck
	Facts                                         []reportFact
	Errors                                        []string
	Recoveries                                    []reportRecovery
	FaultList                                     []reportFault
	Timeline, Closer, Strips, Events, InSync      template.HTML // Closer is empty if there is no need
}

type reportCheck struct {
	OK          bool
	What, Value string
}

type reportFact struct{ What, Value, About string }

type reportRecovery struct {
	Kind, About           string
	Faults, Outages       int
	Notice, P50, P99, Max string
}

type reportFault struct{ At, Kind, Where, Lasted, About string }

// writeReport writes the page to a file. It needs nothing from outside.
func writeReport(path string, v *verdict) error {
	page, err := v.page()
	if err != nil {
		return fmt.Errorf("make the report: %w", err)
	}
	return os.WriteFile(path, page, 0o644)
}

func (v *verdict) page() ([]byte, error) {
	t, err := template.New("report").Parse(reportSource)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, v.report())
	return b.Bytes(), err
}

func (v *verdict) report() report {
	r := report{
		Clean: v.clean(), Seed: v.cfg.seed, Gateway: v.gateway, Length: words(v.cfg.length), Command: v.command(),
		Clients: v.cfg.clients, Gateways: v.cfg.gateways, Nodes: natsNodes, Services: v.cfg.services, Resources: v.cfg.resources,
		Faults: len(v.record.faults), Outages: len(v.record.outages), Ping: (pingInterval + pingTimeout).String(),
		Strips: picture(v.record.strips()),
		Events: picture(v.record.eventChart()), InSync: picture(v.record.inSyncChart()),
	}
	r.Timeline, r.Closer = v.record.timelines()
	for _, c := range v.checks {
		r.Checks = append(r.Checks, reportCheck{c.ok, c.what, c.value})
	}
	for _, f := range v.facts {
		r.Facts = append(r.Facts, reportFact{f.what, f.value, f.about})
	}
	for _, err := range append(v.first(v.wrong), v.first(v.errs)...) {
		r.Errors = append(r.Errors, err.Error())
	}
	for _, k := range v.record.recoveries() {
		one := reportRecovery{Kind: k.kind, About: k.about, Faults: k.faults, Outages: len(k.hits)}
		if one.Outages > 0 {
			one.Notice, one.P50 = seconds(percentile(k.notice, 50)), seconds(percentile(k.hits, 50))
			one.P99, one.Max = seconds(percentile(k.hits, 99)), seconds(percentile(k.hits, 100))
		}
		r.Recoveries = append(r.Recoveries, one)
	}
	for _, f := range v.record.faults {
		r.FaultList = append(r.FaultList, reportFault{seconds(f.from), f.kind.name, f.where(), seconds(f.to - f.from), f.kind.about})
	}
	return r
}

// picture takes SVG into the page as it is. It comes from package chart, which escapes all
// text.
func picture(c interface{ SVG() []byte }) template.HTML { return template.HTML(c.SVG()) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// words is a duration without the parts that are zero.
func words(d time.Duration) string {
	text := strings.TrimSuffix(d.String(), "m0s")
	if len(text) < len(d.String()) {
		text += "m"
	}
	return text
}

// Of a long run, one picture shows all at a glance and another one each fault.
const (
	glance         = 3 * time.Minute
	closerASecond  = 8 // pixels
	widthOfPicture = 1080
)

// timelines draws the states of all clients over the faults.
func (r record) timelines() (glanced, closer template.HTML) {
	if r.length < glance {
		return picture(r.timeline(widthOfPicture, true)), ""
	}
	return picture(r.timeline(widthOfPicture, false)), picture(r.timeline(closerASecond*int(r.length.Seconds()), true))
}

func (r record) timeline(width int, marks bool) chart.Timeline {
	t := chart.Timeline{Title: "States of the clients, and faults", X: "seconds since the start", End: r.length.Seconds(), Width: width,
		States: append(append([]string(nil), phaseNames[:]...), "a fault")}
	for i, turns := range r.clients {
		row := chart.Row{Name: fmt.Sprintf("client %d", i+1)}
		for n, turn := range turns {
			end := r.length
			if n+1 < len(turns) {
				end = turns[n+1].at
			}
			row.Spans = append(row.Spans, chart.Span{From: turn.at.Seconds(), To: end.Seconds(), State: int(turn.phase),
				Text: fmt.Sprintf("client %d %s for %s, from %s", i+1, turn.phase, seconds(end-turn.at), seconds(turn.at))})
		}
		t.Rows = append(t.Rows, row)
	}
	return r.withFaults(t, marks)
}

// withFaults adds a row for each part of the world that something has befallen.
func (r record) withFaults(t chart.Timeline, marks bool) chart.Timeline {
	first := true
	for _, on := range []part{onGateway, onNetwork, onNATS, onService} {
		rows := make(map[int]*chart.Row)
		most := 0
		for _, f := range r.faults {
			for _, number := range f.befell(on, r.gateways) {
				if rows[number] == nil {
					rows[number] = &chart.Row{Name: fmt.Sprintf("%s %d", on, number), Marks: marks}
				}
				rows[number].Spans = append(rows[number].Spans, chart.Span{From: f.from.Seconds(), To: f.to.Seconds(), State: len(t.States) - 1, Text: f.kind.name})
				most = max(most, number)
			}
		}
		for number := 1; number <= most; number++ {
			if row := rows[number]; row != nil {
				row.Gap, first = first, false
				t.Rows = append(t.Rows, *row)
			}
		}
	}
	return t
}

// befell returns the numbers of the parts of that sort that a fault has befallen.
func (f *fault) befell(on part, gateways int) (numbers []int) {
	if f.kind.on == on {
		return []int{f.target}
	}
	if f.kind.on == onGateways && on == onGateway {
		for i := range gateways {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// strips draws how long each outage took.
func (r record) strips() chart.Strips {
	s := chart.Strips{Title: "From the fault until in sync again", X: "seconds", One: "one outage of one client"}
	for _, k := range r.recoveries() {
		if len(k.hits) == 0 {
			continue
		}
		row := chart.Strip{Name: k.kind}
		for _, d := range k.hits {
			row.Values = append(row.Values, d.Seconds())
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

func (r record) eventChart() chart.Chart {
	events, writes := chart.Series{Name: "events to subscriptions"}, chart.Series{Name: "writes of services"}
	for _, s := range r.samples {
		events.Points = append(events.Points, chart.Point{X: s.at.Seconds(), Y: float64(s.events)})
		writes.Points = append(writes.Points, chart.Point{X: s.at.Seconds(), Y: float64(s.writes)})
	}
	return chart.Chart{Title: "Events a second", X: "seconds since the start", Y: "a second", End: r.length.Seconds(), Width: widthOfPicture, Series: []chart.Series{events, writes}}
}

func (r record) inSyncChart() chart.Chart {
	clients, faults := chart.Series{Name: "clients in sync", Step: true}, chart.Series{Name: "faults at the same time", Step: true}
	for _, s := range r.samples {
		clients.Points = append(clients.Points, chart.Point{X: s.at.Seconds(), Y: float64(s.inSync)})
		faults.Points = append(faults.Points, chart.Point{X: s.at.Seconds(), Y: float64(s.faults)})
	}
	return chart.Chart{Title: "Clients in sync, and faults", X: "seconds since the start", Y: "how many", End: r.length.Seconds(), Width: widthOfPicture, Series: []chart.Series{clients, faults}}
}
