package docs_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/apilist"
)

var update = flag.Bool("update", false, "write what the packages export to api.txt")

func TestTheListOfTheAPIIsWhatThePackagesExport(t *testing.T) {
	got, err := apilist.List("..")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile("api.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("api.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(string(b), "\r\n", "\n")
	if text == want {
		return
	}
	t.Error("docs/api.txt is not what the packages export; see if that is what you want, and if so: go test ./docs -update")
	listed := strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	for _, line := range listed {
		if !slices.Contains(got, line) {
			t.Log("-", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(listed, line) {
			t.Log("+", line)
		}
	}
}

// A name of an internal package in a signature is a type that nobody can write down.
func TestNothingExportedNeedsAnInternalPackage(t *testing.T) {
	got, err := apilist.List("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range got {
		if strings.Contains(line, "/internal/") {
			t.Error(line)
		}
	}
}
