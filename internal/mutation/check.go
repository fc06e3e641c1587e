package mutation

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Check fails the test for every patch in a directory that does not apply, or after
// which the code does not compile.
func Check(t *testing.T, dir string) {
	t.Helper()
	root, patches := load(t, dir)
	var c compiler
	for _, p := range patches {
		if err := c.check(root, p); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// Fits reports whether p applies to the module at root, and what comes of it compiles.
func (p Patch) Fits(root string) error {
	var c compiler
	return c.check(root, p)
}

func load(t *testing.T, dir string) (root string, patches []Patch) {
	t.Helper()
	patches, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(strings.TrimSpace(string(mod))), patches
}

// compiler checks types, which takes milliseconds where the go command takes seconds.
type compiler struct {
	packages map[string]pkg // by folder
}

// pkg is what the go command says of a package.
type pkg struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Deps                    []string
}

// check compiles the packages that p changes, each against the others as they are.
func (c *compiler) check(root string, p Patch) error {
	files, err := p.Apply(root)
	if err != nil {
		return err
	}
	folders := make(map[string]bool)
	for file := range files {
		folders[filepath.Join(root, filepath.Dir(file))] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		if err := c.compile(root, folder, files); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) compile(root, folder string, changed map[string]string) error {
	if c.packages == nil {
		if err := c.list(root); err != nil {
			return err
		}
	}
	p, ok := c.packages[folder]
	if !ok {
		return fmt.Errorf("%s is not a package of this module", folder)
	}
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(folder, name)
		var text any // of the file, nil for as it is
		if rel, err := filepath.Rel(root, path); err != nil {
			return err
		} else if s, ok := changed[filepath.ToSlash(rel)]; ok {
			text = s
		}
		f, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		parsed = append(parsed, f)
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", c.export)}
	_, err := config.Check(p.ImportPath, fset, parsed, nil)
	return err
}

// list asks the go command for all packages that anything of ours needs.
func (c *compiler) list(root string) error {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	c.packages = make(map[string]pkg)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		c.packages[p.Dir] = p
	}
}

func (c *compiler) export(path string) (io.ReadCloser, error) {
	for _, p := range c.packages {
		if p.ImportPath == path {
			return os.Open(p.Export)
		}
	}
	return nil, fmt.Errorf("package %s is not known", path)
}
