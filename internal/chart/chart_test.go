package chart_test

import (
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/chart"
)

func twoLines() chart.Chart {
	return chart.Chart{
		Title: "Fruit & <vegetables>", X: "days", Y: "pieces",
		Series: []chart.Series{
			{Name: "apples", Points: []chart.Point{{0, 0}, {1, 50}, {2, 12_000}}},
			{Name: "leeks", Points: []chart.Point{{0, 3}, {2, 7}}, Step: true},
		},
	}
}

func TestAChartIsWellFormed(t *testing.T) {
	wellFormed(t, twoLines().SVG())
}

func TestAChartShowsItsWordsAndScales(t *testing.T) {
	svg := string(twoLines().SVG())
	for _, want := range []string{
		"Fruit &amp; &lt;vegetables&gt;", ">days<", ">pieces<", ">apples<", ">leeks<",
		">5,000<", ">10 k<", ">15 k<", // up the side
		">0.2<", ">1<", ">2<", // along the bottom
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %q in\n%s", want, svg)
		}
	}
}

func TestLinesBeginAtTheOriginAndEndAtTheirValues(t *testing.T) {
	svg := string(twoLines().SVG())
	for _, want := range []string{
		`d="M74.0 244.0L409.0 243.4L744.0 98.4"`, // a quarter below the top: 12 k of 15 k
		`d="M74.0 244.0H744.0V243.9"`,            // a step
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no path %s in\n%s", want, svg)
		}
	}
}

func TestAChartWithoutPointsIsEmptyAndNotBroken(t *testing.T) {
	svg := string(chart.Chart{Title: "Nothing", Series: []chart.Series{{Name: "none"}}}.SVG())
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") || !strings.Contains(svg, ">0<") {
		t.Errorf("a chart of nothing is\n%s", svg)
	}
}
