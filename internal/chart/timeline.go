package chart

import (
	"bytes"
	_ "embed"
	"html/template"
	"math"
)

// Timeline is a picture of who was in which state, and when. Time begins at 0.
type Timeline struct {
	Title  string
	X      string   // what the axis shows, with its unit
	End    float64  // of the time
	Width  int      // in pixels; 0 for 1080
	States []string // names of the states, up to five, for the legend; "" is not in it
	Rows   []Row
}

// Row is one line of a Timeline.
type Row struct {
	Name  string
	Spans []Span // from left to right
	Gap   bool   // leaves a space above the row
	Marks bool   // draws a line up to the first row where a span begins
}

// Span is a time that a row spends in a state.
type Span struct {
	From, To float64
	State    int    // index in States
	Text     string // shown when pointed at, and inside if there is room
}

//go:embed timeline.svg
var timelineSource string

// timelineDrawing is what the template is filled with. All lengths are in pixels.
type timelineDrawing struct {
	Timeline
	Width, Height            int
	Left, Top, Right, Bottom float64
	Keys                     []key
	XTicks                   []tick
	Lanes                    []lane
	Marks                    []mark
}

type key struct {
	Class int
	At    float64
	Text  string
}

type lane struct {
	Name             string
	Y, Width, Height float64
	Middle           float64
	Boxes            []box
}

type box struct {
	Class               int
	X, Y, Width, Height float64
	Base                float64 // of the text
	Text, Inside        string
}

type mark struct{ At, Top, Bottom float64 }

const (
	timelineWidth = 1080
	timelineLeft  = 92.0
	rowHeight     = 15.0
	rowPitch      = 19.0
	gapHeight     = 10.0
	leastBox      = 1.5 // so that a short span can be seen
	letterWidth   = 5.6 // inside a box
)

// SVG returns the picture.
func (t Timeline) SVG() []byte {
	d := timelineDrawing{Timeline: t, Width: or(t.Width, timelineWidth), Left: timelineLeft, Top: top}
	d.Right = float64(d.Width) - margin
	step := niceStep(t.End, max(1, d.Width/90))
	end := max(t.End, step)
	x := func(v float64) float64 {
		return tenth(timelineLeft + min(max(0, v), end)/end*(d.Right-timelineLeft))
	}
	y := top
	for _, r := range t.Rows {
		if r.Gap {
			y += gapHeight
		}
		d.Lanes = append(d.Lanes, r.lane(x, y, d.Right-timelineLeft))
		for _, s := range r.Spans {
			if r.Marks {
				d.Marks = append(d.Marks, mark{At: x(s.From), Top: top, Bottom: y})
			}
		}
		y += rowPitch
	}
	d.Bottom = y
	d.Height = int(y + 50)
	for v := 0.0; v <= end; v += step {
		d.XTicks = append(d.XTicks, tick{x(v), number(v)})
	}
	at := timelineLeft
	for i, name := range t.States {
		if name != "" {
			d.Keys = append(d.Keys, key{Class: i, At: at, Text: name})
			at += 40 + legendRoom*float64(len(name))
		}
	}
	var b bytes.Buffer
	// It cannot fail: a Buffer takes everything, and the template fits its data.
	_ = template.Must(template.New("timeline").Parse(timelineSource)).Execute(&b, d)
	return b.Bytes()
}

func (r Row) lane(x func(float64) float64, y, width float64) lane {
	l := lane{Name: r.Name, Y: y, Width: width, Height: rowHeight, Middle: y + rowHeight/2}
	for _, s := range r.Spans {
		b := box{Class: s.State, X: x(s.From), Y: y, Width: tenth(max(leastBox, x(s.To)-x(s.From))), Height: rowHeight, Base: y + 11, Text: s.Text}
		if r.Marks && letterWidth*float64(len(s.Text))+4 < b.Width {
			b.Inside = s.Text
		}
		l.Boxes = append(l.Boxes, b)
	}
	return l
}

// tenth rounds to what can be seen, for a short file.
func tenth(v float64) float64 { return math.Round(10*v) / 10 }
