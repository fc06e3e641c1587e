package mutation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Run tests the code with each patch of a directory, and fails the test for those that
// nothing notices; it logs what notices the others. The packages are those of patches
// that do not name their own. The flags are any that go test takes, also those of the
// tests' own: Run(t, "testdata/rules", []string{"./subs"}, "-run", "Walk", "-walks", "100").
//
// The code as it is has to pass the same tests, or nothing would be known.
func Run(t *testing.T, dir string, packages []string, flags ...string) {
	t.Helper()
	root, patches := load(t, dir)
	var all []string
	for i := range patches {
		if len(patches[i].Packages) == 0 {
			patches[i].Packages = packages
		}
		all = append(all, patches[i].Packages...)
	}
	slices.Sort(all)
	if failed, err := runTests(root, "", slices.Compact(all), flags); err != nil || len(failed) > 0 {
		t.Fatalf("without any patch: %v %v", failed, err)
	}
	for _, p := range patches {
		t.Run(p.Name, func(t *testing.T) {
			noticed, err := p.Try(root, t.TempDir(), flags...)
			switch {
			case err != nil:
				t.Fatal(err)
			case len(noticed) == 0:
				t.Errorf("nothing in %v notices when this is broken: %s", p.Packages, p.Rule)
			default:
				t.Logf("%s\n%s", p.Rule, strings.Join(noticed, "\n"))
			}
		})
	}
}

// Try returns the tests that fail in the module at root after p. It writes into the
// folder temp.
func (p Patch) Try(root, temp string, flags ...string) ([]string, error) {
	overlay, err := p.overlay(root, temp)
	if err != nil {
		return nil, err
	}
	return runTests(root, overlay, p.Packages, flags)
}

// overlay writes the files that p changes, and the file that tells the go command to
// use them.
func (p Patch) overlay(root, dir string) (string, error) {
	files, err := p.Apply(root)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	for name, text := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		replace[filepath.Join(root, filepath.FromSlash(name))] = path
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// runTests returns the names of the tests that have failed, and of the packages that
// have without a test to blame: a test program that does not end, say.
func runTests(root, overlay string, packages, flags []string) ([]string, error) {
	args := []string{"test", "-json", "-timeout", "120s"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.Command("go", append(append(args, packages...), flags...)...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	failed, parseErr := failures(bytes.NewReader(out))
	switch {
	case parseErr != nil:
		return nil, fmt.Errorf("%w\n%s", parseErr, stderr.String())
	case err != nil && len(failed) == 0:
		return nil, fmt.Errorf("go test: %w\n%s", err, stderr.String())
	}
	return failed, nil
}

// failures reads what go test -json says.
func failures(r io.Reader) ([]string, error) {
	var failed []string
	blamed := make(map[string]bool)
	for d := json.NewDecoder(r); ; {
		var line struct{ Action, Package, Test, Output, FailedBuild string }
		switch err := d.Decode(&line); {
		case errors.Is(err, io.EOF):
			return failed, nil
		case err != nil:
			return nil, err
		case line.Action == "build-fail" || line.FailedBuild != "":
			return nil, fmt.Errorf("the tests of %s do not compile", line.Package)
		case line.Action != "fail" || strings.Contains(line.Test, "/"):
		case line.Test != "":
			blamed[line.Package] = true
			failed = append(failed, line.Package+" "+line.Test)
		case !blamed[line.Package]:
			failed = append(failed, line.Package+" without a test to blame: it has crashed, or has not ended")
		}
	}
}
