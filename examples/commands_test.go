//go:build unix

// Package examples_test runs the commands that the documents give, as they stand there.
// Which test runs which command is in internal/doctest.
package examples_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The README has a gateway that stays, and a watch of its news; operations.md a service that
// follows it, and a look at whether that is ready.
func TestTheGatewayThatStaysIsWatchedAndServed(t *testing.T) {
	bin := build(t, "./examples/quickstart", "./examples/service", "./cmd/res")
	stay := documented(t, "README.md", "go run ./examples/quickstart -stay")
	quickstart := start(t, bin, stay, nil)
	suggested := quickstart.await(t, `^\s*\S+\s+try\s+(go run \./cmd/res watch .*ws://127\.0\.0\.1:\d+)$`)

	watch := documented(t, "README.md", "go run ./cmd/res watch")
	port := regexp.MustCompile(`\d+$`).FindString(suggested)
	if got := strings.Replace(watch, "PORT", port, 1); got != suggested {
		t.Errorf("README.md says %q, and the quickstart %q", got, suggested)
	}
	watcher := start(t, bin, suggested+" --count 2", nil)
	watcher.await(t, `"event":"sync","rid":"news\.today"`)
	watcher.await(t, `"event":"change","rid":"news\.today"`)
	watcher.wait(t)

	follow := documented(t, "docs/operations.md", "go run ./examples/service -gateway")
	service := start(t, bin, strings.Replace(follow, "PORT", port, 1), []string{"LISTEN=127.0.0.1:0"})
	address := service.await(t, `serving address=(\S+)`)
	check := documented(t, "docs/operations.md", "go run ./examples/service -check")
	service.await(t, `INF connected`)
	for ready := false; !ready; { // it needs a moment more to have the news
		answer, err := run(t, bin, strings.Replace(check, "127.0.0.1:8081", address, 1))
		ready = err == nil
		if !ready && !strings.Contains(answer, "no news") {
			t.Fatalf("%s: %v\n%s", check, err, answer)
		}
	}
	service.end(t)
	quickstart.end(t)
}

// Every flag that a document gives to a program of ours is one that it knows.
func TestDocumentedFlagsExist(t *testing.T) {
	commands := regexp.MustCompile("\\bgo run \\./(\\S+)([^`\n|&]*)|(?m:^\\s*(?:\\$ )?res)( [^`\n|]+)")
	byProgram := make(map[string][]string)
	for _, name := range documents(t) {
		for _, found := range commands.FindAllStringSubmatch(read(t, name), -1) {
			program, args := found[1], found[2]
			if program == "" {
				program, args = "cmd/res", found[3]
			}
			if strings.Contains(args, " -") {
				byProgram[program] = append(byProgram[program], args)
			}
		}
	}
	if len(byProgram) < 5 {
		t.Fatalf("only %d programs are found", len(byProgram))
	}
	var programs []string
	for program := range byProgram {
		programs = append(programs, "./"+program)
	}
	bin := build(t, programs...)
	for program, all := range byProgram {
		for _, args := range all {
			for _, flag := range regexp.MustCompile(` -{1,2}([a-z][\w-]*)`).FindAllStringSubmatch(args, -1) {
				if help := helpOf(t, bin, program, args); !regexp.MustCompile(`(?m)^\s+(?:-\w, )?-{1,2}` + flag[1] + `\b|^\s+-` + flag[1] + `, `).MatchString(help) {
					t.Errorf("a document says %q, but %s has no flag %q:\n%s", args, program, flag[1], help)
				}
			}
		}
	}
}

// helpOf returns what a program says of its flags; res, of those of its command.
func helpOf(t *testing.T, bin, program, args string) string {
	t.Helper()
	words := []string{"-help"}
	if program == "cmd/res" {
		words = []string{strings.Fields(args)[0], "--help"}
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(bin, path.Base(program)), words...).CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out)
}

// A module of one's own uses a checkout in the two ways of the README.
func TestAModuleOfOnesOwnUsesTheCheckout(t *testing.T) {
	checkout, err := filepath.Abs(root)
	must(t, err)
	for _, lines := range [][]string{
		{documented(t, "README.md", "go mod edit -replace"), documented(t, "README.md", "go mod tidy")},
		{documented(t, "README.md", "go work init")},
	} {
		dir := t.TempDir()
		app := filepath.Join(dir, "app")
		must(t, os.Mkdir(app, 0o755))
		must(t, os.Symlink(checkout, filepath.Join(dir, "resclient-go")))
		must(t, os.WriteFile(filepath.Join(app, "go.mod"), []byte("module example.com/app\n\ngo 1.26.0\n"), 0o644))
		must(t, os.WriteFile(filepath.Join(app, "main.go"), []byte(read(t, "examples/readme/main.go")), 0o644))
		must(t, os.WriteFile(filepath.Join(app, "go.sum"), []byte(read(t, "go.sum")), 0o644)) // so that nobody has to be asked
		for _, line := range append(lines, "go build -o /dev/null .") {
			cmd := exec.CommandContext(t.Context(), "bash", "-c", line)
			cmd.Dir = app
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=", "GOPROXY=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		}
	}
}

// root is the root of the module.
const root = ".."

// documented returns the one line of the shell blocks of a document that begins so.
func documented(t *testing.T, name, begin string) string {
	t.Helper()
	var found []string
	shell := false
	for line := range strings.Lines(read(t, name)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			shell = line == "```sh"
		case shell && strings.HasPrefix(line, begin):
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d commands that begin with %q, want one", name, len(found), begin)
	}
	return found[0]
}

func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"README.md", "CONTRIBUTING.md"}
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	must(t, err)
	for _, name := range docs {
		names = append(names, "docs/"+filepath.Base(name))
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	must(t, err)
	return string(text)
}

// build compiles programs into a folder.
func build(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-o", dir}, programs...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return dir
}

// command makes the command for a line "go run ./PACKAGE ARGS…", of a program that is built.
func command(t *testing.T, bin, line string, env []string) *exec.Cmd {
	t.Helper()
	words := strings.Fields(line)
	if len(words) < 3 || !slices.Equal(words[:2], []string{"go", "run"}) {
		t.Fatalf("%q runs no program", line)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, path.Base(words[2])), words[3:]...)
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), env...)
	return cmd
}

// run runs a line to its end.
func run(t *testing.T, bin, line string) (string, error) {
	t.Helper()
	out, err := command(t, bin, line, nil).CombinedOutput()
	return string(out), err
}

// program is a line that runs.
type program struct {
	line string
	cmd  *exec.Cmd
	text *bufio.Scanner // standard output and standard error
	seen []string
	err  error
	done chan struct{}
}

func start(t *testing.T, bin, line string, env []string) *program {
	t.Helper()
	r, w := io.Pipe()
	p := &program{line: line, cmd: command(t, bin, line, env), text: bufio.NewScanner(r), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = w, w
	must(t, p.cmd.Start())
	go func() {
		defer close(p.done)
		p.err = p.cmd.Wait()
		w.Close()
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		r.Close()
		<-p.done
	})
	return p
}

// await reads on until there is a line that matches, which may have been read before, for
// lines of several goroutines have no order. It returns what the last group has.
func (p *program) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for n := 0; n < len(p.seen) || p.read(); n++ {
		if found := re.FindStringSubmatch(p.seen[n]); found != nil {
			return found[len(found)-1]
		}
	}
	t.Fatalf("%s ended without a line that matches %s:\n%s", p.line, pattern, strings.Join(p.seen, "\n"))
	return ""
}

// read reads a line, and reports whether there was one.
func (p *program) read() bool {
	if !p.text.Scan() {
		return false
	}
	p.seen = append(p.seen, p.text.Text())
	return true
}

// wait waits until the program ends, which it has to do with status 0.
func (p *program) wait(t *testing.T) {
	t.Helper()
	for p.read() {
	}
	<-p.done
	if p.err != nil {
		t.Errorf("%s: %v\n%s", p.line, p.err, strings.Join(p.seen, "\n"))
	}
}

// end interrupts the program.
func (p *program) end(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGINT))
	p.wait(t)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
