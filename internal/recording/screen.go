package main

import (
	"regexp"
	"strconv"
	"strings"
)

// screen is what a terminal shows, by lines.
type screen []line

type line []span

// span is text in one colour.
type span struct {
	text        string
	colour      int // of the eight, 30 to 37; 0 for the usual one
	bold, faint bool
}

var escape = regexp.MustCompile(`\x1b\[([\d;]*)m`)

// parse reads text with the escape sequences of colours. Empty lines at the end are none.
func parse(text string) screen {
	var s screen
	style := span{}
	for row := range strings.SplitSeq(strings.TrimRight(text, "\n "), "\n") {
		var l line
		for len(row) > 0 {
			at := escape.FindStringSubmatchIndex(row)
			if at == nil {
				at = []int{len(row), len(row), 0, 0}
			}
			if at[0] > 0 {
				style.text = row[:at[0]]
				l = append(l, style)
			}
			if at[1] > at[0] {
				style = style.with(row[at[2]:at[3]])
			}
			row = row[at[1]:]
		}
		s = append(s, l)
	}
	return s
}

// with returns the style after an escape sequence with these codes.
func (s span) with(codes string) span {
	for code := range strings.SplitSeq(codes, ";") {
		n, _ := strconv.Atoi(code) // none is 0
		switch {
		case n == 0:
			s = span{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 22:
			s.bold, s.faint = false, false
		case n >= 30 && n <= 37:
			s.colour = n
		case n >= 90 && n <= 97:
			s.colour = n - 60
		case n == 39:
			s.colour = 0
		}
	}
	return s
}

// text returns the screen without colours.
func (s screen) text() string {
	var b strings.Builder
	for _, l := range s {
		for _, span := range l {
			b.WriteString(span.text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
