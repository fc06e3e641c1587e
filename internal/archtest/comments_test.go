package archtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// checkPackageComment returns what is wrong with the comment of a package. A
// package to import has it in doc.go; a program may have it in any file.
func checkPackageComment(s source, name string) []string {
	if name == "main" {
		want := "Command " + path.Base(s.pkg) + " "
		for _, file := range s.files {
			if strings.HasPrefix(file.Doc.Text(), want) {
				return nil
			}
		}
		return []string{fmt.Sprintf("program %q has no package comment that begins %q", s.pkg, want)}
	}
	want := "Package " + name + " "
	for _, file := range s.files {
		if filepath.Base(s.fset.Position(file.Pos()).Filename) != "doc.go" {
			continue
		}
		if !strings.HasPrefix(file.Doc.Text(), want) {
			return []string{fmt.Sprintf("doc.go of package %q has no package comment that begins %q", s.pkg, want)}
		}
		return nil
	}
	return []string{fmt.Sprintf("package %q has no doc.go", s.pkg)}
}

// checkComments returns what is exported without a comment: functions, methods of
// exported types, types, their fields, methods of exported interfaces, constants and variables.
// The comment of a group serves for its constants and variables.
func checkComments(s source) []string {
	var found findings
	for _, file := range s.files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Name.IsExported() && ofExported(decl) && decl.Doc.Text() == "" {
					found.add(s, decl, "%s has no comment", decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					checkSpec(&found, s, decl, spec)
				}
			}
		}
	}
	return found
}

// ofExported reports whether a function is no method, or one of an exported type.
func ofExported(decl *ast.FuncDecl) bool {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return true
	}
	receiver := root(decl.Recv.List[0].Type)
	if generic, ok := decl.Recv.List[0].Type.(*ast.IndexListExpr); ok {
		receiver = root(generic.X)
	}
	return receiver == nil || receiver.IsExported()
}

func checkSpec(found *findings, s source, decl *ast.GenDecl, spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if !spec.Name.IsExported() {
			return
		}
		alone := decl.Lparen == token.NoPos
		if spec.Doc.Text() == "" && (!alone || decl.Doc.Text() == "") {
			found.add(s, spec, "%s has no comment", spec.Name.Name)
		}
		switch t := spec.Type.(type) {
		case *ast.InterfaceType:
			checkInterface(found, s, spec.Name.Name, t)
		case *ast.StructType:
			checkFields(found, s, spec.Name.Name, decl.Doc.Text()+spec.Doc.Text(), t)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && spec.Doc.Text()+spec.Comment.Text()+decl.Doc.Text() == "" {
				found.add(s, name, "%s has no comment", name.Name)
			}
		}
	}
}

// checkFields looks at the fields of a struct. One may have its comment in that of the type,
// or of another field, which then has its name. Packages that nobody else can import are
// spared.
func checkFields(found *findings, s source, of, doc string, t *ast.StructType) {
	if slices.Contains(strings.Split(s.pkg, "/"), "internal") {
		return
	}
	for _, field := range t.Fields.List {
		doc += " " + field.Doc.Text() + " " + field.Comment.Text()
	}
	words := strings.FieldsFunc(doc, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, field := range t.Fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc.Text()+field.Comment.Text() == "" && !slices.Contains(words, name.Name) {
				found.add(s, name, "%s.%s has no comment", of, name.Name)
			}
		}
	}
}

func checkInterface(found *findings, s source, of string, t *ast.InterfaceType) {
	for _, method := range t.Methods.List {
		for _, name := range method.Names {
			if name.IsExported() && method.Doc.Text()+method.Comment.Text() == "" {
				found.add(s, name, "%s.%s has no comment", of, name.Name)
			}
		}
	}
}
