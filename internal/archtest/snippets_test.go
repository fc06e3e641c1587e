package archtest_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// snippet parses text as a file of a package.
func snippet(t *testing.T, pkg, name, text string) source {
	t.Helper()
	fset := token.NewFileSet()
	return source{pkg: pkg, fset: fset, files: []*ast.File{parseFile(t, fset, name, []byte(text))}}
}

// expect compares findings with what each must contain, in order.
func expect(t *testing.T, found []string, want ...string) {
	t.Helper()
	if len(found) != len(want) {
		t.Fatalf("got %d findings, want %d:\n%s", len(found), len(want), strings.Join(found, "\n"))
	}
	for i := range want {
		if !strings.Contains(found[i], want[i]) {
			t.Errorf("got finding %q, want one with %q", found[i], want[i])
		}
	}
}

func TestPurityFinds(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
	}{
		{"a lock", `import "sync"; var _ sync.Mutex`, `import "sync" is not on the list`},
		{"an atomic", `import "sync/atomic"`, `import "sync/atomic" is not on the list`},
		{"a context", `import "context"`, `import "context" is not on the list`},
		{"files", `import "os"`, `import "os" is not on the list`},
		{"a WebSocket", `import "github.com/gorilla/websocket"`, `"github.com/gorilla/websocket" is not on the list`},
		{"all of go-json-experiment", `import "github.com/go-json-experiment/json"`, `is not on the list`},
		{"global randomness", `import "math/rand"`, `import "math/rand" is not on the list`},
		{"unsafe", `import "unsafe"`, `import "unsafe" is not on the list`},
		{"C", `import "C"`, `import "C" is not on the list`},
		{"logging outside state", `import "log/slog"; func f(slog.Value) {}`, `import "log/slog" is for package state only`},
		{"a dot import", `import . "time"`, `a pure package imports by name`},
		{"an import for its effects", `import _ "strings"`, `a pure package imports by name`},

		{"the clock", `import "time"; var _ = time.Now()`, `time.Now of "time" is not on the list`},
		{"the clock as a value", `import "time"; func f() any { return time.Now }`, `time.Now of "time"`},
		{"the clock under another name", `import t "time"; func f() any { return t.Now }`, `t.Now of "time"`},
		{"time.Since", `import "time"; func f(t time.Time) any { return time.Since(t) }`, `time.Since`},
		{"time.Until", `import "time"; func f(t time.Time) any { return time.Until(t) }`, `time.Until`},
		{"time.Sleep", `import "time"; func f() { time.Sleep(1) }`, `time.Sleep`},
		{"time.After", `import "time"; func f() { time.After(1) }`, `time.After`},
		{"time.Tick", `import "time"; func f() { time.Tick(1) }`, `time.Tick`},
		{"time.AfterFunc", `import "time"; func f() { time.AfterFunc(1, nil) }`, `time.AfterFunc`},
		{"time.NewTimer", `import "time"; func f() { time.NewTimer(1) }`, `time.NewTimer`},
		{"time.NewTicker", `import "time"; func f() { time.NewTicker(1) }`, `time.NewTicker`},
		{"a timer type", `import "time"; func f(*time.Timer) {}`, `time.Timer`},
		{"the local time zone", `import "time"; func f() any { return time.Local }`, `time.Local`},
		{"the global random source", `import "math/rand/v2"; func f() any { return rand.IntN(3) }`, `rand.IntN of "math/rand/v2"`},
		{"printing", `import "fmt"; func f() { fmt.Println() }`, `fmt.Println`},
		{"a reader", `import "io"; func f(io.Reader) {}`, `io.Reader`},
		{"a coroutine", `import "iter"; func f(s iter.Seq[int]) { iter.Pull(s) }`, `iter.Pull`},

		{"a goroutine", `func f() { go f() }`, `go statement`},
		{"a select", `func f() { select {} }`, `select statement`},
		{"a channel", `func f(chan int) {}`, `channel type`},
		{"a channel in a type", `type t struct { c []<-chan int }`, `channel type`},
		{"a send", `func f(c T) { c <- 1 }`, `send to a channel`},
		{"a receive", `func f(c T) { <-c }`, `receive from a channel`},
		{"an init function", `func init() {}`, `init function`},
		{"println", `func f() { println() }`, `println in a pure package`},

		{"a counter", `var count int`, `package-level variable count`},
		{"a slice", "// table of names\nvar names = []string{}", `package-level variable names`},
		{"an array without the mark", `var names = [...]string{"a"}`, `package-level variable names`},
		{"a map without the mark", `var names = map[string]int{}`, `package-level variable names`},
		{"an exported table", "// table of names\nvar Names = [...]string{}", `package-level variable Names`},
		{"a made map under the mark", "// table of names\nvar names = make(map[string]int)", `package-level variable names`},
		{"a pointer", `var p = &T{}`, `package-level variable p`},
		{"a struct with fields", `type config struct{ n int }; var c = config{}`, `package-level variable c`},
		{"two from one call", `var a, b = f()`, `package-level variable a`},
		{"a replaced sentinel", `import "errors"; var ErrA = errors.New("a"); func f() { ErrA = nil }`, `assigns to the package-level variable ErrA`},
		{"a changed sentinel", `var ErrA = &Error{}; func f() { (*ErrA).Code = "x" }`, `assigns to the package-level variable ErrA`},
		{"the address of a sentinel", `var ErrA = &Error{}; func f() any { return &ErrA }`, `takes the address of the package-level variable ErrA`},
		{"a changed sentinel of another package", `import "m/res"; func f() { res.ErrA.Code = "x" }`, `assigns to a variable of package res`},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := checkPurity(snippet(t, "subs", "x.go", "package subs; "+test.text))
			if !strings.Contains(strings.Join(found, "\n"), test.want) {
				t.Errorf("got findings %q, want one with %q", found, test.want)
			}
		})
	}
}

func TestPurityFindsWritesToTables(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
	}{
		{"an entry", `names["a"] = 1`, `assigns to the package-level variable names`},
		{"a counted entry", `names["a"]++`, `assigns to the package-level variable names`},
		{"the whole", `names = nil`, `assigns to the package-level variable names`},
		{"an entry by a loop", `for names["a"] = range 3 {}`, `assigns to the package-level variable names`},
		{"a removal", `delete(names, "a")`, `removes from the package-level variable names`},
		{"a clearing", `clear(names)`, `removes from the package-level variable names`},
		{"another name", `m := names; m["a"] = 1`, `table names may only be indexed`},
		{"an argument", `g(names)`, `table names may only be indexed`},
		{"a result", `return names`, `table names may only be indexed`},
		{"a slice", `g(names[:])`, `table names may only be indexed`},
		{"the address", `g(&names)`, `takes the address of the package-level variable names`},
		{"a field", `g(T{name: names})`, `table names may only be indexed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "package subs\n// table of the names\nvar names = map[string]int{}\nfunc f() any {" + test.text + "}"
			found := checkPurity(snippet(t, "subs", "x.go", text))
			if !strings.Contains(strings.Join(found, "\n"), test.want) {
				t.Errorf("got findings %q, want one with %q", found, test.want)
			}
		})
	}
}

func TestPurityAllows(t *testing.T) {
	expect(t, checkPurity(snippet(t, "state", "x.go", `package state

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"`+module+`/res"
)

var _ fmt.Stringer = T{}

var (
	ErrA       = errors.New("a")
	ErrB       = &res.Error{Code: "b"}
	ErrC error = &Error{}
	Marker     = marker{}
)

type marker struct{}

// table of the names
var names = [...]string{"a", "b"}

var (
	// What each word stands for.
	//
	// table by word
	words = map[string]int{"a": 1}
)

type T struct{ names []string }

func (t T) f(now time.Time, r *rand.Rand, s iter.Seq[int], b *strings.Builder) (slog.Value, error) {
	t.names[0] = names[words["a"]]
	for i, name := range names {
		fmt.Fprint(b, i, name, len(words))
	}
	if ErrA := error(io.EOF); r.IntN(3) == 0 {
		return slog.StringValue(jsontext.Value(nil).String()), ErrA
	}
	later := &T{names: nil}
	later.names = nil
	return slog.TimeValue(now.Add(-time.Second)), ErrB
}
`)))
}

func TestArrowsFind(t *testing.T) {
	for _, test := range []struct {
		name string
		pkg  listed
		want []string
	}{
		{"an arrow that points the right way", ours("subs", "fmt", module+"/wire", module+"/res"), nil},
		{"an arrow that points back", ours("wire", module+"/subs"), []string{`"wire" imports "subs"`}},
		{"state, which imports nothing of ours", ours("state", module+"/res"), []string{`"state" imports "res"`}},
		{"the core, which does not know its shell", ours("conn/internal/core", module+"/conn"), []string{`imports "conn"`}},
		{"a stand-in gateway that uses the client", ours("resgatetest", module+"/conn"), []string{`"resgatetest" imports "conn"`}},
		{"a stand-in gateway that links NATS", ours("resgatetest", module+"/resgatetest/natstest"), []string{`imports "resgatetest/natstest"`}},
		{"a package that nobody planned", ours("util"), []string{`"util" has no place`}},
		{"the root", ours(""), []string{`"" has no place`}},
		{"a program, which may import anything", program("cmd/x", module+"/conn", module+"/resgatetest"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, checkArrows([]listed{test.pkg}), test.want...)
		})
	}
}

func TestConnImportsFind(t *testing.T) {
	expect(t, checkConnImports([]listed{
		ours("resgatetest", "fmt", module+"/conn"),
		ours("docs", module+"/conn/internal/core"),
		ours("connect", module+"/connector"),
		ours("conn", module+"/conn/internal/core"),
		program("examples/x", module+"/conn"),
	}), `package "resgatetest" imports "conn"`, `package "docs" imports "conn/internal/core"`)
}

func TestLinksFind(t *testing.T) {
	rule := linkRule{pkg: "conn", allowed: []string{"github.com/gorilla/websocket"}, forbidden: []string{"flag"}}
	expect(t, checkLinks(rule, []listed{
		ours("conn"),
		{ImportPath: "net", Standard: true},
		{ImportPath: "flag", Standard: true},
		{ImportPath: "github.com/gorilla/websocket"},
		{ImportPath: "github.com/gorilla/websocket2"},
		{ImportPath: "github.com/nats-io/nats.go"},
		{ImportPath: "github.com/nats-io/nats-server/v2/server"},
		{ImportPath: "github.com/lmittmann/tint"},
		{ImportPath: "github.com/spf13/cobra"},
	}), `"flag"`, "websocket2", "nats.go", "nats-server", "tint", "cobra")
}

func TestRequiredFinds(t *testing.T) {
	var some []listed
	for _, name := range required {
		if name != "state" {
			some = append(some, ours(name))
		}
	}
	expect(t, checkRequired(some), `package "state" does not exist`)
}

func TestPackageCommentFinds(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want             []string
	}{
		{"a good one", "doc.go", "// Package x is.\npackage x", nil},
		{"no doc.go", "x.go", "// Package x is.\npackage x", []string{"has no doc.go"}},
		{"a bare doc.go", "doc.go", "package x", []string{`begins "Package x "`}},
		{"a comment apart", "doc.go", "// Package x is.\n\npackage x", []string{`begins "Package x "`}},
		{"another name", "doc.go", "// Package xy is.\npackage x", []string{`begins "Package x "`}},
		{"a program", "main.go", "// Command x does.\npackage main", nil},
		{"a bare program", "main.go", "package main", []string{`begins "Command x "`}},
		{"a program with the comment of a package", "doc.go", "// Package main is.\npackage main", []string{`begins "Command x "`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := snippet(t, "a/x", test.file, test.text)
			expect(t, checkPackageComment(s, s.files[0].Name.Name), test.want...)
		})
	}
}

func TestCommentsFind(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"a function", `func F() {}`, []string{"F has no comment"}},
		{"a type", `type T int`, []string{"T has no comment"}},
		{"a type in a group", "// All.\ntype (\nT int\n)", []string{"T has no comment"}},
		{"a method", "// T is.\ntype T int\nfunc (t *T) M() {}", []string{"M has no comment"}},
		{"a method of a generic type", "// T is.\ntype T[A, B any] int\nfunc (t *T[A, B]) M() {}", []string{"M has no comment"}},
		{"a method of an interface", "// T is.\ntype T interface{ M() }", []string{"T.M has no comment"}},
		{"a field", "// T is.\ntype T struct{ A int }", []string{"T.A has no comment"}},
		{"fields that a comment names", "// T is. A is.\ntype T struct{ A int\n// B is, and C is.\nB int\nC, d int }", nil},
		{"a constant", `const C = 1`, []string{"C has no comment"}},
		{"variables", `var A, B int`, []string{"A has no comment", "B has no comment"}},
		{"a directive, which is no comment", "//go:noinline\nfunc F() {}", []string{"F has no comment"}},
		{"nothing unexported", `func f() {}; type t int; func (t) M() {}; const c = 1`, nil},
		{"nothing that has a comment", "// F does.\nfunc F() {}\n// All.\nconst (\nA = 1\nB = 2\n)\nvar (\nC = 1 // C is.\n)\n" +
			"type (\n// T is.\nT interface {\nM() // does\nt\n}\n)", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, checkComments(snippet(t, "x", "x.go", "package x\n"+test.text)), test.want...)
		})
	}
}

func ours(path string, imports ...string) listed {
	p := listed{ImportPath: module, Name: "x", Imports: imports}
	if path != "" {
		p.ImportPath += "/" + path
	}
	return p
}

func program(path string, imports ...string) listed {
	p := ours(path, imports...)
	p.Name = "main"
	return p
}
