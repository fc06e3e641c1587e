package doctest_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mapped are the packages in the file map of docs/architecture.md.
var mapped = []string{
	"res", "wire", "state", "subs", "conn", "conn/internal/core", "conn/internal/simulation", "conn/internal/fleet", "resgatetest", "resgatetest/natstest", "resgatetest/faultproxy", "internal/apilist", "internal/fifo", "internal/chart", "internal/mutation", "internal/recording", "bench",
	"cmd/res/internal/cli", "cmd/res/internal/probe",
}

var (
	mapPackage = regexp.MustCompile("^### `(.+)`$")
	mapFile    = regexp.MustCompile("^\\| `(.+\\.go)` \\| (.*\\S) \\|$")
)

func TestFileMapNamesEveryFileAndNoOther(t *testing.T) {
	lines := fileMap(t)
	for _, pkg := range mapped {
		files := sources(t, pkg)
		for _, file := range files {
			if lines[pkg][file] == 0 {
				t.Errorf("docs/architecture.md: the map of %q has no line for %q", pkg, file)
			}
		}
		for file, count := range lines[pkg] {
			if !slices.Contains(files, file) {
				t.Errorf("docs/architecture.md: the map of %q names %q, which does not exist", pkg, file)
			}
			if count > 1 {
				t.Errorf("docs/architecture.md: the map of %q names %q %d times", pkg, file, count)
			}
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(lines)) {
		if !slices.Contains(mapped, pkg) {
			t.Errorf("docs/architecture.md: there is a map of %q, which no test looks at", pkg)
		}
	}
}

// fileMap returns how often the map has each file of each package.
func fileMap(t *testing.T) map[string]map[string]int {
	t.Helper()
	lines := make(map[string]map[string]int)
	pkg := ""
	for line := range strings.Lines(documentNamed(t, "docs/architecture.md").text) {
		line = strings.TrimSpace(line)
		if found := mapPackage.FindStringSubmatch(line); found != nil {
			pkg = found[1]
			lines[pkg] = make(map[string]int)
		} else if found := mapFile.FindStringSubmatch(line); found != nil && pkg != "" {
			lines[pkg][found[1]]++
		}
	}
	return lines
}

// sources returns the files of a package, without its tests.
func sources(t *testing.T, pkg string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		if name := filepath.Base(path); !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Errorf("package %q has no files", pkg)
	}
	return names
}
