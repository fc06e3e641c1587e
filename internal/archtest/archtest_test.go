package archtest_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEveryRequiredPackageExists(t *testing.T) {
	report(t, checkRequired(packages(t)))
}

func TestImportsPointOneWay(t *testing.T) {
	report(t, checkArrows(packages(t)))
}

func TestOnlyProgramsAndTestsImportConn(t *testing.T) {
	report(t, checkConnImports(packages(t)))
}

func TestPurePackagesArePure(t *testing.T) {
	all := packages(t)
	for _, name := range purePackages {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(all, func(p listed) bool { return p.path() == name })
			if i < 0 {
				t.Fatalf("package %q does not exist", name)
			}
			report(t, checkPurity(parse(t, all[i])))
		})
	}
}

func TestProgramsLinkOnlyWhatTheyNeed(t *testing.T) {
	for _, rule := range linkRules {
		t.Run(rule.pkg, func(t *testing.T) {
			report(t, checkLinks(rule, goList(t, "-deps", "./"+rule.pkg)))
		})
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		report(t, checkPackageComment(parse(t, p), p.Name))
	}
}

func TestEverythingExportedHasAComment(t *testing.T) {
	for _, p := range packages(t) {
		if !p.program() {
			report(t, checkComments(parse(t, p)))
		}
	}
}

func report(t *testing.T, found []string) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

// packages lists the packages of the module. One that does not compile is the
// compiler's business.
func packages(t *testing.T) []listed {
	t.Helper()
	return goList(t, "-e", "./...")
}

// goList asks go list for packages, from the root of the module.
func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Dir,Name,Standard,Imports"}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		all = append(all, p)
	}
}

// parse reads a package without its tests, for whatever system its files are.
func parse(t *testing.T, p listed) source {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	s := source{pkg: p.path(), fset: token.NewFileSet()}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, parseFile(t, s.fset, path.Join(s.pkg, filepath.Base(name)), text))
	}
	return s
}

func parseFile(t *testing.T, fset *token.FileSet, name string, text []byte) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
