package conn_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
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
		"frames that wait for a hook or logger":                    fmt.Sprintf("%d, and %s", conn.FrameLimit, size(conn.HookBytes)),
		"one attempt to connect":                                   seconds(d.DialTimeout),
		"its handshake":                                            seconds(d.HandshakeTimeout),
		"one write":                                                seconds(d.WriteTimeout),
		"an answer":                                                seconds(d.RequestTimeout),
		"silence":                                                  fmt.Sprintf("%s, and %s for an answer to a ping", seconds(d.PingInterval), seconds(d.PingTimeout)),
		"JSON within JSON":                                         fmt.Sprintf("%d,%03d levels", nesting()/1000, nesting()%1000),
		"a resource with its references expanded":                  size(subs.MaxExpansion),
		"references within references, expanded":                   fmt.Sprintf("%d levels", d.ExpansionDepth),
		"a resource's name, with the method":                       fmt.Sprintf("%d bytes", res.MaxNameLength),
		"resources that were released, and are remembered":         tombstones(t),
	}
	said := column(t, "../docs/security.md", "## Limits", 2)
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

func TestTheGuideHasEveryOptionWithItsDefault(t *testing.T) {
	d := conn.NewDefaults()
	want := map[string]string{
		"WithBackOff":          doubling(t, d.BackOff),
		"WithMaxDelay":         seconds(d.MaxDelay),
		"WithStableAfter":      seconds(d.StableAfter),
		"WithRetryBackOff":     doubling(t, d.RetryBackOff),
		"WithProbeInterval":    fmt.Sprintf("%g min", d.ProbeInterval.Minutes()),
		"WithExpansionDepth":   fmt.Sprint(d.ExpansionDepth),
		"WithDialTimeout":      seconds(d.DialTimeout),
		"WithHandshakeTimeout": seconds(d.HandshakeTimeout),
		"WithVersionTimeout":   seconds(d.VersionTimeout),
		"WithAuthTimeout":      seconds(d.AuthTimeout),
		"WithRequestTimeout":   seconds(d.RequestTimeout),
		"WithWriteTimeout":     seconds(d.WriteTimeout),
		"WithPing":             seconds(d.PingInterval) + ", " + seconds(d.PingTimeout),
		"WithReplayWindow":     fmt.Sprintf("%d to %d, adapted", d.ReplayWindow, d.MaxReplayWindow),
		"WithOfflineQueue":     fmt.Sprint(d.OfflineQueue),
		"WithReadLimit":        size(d.ReadLimit),
		"WithReadBuffer":       size(d.ReadBuffer),
		"WithQueueLimits":      fmt.Sprintf("%d, %s", d.QueueEvents, size(d.QueueBytes)),
	}
	said := column(t, "../docs/guide.md", "## Options", 3)
	for name, limit := range want {
		if got := said["`conn."+name+"`"]; got != limit {
			t.Errorf("docs/guide.md: the default of %s is %q, but in the code it is %q", name, got, limit)
		}
	}
	options := optionNames(t)
	for _, name := range options {
		if _, ok := said["`conn."+name+"`"]; !ok {
			t.Errorf("docs/guide.md has no option %s", name)
		}
	}
	if len(options) < 30 || len(said) != len(options) {
		t.Errorf("docs/guide.md has %d options, and the code %d", len(said), len(options))
	}
}

// doubling says what a back-off does, if it doubles from its first delay to the last.
func doubling(t *testing.T, make func() backoff.BackOff) string {
	t.Helper()
	var delays []time.Duration
	for b := make(); len(delays) < 20; {
		delays = append(delays, b.NextBackOff())
	}
	first, last := delays[0], delays[len(delays)-1]
	for i, d := range delays[1:] {
		if want := min(2*delays[i], last); d != want {
			t.Fatalf("after %v comes %v, want %v", delays[i], d, want)
		}
	}
	text := func(d time.Duration) string {
		switch {
		case d < time.Second:
			return fmt.Sprintf("%d ms", d.Milliseconds())
		case d > 2*time.Minute:
			return fmt.Sprintf("%g min", d.Minutes())
		}
		return seconds(d)
	}
	return fmt.Sprintf("doubling from %s to %s, for ever", text(first), text(last))
}

// optionNames returns the functions that make an Option.
func optionNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Option" {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// column returns one column of the first table below a heading of a document, by the first.
func column(t *testing.T, name, heading string, n int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"+heading+"\n")
	_, table, _ := strings.Cut(section, "|---|")
	_, table, _ = strings.Cut(table, "\n")
	if !found || table == "" {
		t.Fatalf("%s has no table below %q", name, heading)
	}
	cells := make(map[string]string)
	for line := range strings.Lines(table) {
		row := strings.Split(line, "|")
		if len(row) <= n {
			break
		}
		cells[strings.TrimSpace(row[1])] = strings.TrimSpace(row[n])
	}
	return cells
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
