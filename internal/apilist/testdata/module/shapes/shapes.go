// Package shapes has a name of every kind.
package shapes

import "errors"

const Corners = 4

type Kind int

const (
	straight Kind = iota
	Round
)

func (k Kind) String() string { return "kind" }

var ErrFlat = errors.New("flat")

type Named struct{ Name string }

func (n *Named) Rename(string) {}

type sized struct {
	Size   float64
	hidden int
}

func (s sized) Area() float64 { return s.Size }

type Shape struct {
	Named
	sized
	Kind  Kind
	cache []float64
}

func (s *Shape) Rename(to string) { s.Name = to }

func (s *Shape) reset() {}

func New(name string, sides ...float64) (*Shape, error) { return nil, ErrFlat }

type Any = Shape

type Outline interface {
	Area() float64
	outline()
}

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

func (p *Pair[K, V]) Set(value V) {}

func Map[K comparable, V any](in map[K]V, f func(V) V) map[K]V { return in }
