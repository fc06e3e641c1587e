package apilist

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// module is the path of this module.
const module = "github.com/resclient/resclient-go"

// load returns the packages below dir that other modules may import. They are
// compiled, and read from what the compiler says of them.
func load(dir string) ([]*types.Package, error) {
	compiled, public, err := compile(dir)
	if err != nil {
		return nil, err
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(compiled[path])
	})
	var all []*types.Package
	for _, path := range public {
		pkg, err := imp.Import(path)
		if err != nil {
			return nil, fmt.Errorf("read the compiled package %s: %w", path, err)
		}
		all = append(all, pkg)
	}
	return all, nil
}

// compile returns where the packages below dir, and all that they import, are compiled
// to, and which of them are public.
func compile(dir string) (files map[string]string, public []string, err error) {
	cmd := exec.Command("go", "list", "-deps", "-export", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Export}}", "./...")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w\n%s", cmd, err, &stderr)
	}
	files = make(map[string]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 {
			return nil, nil, fmt.Errorf("%s: cannot read the line %q", cmd, line)
		}
		files[fields[0]] = fields[2]
		if isPublic(fields[0], fields[1]) {
			public = append(public, fields[0])
		}
	}
	slices.Sort(public)
	return files, public, nil
}

// isPublic reports whether a package is ours and there to be imported by others:
// examples and docs only have a package to put their comment in.
func isPublic(importPath, name string) bool {
	short, ours := strings.CutPrefix(importPath, module+"/")
	switch {
	case !ours, name == "main", isInternal(importPath):
		return false
	}
	return short != "docs" && short != "examples"
}

// isInternal reports whether other modules cannot import a package.
func isInternal(importPath string) bool {
	return slices.Contains(strings.Split(importPath, "/"), "internal")
}

// shortName is what a package of ours is called in the list.
func shortName(pkg *types.Package) string {
	return strings.TrimPrefix(pkg.Path(), module+"/")
}

// qualifier says how the list of pkg spells the names of other packages: as a program
// would.
func qualifier(pkg *types.Package) types.Qualifier {
	return func(other *types.Package) string {
		switch {
		case other == pkg:
			return ""
		case isInternal(other.Path()) && strings.HasPrefix(other.Path(), module):
			return other.Path() // in full, so that it stands out
		}
		return other.Name()
	}
}
