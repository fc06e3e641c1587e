package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/chart"
)

func twoRows() chart.Timeline {
	return chart.Timeline{
		Title: "Cats & <dogs>", X: "hours", End: 10, States: []string{"asleep", "awake", "", "fed"},
		Rows: []chart.Row{
			{Name: "cat", Spans: []chart.Span{{From: 0, To: 5, Text: "sleeps"}, {From: 5, To: 10, State: 1}}},
			{Name: "bowl", Gap: true, Marks: true, Spans: []chart.Span{{From: 2.5, To: 7.5, State: 3, Text: "full"}, {From: 9, To: 9, State: 3, Text: "no room for this"}}},
		},
	}
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestATimelineShowsWhoWasInWhichStateAndWhen(t *testing.T) {
	svg := twoRows().SVG()
	wellFormed(t, svg)
	for _, want := range []string{
		"Cats &amp; &lt;dogs&gt;", ">cat<", ">bowl<", ">asleep<", ">fed<", ">hours<",
		`<title>sleeps</title><rect class="s0" x="92" y="62" width="486" height="15"/>`,
		`<rect class="s1" x="578" y="62" width="486" height="15"/>`,
		`<rect class="s3" x="335" y="91" width="486" height="15"/>`, // below a gap
		`>full</text>`,
		`<rect class="s3" x="966.8" y="91" width="1.5" height="15"/>`, // as wide as can be seen
		`<path class="mark" d="M335 62V91"/>`,
	} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("there is no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(string(svg), ">no room for this</text>") {
		t.Error("a text is written where there is no room for it")
	}
}

func TestStripsShowEveryValueAndTheMedian(t *testing.T) {
	svg := chart.Strips{Title: "Races", X: "seconds", One: "one runner", Rows: []chart.Strip{
		{Name: "hares", Values: []float64{1, 0.1, 100}}, {Name: "snails"}, {Name: "bullets", Values: []float64{0}},
	}}.SVG()
	wellFormed(t, svg)
	for _, want := range []string{
		">hares<", ">snails<", ">one runner<", ">0.01<", ">100<",
		`cx="335" `, `cx="578" `, `cx="1064" `, // a decade is a quarter of the width
		`d="M578 `, // the median
		`cx="92" `, // what is below the axis
	} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("there is no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(string(svg), "NaN") {
		t.Error("a strip without values is broken")
	}
}
