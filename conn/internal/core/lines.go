package core

import (
	"maps"
	"slices"
	"strings"
)

// line returns the line of a resource, and makes one if there is none.
func (c *Core) line(rid string) *line {
	l := c.knownLine(rid)
	if l == nil {
		l = c.newLine(rid)
		if c.replay.turn != nil {
			l.joinReplay(c)
		}
	}
	c.list(l)
	return l
}

// knownLine returns the line of a resource, nil if there is none. Of a replay there may be
// very many that do nothing but subscribe: those are not listed, and known by their requests.
func (c *Core) knownLine(rid string) *line {
	if l := c.lines[rid]; l != nil || c.unlisted == 0 {
		return l
	}
	if l := c.replay.turn; l != nil && !l.dropped && l.rid == rid {
		return l
	}
	for q := range c.table.recent.all() {
		if l := q.line; l != nil && !l.dropped && l.rid == rid {
			return l
		}
	}
	return nil
}

// list has a line be found by its id.
func (c *Core) list(l *line) {
	if l.listed {
		return
	}
	l.listed = true
	c.unlisted--
	c.lines[l.rid] = l
	c.mostLines = max(c.mostLines, len(c.lines))
}

// dropLine forgets a line. A map never shrinks, so one with little left is made anew.
func (c *Core) dropLine(l *line) {
	l.dropped = true
	if !l.listed {
		c.unlisted--
		return
	}
	delete(c.lines, l.rid)
	if c.mostLines > linesKept && len(c.lines) < c.mostLines/8 {
		few := make(map[string]*line, len(c.lines))
		maps.Copy(few, c.lines)
		c.lines, c.mostLines = few, len(few)
	}
}

// linesKept is how many lines may take room that nobody needs.
const linesKept = 4096

// newLine returns a line that is not listed yet, made of one that is not used any more if there is one.
func (c *Core) newLine(rid string) *line {
	var l *line
	if last := len(c.spareLines) - 1; last >= 0 {
		l, c.spareLines = c.spareLines[last], c.spareLines[:last]
	} else {
		l = new(line)
	}
	*l = line{rid: rid, retry: retry{index: -1}}
	c.unlisted++
	return l
}

// spareLine keeps a line to be used again, if it was dropped, and for as long as a replay
// makes new ones. Nobody must know of it.
func (c *Core) spareLine(l *line) {
	if l.dropped && c.replay.turn != nil && l != c.replay.turn && !l.first.listed {
		c.spareLines = append(c.spareLines, l)
	}
}

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
