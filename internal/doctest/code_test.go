package doctest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is the comment above a Go block: a file, and maybe a name declared in it.
var source = regexp.MustCompile(`^<!-- from (\S+\.go)(?: (\w+))? -->$`)

func TestGoBlocksAreTheTextOfTestedPrograms(t *testing.T) {
	for _, d := range documents(t) {
		lines := strings.Split(d.text, "\n")
		for _, b := range slices.Backward(d.blocks()) { // so that an update moves no other block
			if b.language != "go" {
				continue
			}
			want, err := sourceOf(t, b)
			if err != nil {
				t.Errorf("%s:%d: %v", d.name, b.first, err)
				continue
			}
			if b.text != want && *update {
				lines = slices.Replace(lines, b.first, b.past, strings.Split(want, "\n")...)
			} else if b.text != want {
				t.Errorf("%s:%d: the block is not what %q says; to refresh it: go test ./internal/doctest -update\n%s",
					d.name, b.first, b.above, firstDifference(b.text, want))
			}
		}
		if text := strings.Join(lines, "\n"); text != d.text {
			if err := os.WriteFile(filepath.Join(root, d.name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// sourceOf returns what a block should be.
func sourceOf(t *testing.T, b block) (string, error) {
	t.Helper()
	from := source.FindStringSubmatch(b.above)
	if from == nil {
		return "", fmt.Errorf("above the Go block stands %q, want a comment that names its source", b.above)
	}
	path := filepath.Join(root, filepath.FromSlash(from[1]))
	if tests, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*_test.go")); err != nil || len(tests) == 0 {
		return "", fmt.Errorf("%q has no test", from[1])
	}
	text := read(t, path)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	if from[2] == "" {
		return strings.TrimSuffix(text[fset.Position(file.Package).Offset:], "\n"), nil
	}
	for _, decl := range file.Decls {
		if declares(decl, from[2]) {
			return text[fset.Position(decl.Pos()).Offset:fset.Position(decl.End()).Offset], nil
		}
	}
	return "", fmt.Errorf("%q does not declare %q", from[1], from[2])
}

func declares(decl ast.Decl, name string) bool {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		return decl.Name.Name == name
	case *ast.GenDecl:
		return slices.ContainsFunc(decl.Specs, func(spec ast.Spec) bool {
			t, ok := spec.(*ast.TypeSpec)
			return ok && t.Name.Name == name
		})
	}
	return false
}

func firstDifference(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < len(gotLines) && i < len(wantLines) && gotLines[i] == wantLines[i] {
		i++
	}
	line := func(lines []string) string {
		if i < len(lines) {
			return fmt.Sprintf("%q", lines[i])
		}
		return "the end"
	}
	return fmt.Sprintf("line %d is %s, want %s", i+1, line(gotLines), line(wantLines))
}
