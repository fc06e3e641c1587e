package core

import (
	"maps"
	"slices"
	"strings"
)

// line returns the line of a resource, and makes one if there is none.
func (c *Core) line(rid string) *line {
	if l := c.lines[rid]; l != nil {
		return l
	}
	if q := c.sentAlone(rid); q != nil {
		return c.adopt(q)
	}
	l := c.newLine(rid)
	if c.replay.turn != "" {
		l.joinReplay(c)
	}
	return l
}

func (c *Core) newLine(rid string) *line {
	l := &line{rid: rid, retry: retry{index: -1}}
	c.lines[rid] = l
	c.mostLines = max(c.mostLines, len(c.lines))
	return l
}

// dropLine forgets a line. A map never shrinks, so one with little left is made anew.
func (c *Core) dropLine(l *line) {
	delete(c.lines, l.rid)
	l.dropped = true
	if c.mostLines > linesKept && len(c.lines) < c.mostLines/8 {
		few := make(map[string]*line, len(c.lines))
		maps.Copy(few, c.lines)
		c.lines, c.mostLines = few, len(few)
	}
}

// linesKept is how many lines may take room that nobody needs.
const linesKept = 4096

// inOrder returns all lines in an order that does not depend on chance: the wanted
// ones as they were first subscribed, then the others by name.
func (c *Core) inOrder() []*line {
	if len(c.lines) == 0 {
		return nil
	}
	lines := make([]*line, 0, len(c.lines))
	for _, rid := range c.reg.WantedInOrder() {
		if l := c.lines[rid]; l != nil {
			lines = append(lines, l)
		}
	}
	wanted := len(lines)
	if wanted < len(c.lines) {
		for rid, l := range c.lines {
			if !c.reg.Wanted(rid) {
				lines = append(lines, l)
			}
		}
	}
	slices.SortFunc(lines[wanted:], func(a, b *line) int { return strings.Compare(a.rid, b.rid) })
	return lines
}
