package doctest_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// command is a go command on packages, in a code block or in backquotes.
	command = regexp.MustCompile("(?m)\\bgo (?:run|test|build|vet) [^`\n]*")
	// install is advice to get a module of ours from where it is not.
	install = regexp.MustCompile(`go (?:get|install)\b[^\n]*github\.com/resclient`)
)

func TestCommandsNamePackagesThatExist(t *testing.T) {
	known := packages(t)
	for _, d := range documents(t) {
		for _, line := range command.FindAllString(d.text, -1) {
			for _, arg := range strings.Fields(line) {
				name, ok := strings.CutPrefix(arg, "./")
				if !ok || name == "..." {
					continue
				}
				if !slices.Contains(known, strings.TrimSuffix(name, "/...")) {
					t.Errorf("%s: %q: there is no package %q", d.name, line, arg)
				}
			}
		}
	}
}

func TestNobodyIsToldToGetWhatIsNotPublished(t *testing.T) {
	for _, d := range documents(t) {
		if found := install.FindString(d.text); found != "" {
			t.Errorf("%s: says %q, but the module is not published", d.name, found)
		}
	}
}

func TestReadmeNamesTheTwoCommands(t *testing.T) {
	readme := documentNamed(t, "README.md")
	for _, want := range []string{"go run ./examples/quickstart", "go test ./..."} {
		if !slices.ContainsFunc(readme.blocks(), func(b block) bool {
			return slices.Contains(strings.Split(b.text, "\n"), want)
		}) {
			t.Errorf("README.md has no code block with the line %q", want)
		}
	}
}

// packages returns the packages of the module, relative to its root.
func packages(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-f", "{{.ImportPath}}", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	names := strings.Fields(string(out))
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, "github.com/resclient/resclient-go/")
	}
	return names
}
