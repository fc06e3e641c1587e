package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is the parsed source of one package, without its tests.
type source struct {
	pkg   string // relative to the module
	fset  *token.FileSet
	files []*ast.File
}

// findings collects what is wrong, each with its position.
type findings []string

func (f *findings) add(s source, node ast.Node, format string, args ...any) {
	pos := s.fset.Position(node.Pos())
	*f = append(*f, fmt.Sprintf("%s:%d: %s", pos.Filename, pos.Line, fmt.Sprintf(format, args...)))
}

// checkPurity returns what a pure package must not contain.
func checkPurity(s source) []string {
	var found findings
	for _, file := range s.files {
		checkPureImports(&found, s, file)
		checkParts(&found, s, file)
		checkConcurrency(&found, s, file)
		checkDeclarations(&found, s, file)
	}
	checkVariables(&found, s)
	return found
}

// checkPureImports compares the imports from outside with the list. What may be
// imported of ours is the business of checkArrows.
func checkPureImports(found *findings, s source, file *ast.File) {
	for _, spec := range file.Imports {
		imported := importPath(spec)
		if spec.Name != nil && (spec.Name.Name == "." || spec.Name.Name == "_") {
			found.add(s, spec, "import %s %q: a pure package imports by name", spec.Name.Name, imported)
		}
		if isOurs(imported) {
			continue
		}
		if _, ok := pureImports[imported]; !ok {
			found.add(s, spec, "import %q is not on the list for pure packages", imported)
		}
		if only := pureImportOnlyIn[imported]; only != "" && only != s.pkg {
			found.add(s, spec, "import %q is for package %s only", imported, only)
		}
	}
}

// checkParts finds uses of names that are not on the parts list of their package.
func checkParts(found *findings, s source, file *ast.File) {
	imports := importNames(file)
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		imported := imports[x.Name]
		parts := pureImports[imported].parts
		if parts != nil && !slices.Contains(parts, sel.Sel.Name) {
			found.add(s, sel, "%s.%s of %q is not on the list for pure packages", x.Name, sel.Sel.Name, imported)
		}
		return true
	})
}

// checkConcurrency finds goroutines and channels. Receiving, and ranging over a
// channel, need a channel, whose type is found here: no import provides one.
func checkConcurrency(found *findings, s source, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found.add(s, n, "go statement in a pure package")
		case *ast.SelectStmt:
			found.add(s, n, "select statement in a pure package")
		case *ast.ChanType:
			found.add(s, n, "channel type in a pure package")
		case *ast.SendStmt:
			found.add(s, n, "send to a channel in a pure package")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found.add(s, n, "receive from a channel in a pure package")
			}
		}
		return true
	})
}

// checkDeclarations finds init functions and the printing builtins.
func checkDeclarations(found *findings, s source, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				found.add(s, n, "init function in a pure package")
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "print" || name.Name == "println") {
				found.add(s, n, "%s in a pure package", name.Name)
			}
		}
		return true
	})
}

func isOurs(imported string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

// importNames maps the names of a file's imports to their paths.
func importNames(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		imported := importPath(spec)
		name := packageName(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
	}
	return names
}

func importPath(spec *ast.ImportSpec) string {
	imported, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value // not valid Go
	}
	return imported
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// packageName guesses the name of a package from its path.
func packageName(imported string) string {
	if base := path.Base(imported); !majorVersion.MatchString(base) {
		return base
	}
	return path.Base(path.Dir(imported))
}
