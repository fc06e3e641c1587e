package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A history keeps the latest frames of a client, for whoever has to tell why something is
// missing. The room for them is taken once, so that the heap does not grow with the run.
//
// It is not safe for concurrent use.
type history struct {
	lines  []byte // the latest frames, one a line
	before []byte // those before
	cases  []*evidence
}

// evidence is what the frames say about a resource: some before something was found
// missing, and some after it, because frames are seen later than the events that they carry.
type evidence struct {
	rid   []byte
	lines []string
	room  int // for lines to come
}

const (
	historyRoom    = 512 << 10 // bytes of frames that are kept at least half of
	evidenceBefore = 24        // lines
	evidenceAfter  = 8
	mentionRoom    = 160 // bytes on either side of a mention
)

func newHistory() *history {
	return &history{lines: make([]byte, 0, historyRoom/2), before: make([]byte, 0, historyRoom/2)}
}

// add enters a line.
func (h *history) add(head string, frame []byte) {
	for _, e := range h.cases {
		if e.room > 0 {
			said := mentions(e.rid, head, frame)
			said = said[:min(len(said), e.room)]
			e.lines, e.room = append(e.lines, said...), e.room-len(said)
		}
	}
	if len(h.lines)+len(head)+len(frame) >= cap(h.lines) {
		h.lines, h.before = h.before[:0], h.lines
	}
	frame = frame[:min(len(frame), cap(h.lines)-len(head)-1)]
	h.lines = append(append(append(h.lines, head...), frame...), '\n')
}

// open begins a case: what was said about a resource, and will be.
func (h *history) open(rid, what string) *evidence {
	e := &evidence{rid: []byte(rid), room: evidenceAfter}
	for _, part := range [][]byte{h.before, h.lines} {
		for line := range bytes.SplitSeq(part, []byte("\n")) {
			head, frame, _ := bytes.Cut(line, []byte(headEnd))
			e.lines = append(e.lines, mentions(e.rid, string(head)+headEnd, frame)...)
		}
	}
	e.lines = append(e.lines[max(0, len(e.lines)-evidenceBefore):], what)
	if len(h.cases) < maxFindings {
		h.cases = append(h.cases, e)
	}
	return e
}

// headEnd is what ends the head of a line.
const headEnd = ": "

// mentions returns the parts of a frame that are about a resource, a line each.
func mentions(rid []byte, head string, frame []byte) (all []string) {
	for from := 0; ; {
		i := bytes.Index(frame[from:], rid)
		if i < 0 {
			return all
		}
		at, end := from+i, from+i+len(rid)
		from = end
		if end < len(frame) && frame[end] >= '0' && frame[end] <= '9' {
			continue // of another number
		}
		part := frame[max(0, at-mentionRoom):min(len(frame), end+mentionRoom)]
		all = append(all, head+"…"+visible(part)+"…")
		from = min(len(frame), end+mentionRoom)
	}
}

// visible shows also what no terminal does: frames may be garbled.
func visible(frame []byte) string {
	var b strings.Builder
	for _, r := range string(frame) {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\x%02x", r)
		}
	}
	return b.String()
}

func (e *evidence) clone() []string { return slices.Clone(e.lines) }
