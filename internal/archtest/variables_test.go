package archtest_test

import (
	"go/ast"
	"go/token"
	"strings"
)

// tableMark begins a line of the comment above a table.
const tableMark = "// table"

// variable is what a package-level variable may be.
type variable int

const (
	sentinel variable = iota + 1 // an error to compare with, or a value without content
	table                        // an array or map to look things up in
)

// checkVariables finds package-level variables that could change. These are
// allowed:
//
//   - var _ = …, which is an assertion for the compiler;
//   - errors.New(…) and &Error{…};
//   - T{} of a struct type of this package that has no fields;
//   - an unexported array or map literal, whose comment has a line that begins
//     with "// table".
//
// None of them may be assigned to, in whole or in part, or have its address
// taken. A table may only be indexed, ranged over and measured with len, so that
// no other name for it can exist.
func checkVariables(found *findings, s source) {
	variables := map[string]variable{}
	empty := emptyStructs(s)
	for _, file := range s.files {
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.VAR {
				classify(found, s, decl, empty, variables)
			}
		}
	}
	for _, file := range s.files {
		checkUses(found, s, file, variables)
	}
}

// classify notes the variables of a declaration, and finds those that are not allowed.
func classify(found *findings, s source, decl *ast.GenDecl, empty map[string]bool, variables map[string]variable) {
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		for i, name := range spec.Names {
			if name.Name == "_" {
				continue
			}
			var value ast.Expr
			if len(spec.Values) == len(spec.Names) {
				value = spec.Values[i]
			}
			switch {
			case isSentinel(value, empty):
				variables[name.Name] = sentinel
			case isTable(value) && (marked(spec.Doc) || marked(decl.Doc)) && !name.IsExported():
				variables[name.Name] = table
			default:
				found.add(s, name, "package-level variable %s: neither a constant error nor an unexported array or map marked %q",
					name.Name, tableMark)
			}
		}
	}
}

// isSentinel reports whether a value is errors.New(…), &Error{…}, &pkg.Error{…},
// or T{} with a T that has no fields.
func isSentinel(value ast.Expr, empty map[string]bool) bool {
	switch value := value.(type) {
	case *ast.CallExpr:
		fun, ok := value.Fun.(*ast.SelectorExpr)
		return ok && isIdent(fun.X, "errors") && fun.Sel.Name == "New"
	case *ast.UnaryExpr:
		literal, ok := value.X.(*ast.CompositeLit)
		if !ok || value.Op != token.AND {
			return false
		}
		if sel, ok := literal.Type.(*ast.SelectorExpr); ok {
			return sel.Sel.Name == "Error"
		}
		return isIdent(literal.Type, "Error")
	case *ast.CompositeLit:
		name, ok := value.Type.(*ast.Ident)
		return ok && empty[name.Name]
	default:
		return false
	}
}

// isTable reports whether a value is an array or map literal. A slice is not: it
// could be written [...]T{…}.
func isTable(value ast.Expr) bool {
	literal, ok := value.(*ast.CompositeLit)
	if !ok {
		return false
	}
	switch t := literal.Type.(type) {
	case *ast.ArrayType:
		return t.Len != nil
	case *ast.MapType:
		return true
	default:
		return false
	}
}

// marked reports whether a line of a comment begins with the mark of a table.
func marked(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, line := range doc.List {
		if strings.HasPrefix(line.Text, tableMark) {
			return true
		}
	}
	return false
}

// emptyStructs returns the struct types of a package that have no fields.
func emptyStructs(s source) map[string]bool {
	empty := map[string]bool{}
	for _, file := range s.files {
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				continue
			}
			for _, spec := range decl.Specs {
				spec := spec.(*ast.TypeSpec)
				t, ok := spec.Type.(*ast.StructType)
				empty[spec.Name.Name] = ok && t.Fields.NumFields() == 0
			}
		}
	}
	return empty
}

// checkUses finds writes to the variables, to those of imported packages too, and
// forbidden uses of tables.
func checkUses(found *findings, s source, file *ast.File, variables map[string]variable) {
	imports := importNames(file)
	written := func(target ast.Expr, how string) {
		name := root(target)
		if name == nil {
			return
		}
		if _, ok := imports[name.Name]; ok && name != target {
			found.add(s, target, "%s a variable of package %s", how, name.Name)
		}
		if variables[name.Name] != 0 {
			found.add(s, target, "%s the package-level variable %s (if it is a local one: rename it)", how, name.Name)
		}
	}
	ast.PreorderStack(file, nil, func(n ast.Node, stack []ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, target := range n.Lhs {
					written(target, "assigns to")
				}
			}
		case *ast.IncDecStmt:
			written(n.X, "assigns to")
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				written(n.Key, "assigns to")
				written(n.Value, "assigns to")
			}
		case *ast.UnaryExpr:
			if _, literal := n.X.(*ast.CompositeLit); n.Op == token.AND && !literal {
				written(n.X, "takes the address of")
			}
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (fun.Name == "delete" || fun.Name == "clear") {
				written(n.Args[0], "removes from")
			}
		case *ast.Ident:
			if variables[n.Name] == table && !tableUse(n, stack[len(stack)-1]) {
				found.add(s, n, "table %s may only be indexed, ranged over and measured with len (if it is a local name: rename it)", n.Name)
			}
		}
		return true
	})
}

// root returns the variable that an expression such as v.a[i].b is a part of, or
// nil.
func root(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.SliceExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		default:
			return nil
		}
	}
}

// tableUse reports whether parent uses the name of a table as tables may be used,
// or does not mean the table at all.
func tableUse(name *ast.Ident, parent ast.Node) bool {
	switch parent := parent.(type) {
	case *ast.IndexExpr:
		return parent.X == name
	case *ast.RangeStmt:
		return parent.X == name
	case *ast.CallExpr:
		return isIdent(parent.Fun, "len")
	case *ast.ValueSpec, *ast.Field: // is declared here, as this or as something else
		return true
	case *ast.SelectorExpr:
		return parent.Sel == name
	case *ast.KeyValueExpr:
		return parent.Key == name
	default:
		return false
	}
}

func isIdent(expr ast.Expr, name string) bool {
	ident, ok := expr.(*ast.Ident)
	return ok && ident.Name == name
}
