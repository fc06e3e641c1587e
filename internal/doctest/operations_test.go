package doctest_test

import (
	"go/ast"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestOperationsHasEveryLogLineAndNoOther(t *testing.T) {
	said := logLines(t)
	documented := make(map[string]string) // the level, by message
	for _, row := range documentNamed(t, "docs/operations.md").rows("### Lines") {
		documented[unquoted(row[0])] = strings.ToLower(row[1])
	}
	for _, message := range slices.Sorted(maps.Keys(said)) {
		level, ok := documented[message]
		if !ok {
			t.Errorf("docs/operations.md has no line %q", message)
		} else if level != said[message] {
			t.Errorf("docs/operations.md: the line %q has level %q, but the client says it at %q", message, level, said[message])
		}
	}
	for message := range documented {
		if _, ok := said[message]; !ok {
			t.Errorf("docs/operations.md has the line %q, which the client never says", message)
		}
	}
}

func TestOperationsHasEveryAttributeAndNoOther(t *testing.T) {
	keys := append(logKeys(t, "conn"), logKeys(t, "state")...)
	var documented []string
	for _, row := range documentNamed(t, "docs/operations.md").rows("### Attributes") {
		documented = append(documented, spans(row[0])...)
	}
	for _, key := range keys {
		if !slices.Contains(documented, key) {
			t.Errorf("docs/operations.md has no attribute %q", key)
		}
	}
	for _, key := range documented {
		if !slices.Contains(keys, key) {
			t.Errorf("docs/operations.md has the attribute %q, which no line has", key)
		}
	}
}

func TestOperationsHasEveryFigure(t *testing.T) {
	var documented []string
	for _, row := range documentNamed(t, "docs/operations.md").rows("## Figures") {
		documented = append(documented, spans(row[0])...)
	}
	fields := 0
	for _, name := range exports(t, "conn") {
		if strings.HasPrefix(name, "Stats.") {
			fields++
			if !slices.Contains(documented, "conn."+name) {
				t.Errorf("docs/operations.md has no figure conn.%s", name)
			}
		}
	}
	if fields < 20 {
		t.Errorf("conn.Stats has only %d fields", fields)
	}
}

// Messages and keys are found in log.go because nothing is logged elsewhere.
func TestOnlyLogGoLogs(t *testing.T) {
	methods := []string{"Debug", "Info", "Warn", "Log", "LogAttrs", "DebugContext", "InfoContext", "WarnContext", "ErrorContext"}
	for _, pkg := range []string{"conn", "conn/internal/core", "state"} {
		for _, name := range sources(t, pkg) {
			file := parsed(t, filepath.Join(root, filepath.FromSlash(pkg), name))
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if slices.Contains(methods, f.Sel.Name) && name != "log.go" {
					t.Errorf("%s/%s calls %s: messages belong in conn/log.go", pkg, name, f.Sel.Name)
				}
				if from, ok := f.X.(*ast.Ident); ok && from.Name == "slog" && len(call.Args) > 1 {
					if _, literal := call.Args[0].(*ast.BasicLit); literal {
						t.Errorf("%s/%s: slog.%s has a key that is no constant of a log.go", pkg, name, f.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// logLines returns what conn/log.go says, and at which level.
func logLines(t *testing.T) map[string]string {
	t.Helper()
	lines := make(map[string]string)
	ast.Inspect(parsed(t, filepath.Join(root, "conn", "log.go")), func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok || len(literal.Elts) != 2 {
			return true
		}
		level, ok := literal.Elts[0].(*ast.SelectorExpr)
		if message, isText := text(literal.Elts[1]); ok && isText {
			lines[message] = strings.ToLower(strings.TrimPrefix(level.Sel.Name, "Level"))
		}
		return true
	})
	if len(lines) < 15 {
		t.Fatalf("only %d lines are found in conn/log.go", len(lines))
	}
	return lines
}

// logKeys returns the values of a package's constants that are named as keys.
func logKeys(t *testing.T, pkg string) []string {
	t.Helper()
	var keys []string
	ast.Inspect(parsed(t, filepath.Join(root, pkg, "log.go")), func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			return true
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.ValueSpec)
			if key, ok := text(spec.Values[0]); ok && strings.HasSuffix(spec.Names[0].Name, "Key") {
				keys = append(keys, key)
			}
		}
		return true
	})
	if len(keys) < 5 {
		t.Fatalf("only %d keys are found in %s/log.go", len(keys), pkg)
	}
	return keys
}

// text returns the value of a string literal.
func text(x ast.Expr) (string, bool) {
	literal, ok := x.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

// rows returns the cells of the table below a heading, without its head.
func (d document) rows(heading string) [][]string {
	_, section, _ := strings.Cut(d.text, "\n"+heading+"\n")
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			break
		}
		if inner, ok := strings.CutPrefix(line, "|"); ok {
			cells := strings.Split(strings.TrimSuffix(inner, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		} else if len(rows) > 0 {
			break
		}
	}
	return rows[min(2, len(rows)):]
}

// unquoted returns what is in backquotes.
func unquoted(cell string) string { return strings.Trim(cell, "`") }

func TestOperationsHasEveryCauseOfTheClientsOwn(t *testing.T) {
	_, section, _ := strings.Cut(documentNamed(t, "docs/operations.md").text, "\n### Causes\n")
	section, _, _ = strings.Cut(section, "\n## ")
	guide := documentNamed(t, "docs/guide.md").text
	causes := 0
	for _, pkg := range []string{"conn", "conn/internal/core"} {
		for _, name := range sources(t, pkg) {
			for _, decl := range parsed(t, filepath.Join(root, filepath.FromSlash(pkg), name)).Decls {
				decl, ok := decl.(*ast.GenDecl)
				if !ok || decl.Tok != token.VAR {
					continue
				}
				for _, spec := range decl.Specs {
					spec := spec.(*ast.ValueSpec)
					message, ok := newError(spec)
					if !ok || spec.Names[0].Name == "ErrCanceled" { // which never leaves the client
						continue
					}
					causes++
					named := "`conn." + spec.Names[0].Name + "`"
					if !strings.Contains(section, message) && !strings.Contains(guide, named) {
						t.Errorf("%s/%s: neither has docs/operations.md the cause %q nor docs/guide.md the error %s", pkg, name, message, named)
					}
				}
			}
		}
	}
	if causes < 15 {
		t.Errorf("only %d errors are found", causes)
	}
}

// newError returns the text of a variable that is declared with errors.New.
func newError(spec *ast.ValueSpec) (string, bool) {
	if len(spec.Values) != 1 {
		return "", false
	}
	call, ok := spec.Values[0].(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != "New" {
		return "", false
	}
	return text(call.Args[0])
}
