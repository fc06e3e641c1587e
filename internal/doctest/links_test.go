package doctest_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

func TestRelativeLinksLeadSomewhere(t *testing.T) {
	for _, d := range documents(t) {
		for _, found := range link.FindAllStringSubmatch(d.prose(), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") { // another site
				continue
			}
			name := d.name
			if target != "" {
				name = path.Join(path.Dir(d.name), target)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("%s: link %q: %v", d.name, found[1], err)
				continue
			}
			if anchor != "" && !documentNamed(t, name).hasHeading(anchor) {
				t.Errorf("%s: link %q: %s has no such heading", d.name, found[1], name)
			}
		}
	}
}

// prose returns a document without its code blocks.
func (d document) prose() string {
	lines := strings.Split(d.text, "\n")
	for _, b := range d.blocks() {
		for i := b.first; i < b.past; i++ {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

// hasHeading reports whether a heading has the anchor that GitHub gives it.
func (d document) hasHeading(anchor string) bool {
	for _, found := range heading.FindAllStringSubmatch(d.prose(), -1) {
		slug := notSlug.ReplaceAllString(strings.ToLower(found[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}
