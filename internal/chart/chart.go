package chart

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
)

// Chart is a picture of one or more lines. Both axes begin at 0.
type Chart struct {
	Title  string
	X, Y   string  // what the axes show, with units
	End    float64 // of the X axis; 0 for a round number that is enough
	Width  int     // in pixels; 0 for 760
	Series []Series
}

// Series is one line. Up to four can be told apart.
type Series struct {
	Name   string
	Points []Point // from left to right
	Step   bool    // a value holds until the next one
}

// Point is a point of a line. Negative coordinates are drawn as 0.
type Point struct{ X, Y float64 }

//go:embed chart.svg
var source string

// drawing is what the template is filled with. All lengths are in pixels.
type drawing struct {
	Chart
	Width, Height            int
	Left, Top, Right, Bottom float64 // of the area of the lines
	XTicks, YTicks           []tick
	Lines                    []line
}

type tick struct {
	At   float64
	Text string
}

type line struct {
	Name  string
	Path  string
	Color int     // from 0
	Key   float64 // where its name stands in the legend
}

const (
	chartWidth, height = 760, 300
	left, margin       = 74.0, 16.0
	top, bottom        = 62.0, 244.0
	legendRoom         = 7.0 // for a letter of a name in the legend
)

// SVG returns the picture.
func (c Chart) SVG() []byte {
	d := drawing{Chart: c, Width: or(c.Width, chartWidth), Height: height, Left: left, Top: top, Bottom: bottom}
	d.Right = float64(d.Width) - margin
	mostX, mostY := 0.0, 0.0
	for _, s := range c.Series {
		for _, p := range s.Points {
			mostX, mostY = max(mostX, p.X), max(mostY, p.Y)
		}
	}
	stepX, stepY := niceStep(mostX, 12), niceStep(mostY, 5)
	endX, endY := math.Ceil(mostX/stepX)*stepX, math.Ceil(mostY/stepY)*stepY
	endX, endY = or(c.End, max(endX, stepX)), max(endY, stepY)
	x := func(v float64) float64 { return left + min(max(0, v), endX)/endX*(d.Right-left) }
	y := func(v float64) float64 { return bottom - max(0, v)/endY*(bottom-top) }
	for v := 0.0; v <= endX+stepX/1000; v += stepX {
		d.XTicks = append(d.XTicks, tick{x(v), number(v)})
	}
	for v := 0.0; v <= endY+stepY/2; v += stepY {
		d.YTicks = append(d.YTicks, tick{y(v), number(v)})
	}
	key := left
	for i, s := range c.Series {
		d.Lines = append(d.Lines, line{Name: s.Name, Path: path(s, x, y), Color: i % 4, Key: key})
		key += 36 + legendRoom*float64(len(s.Name))
	}
	var b bytes.Buffer
	// It cannot fail: a Buffer takes everything, and the template fits its data.
	_ = template.Must(template.New("chart").Parse(source)).Execute(&b, d)
	return b.Bytes()
}

// or returns v, or what stands for 0.
func or[N int | float64](v, instead N) N {
	if v > 0 {
		return v
	}
	return instead
}

func path(s Series, x, y func(float64) float64) string {
	var b []byte
	for i, p := range s.Points {
		switch {
		case i == 0:
			b = fmt.Appendf(b, "M%.1f %.1f", x(p.X), y(p.Y))
		case s.Step:
			b = fmt.Appendf(b, "H%.1fV%.1f", x(p.X), y(p.Y))
		default:
			b = fmt.Appendf(b, "L%.1f %.1f", x(p.X), y(p.Y))
		}
	}
	return string(b)
}

// niceStep returns 1, 2 or 5 times a power of ten, so that not more than n of it make
// up most.
func niceStep(most float64, n int) float64 {
	if most <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(most/float64(n))))
	for _, times := range []float64{1, 2, 5} {
		if most/(times*power) <= float64(n) {
			return times * power
		}
	}
	return 10 * power
}

// number writes 1500 as 1,500 and 2000000 as 2 M.
func number(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 4, 64) + " M"
	case v >= 1e4:
		return strconv.FormatFloat(v/1e3, 'g', 4, 64) + " k"
	case v >= 1e3:
		return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
