package cli

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// palette colours text for a terminal, or does not.
type palette bool

const (
	dim    = "2"
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p palette) paint(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (a *app) palette() palette { return palette(a.outTerminal && a.colour) }

// value returns a value as people read it: references as arrows, anything else as JSON.
func (p palette) value(v res.Value) string {
	switch {
	case v.IsAbsent():
		return p.paint(dim, "-")
	case v.IsReference():
		return p.paint(cyan, "→ "+printable(v.RID()))
	case v.Kind() == res.SoftReference:
		return p.paint(cyan, "⇢ "+printable(v.RID()))
	}
	return printable(string(v.JSON()))
}

// printable puts a replacement character in place of each control character, so that
// nothing that a service says can move the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return utf8.RuneError
		}
		return r
	}, s)
}

// resource returns a resource as a headline and an indented line for each property or
// item.
func (p palette) resource(r *subs.Resource) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", p.paint(bold, printable(r.RID())), p.paint(dim, p.headline(r)))
	for name, v := range p.fields(r) {
		fmt.Fprintf(&b, "  %s  %s\n", name, p.value(v))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (p palette) headline(r *subs.Resource) string {
	switch r.Kind() {
	case wire.KindCollection:
		return fmt.Sprintf("collection of %d", r.Len())
	case wire.KindError:
		return p.paint(red, printable(r.Err().Error()))
	}
	return "model"
}

// fields yields what is in a resource: padded names of properties, or indices, and
// values.
func (p palette) fields(r *subs.Resource) iter.Seq2[string, res.Value] {
	return func(yield func(string, res.Value) bool) {
		width := 0
		for name := range r.Properties() {
			width = max(width, utf8.RuneCountInString(name))
		}
		for name, v := range r.Properties() {
			if !yield(fmt.Sprintf("%-*s", width, printable(name)), v) {
				return
			}
		}
		width = len(strconv.Itoa(max(r.Len()-1, 0)))
		for i, v := range r.Items() {
			if !yield(fmt.Sprintf("%*d", width, i), v) {
				return
			}
		}
	}
}

// event returns an event on one line, or a whole resource for a Sync.
func (p palette) event(ev subs.Event) string {
	rid := p.paint(bold, printable(ev.RID()))
	switch ev := ev.(type) {
	case *subs.Sync:
		head := p.paint(green, "sync") + "  " + p.paint(dim, ev.Reason.String()) + "  "
		if ev.View != nil {
			return head + p.tree(ev.View, ev.RID())
		}
		return head + p.resource(ev.Resource)
	case *subs.Change:
		return p.paint(yellow, "change") + "  " + rid + "  " + p.changes(ev) + p.missed(ev.Resync)
	case *subs.Add:
		return p.paint(yellow, "add") + "  " + rid + fmt.Sprintf("  %d: %s", ev.Index, p.value(ev.Value)) + p.missed(ev.Resync)
	case *subs.Remove:
		return p.paint(yellow, "remove") + "  " + rid + fmt.Sprintf("  %d: %s", ev.Index, p.value(ev.Value)) + p.missed(ev.Resync)
	case *subs.Custom:
		return p.paint(cyan, printable(ev.Name)) + "  " + rid + "  " + printable(string(ev.Payload))
	case *subs.Stale:
		return p.paint(red, "stale") + "  " + rid + "  " + p.paint(dim, oneLine(fmt.Sprint(ev.Cause)))
	case *subs.Unsubscribe:
		return p.paint(red, "unsubscribe") + "  " + rid + "  " + oneLine(ev.Reason.Error())
	case *subs.Delete:
		return p.paint(red, "delete") + "  " + rid
	case *subs.Drop:
		return p.paint(dim, "drop") + "  " + rid
	case *subs.Lag:
		return p.paint(red, "lag") + "  " + rid + fmt.Sprintf("  %d events folded, %d of them custom", ev.Events, ev.Custom)
	}
	return oneLine(ev.String())
}

func (p palette) changes(ev *subs.Change) string {
	parts := make([]string, 0, ev.Len())
	for c := range ev.Changes() {
		parts = append(parts, fmt.Sprintf("%s %s %s %s", printable(c.Name), p.paint(dim, p.value(c.Old)), p.paint(dim, "to"), p.value(c.New)))
	}
	return strings.Join(parts, ", ")
}

// missed marks what happened while the gateway was away.
func (p palette) missed(resync bool) string {
	if !resync {
		return ""
	}
	return p.paint(dim, "  (missed)")
}

// printableLines is printable for text of several lines.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = printable(l)
	}
	return strings.Join(lines, "\n")
}
