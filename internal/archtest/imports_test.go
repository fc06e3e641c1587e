package archtest_test

import (
	"fmt"
	"slices"
	"strings"
)

// A listed package is what go list tells about one.
type listed struct {
	ImportPath string
	Dir        string
	Name       string
	Standard   bool
	Imports    []string // without those of tests
}

// path returns the path of a package of ours, relative to the module.
func (p listed) path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// program reports whether the package is one to run, not to import.
func (p listed) program() bool { return p.Name == "main" }

// checkArrows returns the imports among our packages that point the wrong way.
func checkArrows(packages []listed) []string {
	var found []string
	for _, p := range packages {
		if p.program() {
			continue
		}
		allowed, ok := arrows[p.path()]
		if !ok {
			found = append(found, fmt.Sprintf("package %q has no place in the table of arrows", p.path()))
			continue
		}
		for _, imported := range p.Imports {
			if !isOurs(imported) {
				continue
			}
			other := listed{ImportPath: imported}.path()
			if !slices.Contains(allowed, other) {
				found = append(found, fmt.Sprintf("package %q imports %q", p.path(), other))
			}
		}
	}
	return found
}

// checkConnImports returns the packages that import conn, or a part of it, though
// they are neither programs nor parts of it. It does not look at the table of
// arrows, which could be changed in passing.
func checkConnImports(packages []listed) []string {
	ofConn := func(path string) bool { return path == "conn" || strings.HasPrefix(path, "conn/") }
	var found []string
	for _, p := range packages {
		ofProgram := p.program() || strings.HasPrefix(p.path(), "cmd/")
		if ofProgram || ofConn(p.path()) {
			continue
		}
		for _, imported := range p.Imports {
			other := listed{ImportPath: imported}.path()
			if isOurs(imported) && ofConn(other) {
				found = append(found, fmt.Sprintf("package %q imports %q: only programs and tests may", p.path(), other))
			}
		}
	}
	return found
}

// checkLinks returns what a package links although its rule does not allow it.
func checkLinks(rule linkRule, deps []listed) []string {
	var found []string
	for _, dep := range deps {
		allowed := slices.ContainsFunc(rule.allowed, func(m string) bool {
			return dep.ImportPath == m || strings.HasPrefix(dep.ImportPath, m+"/")
		})
		switch {
		case dep.Standard && slices.Contains(rule.forbidden, dep.ImportPath),
			!dep.Standard && !allowed && !isOurs(dep.ImportPath):
			found = append(found, fmt.Sprintf("a program that imports %q links %q", rule.pkg, dep.ImportPath))
		}
	}
	return found
}

// checkRequired returns the required packages that are not there.
func checkRequired(packages []listed) []string {
	var found []string
	for _, name := range required {
		if !slices.ContainsFunc(packages, func(p listed) bool { return p.path() == name }) {
			found = append(found, fmt.Sprintf("package %q does not exist", name))
		}
	}
	return found
}
