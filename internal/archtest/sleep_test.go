package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// sleepers are files of tests that sleep without a bubble of their own, and why that
// lets nothing settle.
var sleepers = map[string]string{
	"internal/conformance/release_test.go": "its cases run in the bubbles of world_test.go; only there one sleeps",
	"internal/randomprogram/check_test.go": "its programs run in the bubbles of world_test.go; with a real clock, it looks again and again",
	"internal/randomprogram/feed_test.go":  "a program that reads slowly",
	"internal/randomprogram/run_test.go":   "the services' time limit, which is part of the program",
	"internal/randomprogram/verbs_test.go": "a program that waits",
	"internal/randomprogram/watch_test.go": "a program that reads slowly",
	"resgatetest/replayleftout_test.go":    "its steps run in the bubbles of replay_test.go",
}

// Where time is fake a test may sleep for hours, and everything else has come to rest
// by then. With a real clock it would hope so.
func TestNoTestSleepsOutsideABubble(t *testing.T) {
	root := filepath.Join("..", "..")
	sleeping := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if sleeps(file) && !imports(file, "testing/synctest") {
			sleeping[filepath.ToSlash(rel)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range sleeping {
		if sleepers[name] == "" {
			t.Errorf("%s: a test sleeps and has no bubble", name)
		}
	}
	for name := range sleepers {
		if !sleeping[name] {
			t.Errorf("%s is listed, and does not sleep, or has a bubble", name)
		}
	}
}

func sleeps(file *ast.File) (found bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			x, _ := sel.X.(*ast.Ident)
			found = found || x != nil && x.Name == "time" && sel.Sel.Name == "Sleep"
		}
		return !found
	})
	return found
}

func imports(file *ast.File, path string) bool {
	for _, spec := range file.Imports {
		if importPath(spec) == path {
			return true
		}
	}
	return false
}
