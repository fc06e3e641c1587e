package doctest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	span       = regexp.MustCompile("`([^`]+)`")
	sourcePath = regexp.MustCompile(`^[a-z][a-z/]*/[a-z_]+\.go$`)
	testName   = regexp.MustCompile(`^([a-z]+)\.((?:Test|Example|Fuzz)\w*)$`)
	behaviour  = regexp.MustCompile(`^conformance/(.+)$`)
	// listed is a behaviour in the list of the suite. One without a function is not tested.
	listed = regexp.MustCompile(`(?m)^\t\t\{\d+, "([^"]+)", \w+, (\w+),`)
)

func TestProtocolNamesCodeAndTestsThatExist(t *testing.T) {
	tests, behaviours := testNames(t), behaviours(t)
	document := documentNamed(t, "docs/protocol.md")
	for _, found := range span.FindAllStringSubmatch(document.prose(), -1) {
		name := found[1]
		switch {
		case sourcePath.MatchString(name):
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("docs/protocol.md names the file %q: %v", name, err)
			}
		case testName.MatchString(name):
			if !slices.Contains(tests, name) {
				t.Errorf("docs/protocol.md names the test %q, which does not exist", name)
			}
		case behaviour.MatchString(name):
			if b := behaviour.FindStringSubmatch(name)[1]; !slices.Contains(behaviours, b) && b != "name" {
				t.Errorf("docs/protocol.md names the behaviour %q, which is not tested", b)
			}
		}
	}
}

func TestEveryPartOfTheProtocolHasCodeAndATest(t *testing.T) {
	rows := 0
	for line := range strings.Lines(documentNamed(t, "docs/protocol.md").text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 4 || !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[len(cells)-1]) == "tests" {
			continue // no row, or a heading
		}
		rows++
		code, tests := spans(cells[len(cells)-2]), spans(cells[len(cells)-1])
		if len(code) == 0 || slices.ContainsFunc(code, func(s string) bool { return !sourcePath.MatchString(s) }) {
			t.Errorf("docs/protocol.md: the row %q has the code %q", cells[0], code)
		}
		if len(tests) == 0 || slices.ContainsFunc(tests, func(s string) bool {
			return !testName.MatchString(s) && !behaviour.MatchString(s)
		}) {
			t.Errorf("docs/protocol.md: the row %q has the tests %q", cells[0], tests)
		}
	}
	if rows < 50 {
		t.Errorf("docs/protocol.md has %d rows, want at least 50", rows)
	}
}

// spans returns what stands in backquotes.
func spans(text string) []string {
	var all []string
	for _, found := range span.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

// testNames returns the tests of all packages, each after the last part of its
// package's path.
func testNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, dir := range packages(t) {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, decl := range parsed(t, file).Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
					names = append(names, path.Base(dir)+"."+f.Name.Name)
				}
			}
		}
	}
	return names
}

// behaviours returns the names of those that the conformance suite tests.
func behaviours(t *testing.T) []string {
	t.Helper()
	var names []string
	suite := read(t, filepath.Join(root, "internal", "conformance", "suite_test.go"))
	for _, found := range listed.FindAllStringSubmatch(suite, -1) {
		if found[2] != "nil" {
			names = append(names, found[1])
		}
	}
	return names
}

// parsed reads a Go file.
func parsed(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
