package chart

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
	"slices"
	"strconv"
)

// Strips is a picture of single values, a line of dots for each name, and the median of
// each. The axis is logarithmic.
type Strips struct {
	Title string
	X     string // what the axis shows, with its unit
	One   string // what a dot is
	Rows  []Strip
}

// Strip is one line of a Strips.
type Strip struct {
	Name   string
	Values []float64 // in any order; what is below the axis is drawn at its beginning
}

//go:embed strips.svg
var stripsSource string

// stripsDrawing is what the template is filled with. All lengths are in pixels.
type stripsDrawing struct {
	Strips
	Width, Height     int
	Left, Top, Bottom float64
	Second            float64 // where the second key of the legend stands
	XTicks            []tick
	Lanes             []strip
}

type strip struct {
	Name   string
	Y      float64
	Dots   []float64
	Median float64
}

// least is the lowest value of the axis.
const least = 0.01

// SVG returns the picture.
func (s Strips) SVG() []byte {
	d := stripsDrawing{Strips: s, Width: timelineWidth, Left: timelineLeft, Top: top,
		Second: timelineLeft + 40 + legendRoom*float64(len(s.One))}
	most := 1.0
	for _, r := range s.Rows {
		for _, v := range r.Values {
			most = max(most, v)
		}
	}
	decades := math.Ceil(math.Log10(most / least))
	x := func(v float64) float64 {
		return tenth(timelineLeft + math.Log10(max(v, least)/least)/decades*(timelineWidth-margin-timelineLeft))
	}
	for i := range int(decades) + 1 {
		v := least * math.Pow(10, float64(i))
		d.XTicks = append(d.XTicks, tick{x(v), strconv.FormatFloat(v, 'g', 4, 64)})
	}
	y := top + rowPitch/2
	for _, r := range s.Rows {
		one := strip{Name: r.Name, Y: y}
		sorted := slices.Sorted(slices.Values(r.Values))
		for _, v := range sorted {
			one.Dots = append(one.Dots, x(v))
		}
		if len(sorted) > 0 {
			one.Median = x(sorted[(len(sorted)-1)/2])
		}
		d.Lanes = append(d.Lanes, one)
		y += rowPitch
	}
	d.Bottom = y
	d.Height = int(y + 50)
	var b bytes.Buffer
	// It cannot fail: a Buffer takes everything, and the template fits its data.
	_ = template.Must(template.New("strips").Parse(stripsSource)).Execute(&b, d)
	return b.Bytes()
}
