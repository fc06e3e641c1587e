package state_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/state"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// document is the text of docs/states.md.
func document() string {
	return `<!-- Generated from state.Rules. To refresh: go test ./state -update -->

# The states of a connection

What each state and event means is documented in package
[state](https://pkg.go.dev/github.com/resclient/resclient-go/state). On an arrow
stand the event, its guard in brackets, and its effect behind a slash. Attempts
count dials; a connection is stable once it has been connected for a while
(` + "`state.Config.StableAfter`" + `), and then the count restarts. What is not drawn is
impossible.

` + "```mermaid\n" + state.Diagram() + "```\n\n" + `"new" is the state before the start.

` + state.Table()
}

func TestDocumentIsUpToDate(t *testing.T) {
	path := filepath.Join("..", "docs", "states.md")
	want := document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; to write it: go test ./state -update", err)
	}
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Error("docs/states.md is out of date; to refresh it: go test ./state -update")
	}
}

func TestDiagramShowsEveryRule(t *testing.T) {
	diagram := state.Diagram()
	if !strings.HasPrefix(diagram, "stateDiagram-v2\n") {
		t.Errorf("not a state diagram:\n%s", diagram)
	}
	arrows := strings.Count(diagram, "-->")
	if want := len(state.Rules()) + 1; arrows != want { // and one for the end
		t.Errorf("got %d arrows, want %d:\n%s", arrows, want, diagram)
	}
}

func TestNotesFitOnAnArrow(t *testing.T) {
	for _, r := range state.Rules() {
		if strings.ContainsAny(r.Note, ":;#\n|") {
			t.Errorf("the note %q of %v in %v would break the diagram", r.Note, r.Event, r.From)
		}
	}
}
