package main

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// How the picture looks, in pixels.
const (
	fontSize   = 13
	charWidth  = 8 // of a monospaced font of that size, and a little more
	lineHeight = 19
	margin     = 18
	titleBar   = 34
)

// colours by code: those of terminals, on a dark ground.
var colours = map[int]string{
	0: "#d4d7dd", 30: "#5c6370", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 37: "#f0f3f6",
}

// draw returns the screen as a picture.
func draw(s screen) string {
	width := columns*charWidth + 2*margin
	height := titleBar + len(s)*lineHeight + margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<title>%s</title>`+"\n", "res watch, while the gateway is killed and started again")
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="9" fill="#14171c"/>`+"\n", width, height)
	for i, colour := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="17" r="5.5" fill="%s"/>`+"\n", margin+4+i*19, colour)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="%d" style="white-space:pre">`+"\n", fontSize)
	for i, l := range s {
		fmt.Fprintf(&b, `<text x="%d" y="%d" xml:space="preserve">`, margin, titleBar+(i+1)*lineHeight-5)
		for _, span := range l {
			b.WriteString(span.draw())
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

func (s span) draw() string {
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(s.text)) // a builder takes everything
	attrs := fmt.Sprintf(`fill="%s"`, colours[s.colour])
	if s.bold {
		attrs += ` font-weight="bold"`
	}
	if s.faint {
		attrs += ` opacity="0.6"`
	}
	return fmt.Sprintf(`<tspan %s>%s</tspan>`, attrs, &text)
}
