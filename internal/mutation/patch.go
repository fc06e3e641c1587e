package mutation

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Patch is a change of the code that breaks one rule.
type Patch struct {
	Name     string   // of its file, without the extension
	Rule     string   // that it breaks
	Packages []string // whose tests have to notice; none for those that the caller names
	hunks    []hunk
}

// hunk replaces some lines of a file, which is named by its path in the module.
type hunk struct {
	file     string
	old, new string
}

// Read reads all patches of a directory, in the order of their names.
func Read(dir string) ([]Patch, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no patches in %s", dir)
	}
	patches := make([]Patch, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		p.Name = strings.TrimSuffix(filepath.Base(file), ".patch")
		patches = append(patches, p)
	}
	return patches, nil
}

// parse reads a patch. White space at the ends of lines that have nothing else is not
// kept by every editor, so an empty line is one of context.
func parse(text string) (Patch, error) {
	var p Patch
	var file string
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		var at *hunk
		if len(p.hunks) > 0 {
			at = &p.hunks[len(p.hunks)-1]
		}
		switch {
		case strings.HasPrefix(line, "diff --git "), strings.HasPrefix(line, "index "):
		case strings.HasPrefix(line, "--- "):
		case strings.HasPrefix(line, "+++ "):
			file = strings.TrimPrefix(strings.TrimPrefix(line, "+++ "), "b/")
		case strings.HasPrefix(line, "@@") && file != "":
			p.hunks = append(p.hunks, hunk{file: file})
		case at == nil:
			if err := p.header(line); err != nil {
				return p, fmt.Errorf("line %d: %w", i+1, err)
			}
		default:
			if err := at.line(line); err != nil {
				return p, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	if p.Rule == "" || len(p.hunks) == 0 {
		return p, errors.New("a patch needs a line \"Rule: …\" and at least one hunk")
	}
	return p, nil
}

func (p *Patch) header(line string) error {
	name, value, _ := strings.Cut(line, ":")
	switch value = strings.TrimSpace(value); {
	case line == "":
	case name == "Rule":
		p.Rule = value
	case name == "Packages":
		p.Packages = strings.Fields(value)
	case strings.HasPrefix(line, " ") && len(p.Packages) == 0: // the rule goes on
		p.Rule += " " + strings.TrimSpace(line)
	default:
		return fmt.Errorf("%q is neither of the header nor of a hunk", line)
	}
	return nil
}

func (h *hunk) line(line string) error {
	if line == "" {
		line = " "
	}
	text := line[1:] + "\n"
	switch line[0] {
	case ' ':
		h.old += text
		h.new += text
	case '-':
		h.old += text
	case '+':
		h.new += text
	default:
		return fmt.Errorf("%q begins with none of space, minus and plus", line)
	}
	return nil
}

// Apply returns the files that p changes, as they are then, by their path in the
// module whose root is given.
func (p Patch) Apply(root string) (map[string]string, error) {
	changed := make(map[string]string)
	for _, h := range p.hunks {
		text, ok := changed[h.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join(root, h.file))
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		text, err := h.apply(text)
		if err != nil {
			return nil, err
		}
		changed[h.file] = text
	}
	return changed, nil
}

func (h hunk) apply(text string) (string, error) {
	text, old := "\n"+text, "\n"+h.old // so that a hunk begins where a line does
	switch n := strings.Count(text, old); {
	case h.old == "" || h.old == h.new:
		return "", fmt.Errorf("%s: a hunk that replaces nothing", h.file)
	case n == 0:
		return "", fmt.Errorf("%s: these lines are not there any more:\n%s", h.file, h.old)
	case n > 1:
		return "", fmt.Errorf("%s: these lines are there %d times, add some around them:\n%s", h.file, n, h.old)
	}
	return strings.Replace(text, old, "\n"+h.new, 1)[1:], nil
}
