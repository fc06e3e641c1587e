package doctest_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step is the heading of a step of the quickstart.
var step = regexp.MustCompile(`(?m)^\d\. (.+)$`)

func TestGettingStartedQuotesTheQuickstart(t *testing.T) {
	program := read(t, filepath.Join(root, "examples", "quickstart", "main.go"))
	quoted := 0
	for _, b := range documentNamed(t, "docs/getting-started.md").blocks() {
		if b.language != "text" {
			continue
		}
		for _, found := range step.FindAllStringSubmatch(b.text, -1) {
			quoted++
			if !strings.Contains(program, `p.heading("`+found[1]+`")`) {
				t.Errorf("docs/getting-started.md quotes the step %q, which the quickstart does not have", found[1])
			}
		}
	}
	if quoted == 0 {
		t.Error("docs/getting-started.md quotes no step of the quickstart")
	}
}
