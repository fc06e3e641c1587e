package doctest_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "copy the text of the programs into the documents")

// root is the root of the module.
var root = filepath.Join("..", "..")

// document is a Markdown file.
type document struct {
	name string // relative to the root, with slashes
	text string
}

// documents returns all Markdown files of the module.
func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all = append(all, document{filepath.ToSlash(name), read(t, path)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are no documents")
	}
	return all
}

// documentNamed returns one document.
func documentNamed(t *testing.T, name string) document {
	t.Helper()
	return document{name, read(t, filepath.Join(root, filepath.FromSlash(name)))}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// block is a fenced code block.
type block struct {
	language    string
	above       string // the line before it that is not empty
	text        string
	first, past int // the lines of the text, counted from 0
}

// blocks returns the code blocks of a document.
func (d document) blocks() []block {
	var all []block
	var open *block
	above := ""
	lines := strings.Split(d.text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{language: language, above: above, first: i + 1}
		case fence:
			open.past = i
			open.text = strings.Join(lines[open.first:i], "\n")
			all = append(all, *open)
			open = nil
		}
		if line != "" {
			above = line
		}
	}
	return all
}
