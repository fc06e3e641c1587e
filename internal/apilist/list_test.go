package apilist_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/apilist"
)

var update = flag.Bool("update", false, "write what the packages export to docs/api.txt")

var (
	root   = filepath.Join("..", "..")
	golden = filepath.Join(root, "docs", "api.txt")
)

func TestTheListIsWhatThePackagesExport(t *testing.T) {
	got, err := apilist.List(root)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(string(b), "\r\n", "\n")
	if text == want {
		return
	}
	t.Error("docs/api.txt is not what the packages export; see if that is what you want, and if so: go test ./internal/apilist -update")
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
	got, err := apilist.List(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range got {
		if strings.Contains(line, "/internal/") {
			t.Error(line)
		}
	}
}

func TestListsEveryKindOfName(t *testing.T) {
	got, err := apilist.List(filepath.Join("testdata", "module"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(`
pkg shapes, const Corners untyped int = 4
pkg shapes, const Round Kind = 1
pkg shapes, func Map[K comparable, V any](in map[K]V, f func(V) V) map[K]V
pkg shapes, func New(name string, sides ...float64) (*Shape, error)
pkg shapes, method (*Named) Rename(string)
pkg shapes, method (*Pair[K, V]) Set(value V)
pkg shapes, method (*Shape) Rename(to string)
pkg shapes, method (Kind) String() string
pkg shapes, method (Shape) Area() float64
pkg shapes, type Any = Shape
pkg shapes, type Kind int
pkg shapes, type Named struct
pkg shapes, type Named struct, Name string
pkg shapes, type Outline interface
pkg shapes, type Outline interface, Area() float64
pkg shapes, type Outline interface, unexported methods
pkg shapes, type Pair[K comparable, V any] struct
pkg shapes, type Pair struct, Key K
pkg shapes, type Pair struct, Value V
pkg shapes, type Shape struct
pkg shapes, type Shape struct, Kind Kind
pkg shapes, type Shape struct, Size float64
pkg shapes, type Shape struct, embedded Named
pkg shapes, var ErrFlat error
`), "\n")
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
