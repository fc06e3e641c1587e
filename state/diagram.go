package state

import (
	"fmt"
	"strings"
)

// Diagram returns the table as a Mermaid state diagram (stateDiagram-v2). An
// arrow is labelled with its event, its guard in brackets, and its effect
// behind a slash.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, r := range Rules() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", node(r.From), node(r.To), label(r))
	}
	fmt.Fprintf(&b, "    %s --> [*]\n", node(Closed))
	return b.String()
}

// node returns the name of a state in the diagram. Mermaid writes [*] for the
// start as well as for the end.
func node(s State) string {
	if s == initial {
		return "[*]"
	}
	return s.String()
}

// label returns what is written on the arrow of a rule.
func label(r Rule) string {
	if r.Note == "" {
		return trigger(r)
	}
	return trigger(r) + " / " + r.Note
}

// trigger returns the event of a rule with its guard.
func trigger(r Rule) string {
	if r.Underway {
		return r.Event.String() + " [dial under way]"
	}
	return r.Event.String()
}

// Table returns the table in Markdown: for every state, the events that it
// accepts with their guards, the states that they lead to, and its deadline.
func Table() string {
	var b strings.Builder
	b.WriteString("| state | accepts | deadline |\n")
	b.WriteString("|---|---|---|\n")
	for s := initial; s <= Closed; s++ {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s, accepts(s), deadlineText(s))
	}
	return b.String()
}

// accepts lists the events of a state and where they lead.
func accepts(s State) string {
	var events []string
	for _, r := range Rules() {
		if r.From == s {
			events = append(events, fmt.Sprintf("%s → %s", trigger(r), r.To))
		}
	}
	if len(events) == 0 {
		return "nothing: it is final"
	}
	return strings.Join(events, "<br>")
}

// deadlineText says in words what [Machine.Deadline] is in a state.
func deadlineText(s State) string {
	switch s {
	case Dialing:
		return "while waiting: the time of the next dial; while a dial is under way: none, the dial limits its own time"
	case Resubscribing:
		return "none: every replay limits its own time"
	case Connected:
		return "until the connection is stable: the time at which it is"
	default:
		return "none"
	}
}
