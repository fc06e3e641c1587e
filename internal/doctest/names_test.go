package doctest_test

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// qualified is an exported name of a package of ours: `conn.New(url)`, `*subs.Sync`, `subs.Sync.Reason`.
	qualified = regexp.MustCompile(`\b(res|wire|state|subs|conn|resgatetest)\.([A-Z]\w*)((?:\.[A-Z]\w*)?)`)
	// ofType is a method or field of one of the types that are named without their package.
	ofType = regexp.MustCompile(`(?:^|[ *(])(Client|Subscription|Session|Server|Service|Network)\.([A-Z]\w*)`)
)

// home says in which package those types are.
var home = map[string]string{
	"Client": "conn", "Subscription": "conn", "Session": "conn",
	"Server": "resgatetest", "Service": "resgatetest", "Network": "resgatetest",
}

func TestDocumentsUseNamesThatExist(t *testing.T) {
	exported := make(map[string]bool)
	for _, pkg := range []string{"res", "wire", "state", "subs", "conn", "resgatetest"} {
		for _, name := range exports(t, pkg) {
			exported[pkg+"."+name] = true
		}
	}
	checked := 0
	for _, d := range documents(t) {
		for _, text := range spans(d.prose()) {
			if testName.MatchString(text) {
				continue // see TestProtocolNamesCodeAndTestsThatExist
			}
			var names []string
			for _, found := range qualified.FindAllStringSubmatch(text, -1) {
				names = append(names, found[1]+"."+found[2]+found[3])
			}
			for _, found := range ofType.FindAllStringSubmatch(text, -1) {
				names = append(names, home[found[1]]+"."+found[1]+"."+found[2])
			}
			for _, name := range names {
				checked++
				if !exported[name] {
					t.Errorf("%s: %q: there is no %s", d.name, text, name)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no document names anything")
	}
}

// exports returns what a package exports, with methods and fields after their type:
// also those of types that are embedded.
func exports(t *testing.T, pkg string) []string {
	t.Helper()
	var names []string
	embedded := make(map[string][]string) // in a type
	for _, file := range sources(t, pkg) {
		for _, decl := range parsed(t, filepath.Join(root, pkg, file)).Decls {
			names = append(names, declared(decl)...)
			embeds(decl, embedded)
		}
	}
	for outer, inner := range embedded {
		for _, name := range names {
			owner, member, ok := strings.Cut(name, ".")
			if ok && slices.Contains(inner, owner) {
				names = append(names, outer+"."+member)
			}
		}
	}
	return names
}

// embeds notes which types are embedded in the structs that decl declares.
func embeds(decl ast.Decl, embedded map[string][]string) {
	types, ok := decl.(*ast.GenDecl)
	if !ok {
		return
	}
	for _, spec := range types.Specs {
		spec, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		if s, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range s.Fields.List {
				if len(field.Names) == 0 {
					embedded[spec.Name.Name] = append(embedded[spec.Name.Name], typeName(field.Type))
				}
			}
		}
	}
}

func declared(decl ast.Decl) []string {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			return []string{decl.Name.Name}
		}
		return []string{typeName(decl.Recv.List[0].Type) + "." + decl.Name.Name}
	case *ast.GenDecl:
		var names []string
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					names = append(names, name.Name)
				}
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
				for _, member := range members(spec.Type) {
					names = append(names, spec.Name.Name+"."+member)
				}
			}
		}
		return names
	}
	return nil
}

// typeName returns the name of the type of a receiver or an embedded field.
func typeName(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return typeName(x.X)
	case *ast.IndexExpr:
		return typeName(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// members returns the fields of a struct, or the methods of an interface.
func members(x ast.Expr) []string {
	var fields *ast.FieldList
	switch x := x.(type) {
	case *ast.StructType:
		fields = x.Fields
	case *ast.InterfaceType:
		fields = x.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
