package apilist

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// List returns the lines for the packages below dir, sorted by package and then by what
// they are about.
func List(dir string) ([]string, error) {
	packages, err := load(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, pkg := range packages {
		l := lister{pkg: pkg, qualify: qualifier(pkg)}
		for _, name := range pkg.Scope().Names() { // sorted
			if token.IsExported(name) {
				l.object(pkg.Scope().Lookup(name))
			}
		}
		slices.Sort(l.lines)
		all = append(all, slices.Compact(l.lines)...)
	}
	return all, nil
}

// lister lists one package.
type lister struct {
	pkg     *types.Package
	qualify types.Qualifier
	lines   []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, "pkg "+shortName(l.pkg)+", "+fmt.Sprintf(format, args...))
}

func (l *lister) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		l.add("const %s %s = %s", o.Name(), l.text(o.Type()), o.Val().ExactString())
	case *types.Var:
		l.add("var %s %s", o.Name(), l.text(o.Type()))
	case *types.Func:
		l.add("func %s%s", o.Name(), l.signature(o.Signature()))
	case *types.TypeName:
		l.declared(o)
	}
}

// declared lists a type: what it is, its members, its methods.
func (l *lister) declared(o *types.TypeName) {
	if o.IsAlias() {
		l.add("type %s = %s", o.Name(), l.text(types.Unalias(o.Type())))
		return
	}
	named := o.Type().(*types.Named)
	name := o.Name() + l.typeParams(named.TypeParams(), true)
	switch under := named.Underlying().(type) {
	case *types.Struct:
		l.add("type %s struct", name)
		l.fields(o.Name(), under)
	case *types.Interface:
		l.add("type %s interface", name)
		l.abstract(o.Name(), under)
		return // the methods are listed
	default:
		l.add("type %s %s", name, l.text(under))
	}
	l.methods(named)
}

// fields lists the fields of a struct. Those of something embedded that is not
// exported are used as if they were its own.
func (l *lister) fields(of string, s *types.Struct) {
	for field := range s.Fields() {
		switch {
		case field.Exported() && field.Embedded():
			l.add("type %s struct, embedded %s", of, l.text(field.Type()))
		case field.Exported():
			l.add("type %s struct, %s %s", of, field.Name(), l.text(field.Type()))
		case field.Embedded():
			if inner, ok := pointed(field.Type()).Underlying().(*types.Struct); ok {
				l.fields(of, inner)
			}
		}
	}
}

// abstract lists the methods of an interface.
func (l *lister) abstract(of string, t *types.Interface) {
	for method := range t.Methods() {
		if method.Exported() {
			l.add("type %s interface, %s%s", of, method.Name(), l.signature(method.Signature()))
		} else {
			l.add("type %s interface, unexported methods", of) // nobody else can implement it
		}
	}
}

// methods lists the methods of a type, with those that it gets from something embedded
// that is not exported.
func (l *lister) methods(named *types.Named) {
	values := types.NewMethodSet(named)
	pointers := types.NewMethodSet(types.NewPointer(named))
	for selection := range pointers.Methods() {
		method := selection.Obj().(*types.Func)
		if !method.Exported() || promotedByExported(named, selection.Index()) {
			continue
		}
		receiver := "*"
		if values.Lookup(l.pkg, method.Name()) != nil {
			receiver = ""
		}
		receiver += named.Obj().Name() + l.typeParams(named.TypeParams(), false)
		l.add("method (%s) %s%s", receiver, method.Name(), l.signature(selection.Type().(*types.Signature)))
	}
}

// promotedByExported reports whether the path to a method leads over an embedded field
// that is exported, so that it is listed there.
func promotedByExported(t types.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		field := pointed(t).Underlying().(*types.Struct).Field(i)
		if field.Exported() {
			return true
		}
		t = field.Type()
	}
	return false
}

func pointed(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// signature returns what follows the name of a function.
func (l *lister) signature(s *types.Signature) string {
	return l.typeParams(s.TypeParams(), true) + strings.TrimPrefix(l.text(types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic())), "func")
}

// typeParams returns [T any], or [T] without constraints.
func (l *lister) typeParams(list *types.TypeParamList, constraints bool) string {
	if list.Len() == 0 {
		return ""
	}
	var names []string
	for p := range list.TypeParams() {
		name := p.Obj().Name()
		if constraints {
			name += " " + l.text(p.Constraint())
		}
		names = append(names, name)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func (l *lister) text(t types.Type) string { return types.TypeString(t, l.qualify) }
