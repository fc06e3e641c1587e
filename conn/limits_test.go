package conn_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/wire"
)

func TestTheLimitsAreWhatSecuritySays(t *testing.T) {
	d := conn.NewDefaults()
	want := map[string]string{
		"a message, after decompression":                           size(d.ReadLimit),
		"what is read of a larger one, to find out whose it is":    fmt.Sprintf("%d times that, and the ping timeout", conn.DrainLimit),
		"the answer to a handshake, of proxy and gateway":          size(conn.HandshakeLimit),
		"what is kept of the body of a refusal":                    size(conn.BodyKept),
		"events that wait for a consumer":                          fmt.Sprintf("%d, and %s", d.QueueEvents, size(d.QueueBytes)),
		"calls that wait for a connection":                         fmt.Sprint(d.OfflineQueue),
		"what waits to be written":                                 size(conn.OutboxLimit) + ", once a write is stuck",
		"transitions and log lines that wait for a hook or logger": fmt.Sprint(conn.HookLimit),
		"frames that wait for a hook or logger":                    fmt.Sprintf("%d, and %s", conn.HookLimit, size(conn.HookBytes)),
		"one attempt to connect":                                   seconds(d.DialTimeout),
		"one write":                                                seconds(d.WriteTimeout),
		"an answer":                                                seconds(d.RequestTimeout),
		"silence":                                                  fmt.Sprintf("%s, and %s for an answer to a ping", seconds(d.PingInterval), seconds(d.PingTimeout)),
		"JSON within JSON":                                         fmt.Sprintf("%d,%03d levels", nesting()/1000, nesting()%1000),
		"resources that were released, and are remembered":         tombstones(t),
	}
	said := limitsTable(t)
	for what, limit := range want {
		if got, ok := said[what]; !ok {
			t.Errorf("docs/security.md has no limit of %q", what)
		} else if got != limit {
			t.Errorf("docs/security.md: the limit of %q is %q, but in the code it is %q", what, got, limit)
		}
	}
	for what := range said {
		if _, ok := want[what]; !ok {
			t.Errorf("docs/security.md has a limit of %q, which this test does not know", what)
		}
	}
}

// limitsTable returns the second column of the table by the first.
func limitsTable(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n## Limits\n")
	_, table, _ := strings.Cut(section, "|---|---|---|---|\n")
	if !found || table == "" {
		t.Fatal("docs/security.md has no table of limits")
	}
	limits := make(map[string]string)
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 {
			break
		}
		limits[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
	}
	return limits
}

func size(bytes int) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

// nesting is how many levels of JSON a message may have.
func nesting() int {
	return sort.Search(1<<16, func(levels int) bool { // the message itself is one
		_, err := wire.Parse([]byte(`{"id":1,"result":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`))
		return err != nil
	})
}

// tombstones reads the limit of package subs, which does not export it.
func tombstones(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../subs/tombstone.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		if decl, ok := decl.(*ast.GenDecl); ok && decl.Tok == token.CONST {
			for _, spec := range decl.Specs {
				if spec := spec.(*ast.ValueSpec); spec.Names[0].Name == "maxTombstones" {
					return spec.Values[0].(*ast.BasicLit).Value
				}
			}
		}
	}
	t.Fatal("subs/tombstone.go has no maxTombstones")
	return ""
}
