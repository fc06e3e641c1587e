package apilist_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/internal/apilist"
)

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
