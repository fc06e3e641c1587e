package subs_test

import (
	"fmt"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// subscribed returns a registry with a handle on r.
func subscribed(r wire.Resource, more ...wire.Resource) *subs.Registry {
	reg := subs.NewRegistry()
	reg.Open(&subs.Handle{}, r.RID)
	reg.Install(wire.Set{Resources: append(more, r)})
	reg.Subscribed(r.RID)
	reg.TakeDeliveries()
	return reg
}

func BenchmarkChanged(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("properties=%d", n), func(b *testing.B) {
			m := wire.Resource{RID: "m", Kind: wire.KindModel}
			for i := range n {
				m.Model = append(m.Model, wire.Property{Name: fmt.Sprintf("p%03d", i), Value: number(0)})
			}
			reg := subscribed(m)
			changes := [2]wire.Change{}
			for i := range changes {
				changes[i].Values = []wire.Property{{Name: "p000", Value: number(i + 1)}}
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				if err := reg.Changed("m", changes[i%2]); err != nil {
					b.Fatal(err)
				}
				reg.TakeDeliveries()
				i++
			}
		})
	}
}

// Add and remove of an item at the end, in front, and of one with a resource of
// its own.
func BenchmarkAdded(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		list := func() wire.Resource {
			return wire.Resource{RID: "l", Kind: wire.KindCollection, Collection: numbers(n)}
		}
		for _, bc := range []struct {
			name string
			add  wire.Add
		}{
			{"front", wire.Add{Index: 0, Value: number(-1)}},
			{"end", wire.Add{Index: n, Value: number(-1)}},
		} {
			b.Run(fmt.Sprintf("%s/items=%d", bc.name, n), func(b *testing.B) {
				reg := subscribed(list())
				b.ReportAllocs()
				for b.Loop() {
					_ = reg.Added("l", bc.add)
					_ = reg.Removed("l", wire.Remove{Index: bc.add.Index})
					reg.TakeDeliveries()
				}
			})
		}
		b.Run(fmt.Sprintf("resource/items=%d", n), func(b *testing.B) {
			reg := subscribed(list())
			b.ReportAllocs()
			for b.Loop() {
				_ = reg.Added("l", wire.Add{Index: n, Value: res.NewRef("item"), Set: wire.Set{Resources: []wire.Resource{
					{RID: "item", Kind: wire.KindModel, Model: []wire.Property{{Name: "a", Value: number(1)}}},
				}}})
				_ = reg.Removed("l", wire.Remove{Index: n})
				reg.TakeDeliveries()
			}
		})
	}
}

func BenchmarkQueue(b *testing.B) {
	q := subs.NewQueue(subs.Limits{Events: 1024, Bytes: 4 << 20})
	ev := added(1)
	for range 100 {
		q.Push(ev)
	}
	b.ReportAllocs()
	for b.Loop() {
		q.Push(ev)
		q.Pop()
	}
}

// What a reconnect costs that finds a long collection of references changed: to take the
// new one in, and for its reader to work out the difference.
func BenchmarkReconnect(b *testing.B) {
	list := func(first, n, step int) wire.Set {
		set := wire.Set{Resources: make([]wire.Resource, 0, n+1)}
		l := wire.Resource{RID: "l", Kind: wire.KindCollection, Collection: make([]res.Value, n)}
		for i := range n {
			rid := fmt.Sprintf("item.%d", first+i*step)
			l.Collection[i] = res.NewRef(rid)
			set.Resources = append(set.Resources, wire.Resource{RID: rid, Kind: wire.KindModel})
		}
		set.Resources = append(set.Resources, l)
		return set
	}
	for _, n := range []int{5_000, 50_000} {
		for _, bc := range []struct {
			name        string
			first, step int
		}{{"replaced", n, 1}, {"reversed", n - 1, -1}} {
			b.Run(fmt.Sprintf("%s/%d", bc.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					reg, q := subs.NewRegistry(), subs.NewQueue(subs.Limits{Events: 1024, Bytes: 64 << 20})
					reg.Open(&subs.Handle{}, "l")
					reg.Install(list(0, n, 1))
					reg.Subscribed("l")
					reg.Disconnected(errLost)
					reg.TakeDeliveries()
					set := list(bc.first, n, bc.step)
					b.StartTimer()
					reg.Install(set)
					reg.Subscribed("l")
					reg.Sweep()
					for _, d := range reg.TakeDeliveries() {
						q.Push(d.Event)
					}
					for ok := true; ok; {
						_, ok = q.Pop()
					}
				}
			})
		}
	}
}

// What it takes to hand out the latest of a collection of references, when one of the models
// has changed: for the owner of the registry, which gives the content, and for the
// reader, who decodes it.
func BenchmarkLatest(b *testing.B) {
	type item struct{ A, B int }
	for _, n := range []int{1, 1000} {
		set := []wire.Resource{{RID: "l", Kind: wire.KindCollection}}
		for i := range n {
			rid := fmt.Sprintf("m%d", i)
			set[0].Collection = append(set[0].Collection, res.NewRef(rid))
			set = append(set, wire.Resource{RID: rid, Kind: wire.KindModel, Model: []wire.Property{
				{Name: "a", Value: number(0)}, {Name: "b", Value: number(1)}}})
		}
		d := subs.NewDecoder[[]item]()
		reg, h := subs.NewRegistry(), &subs.Handle{Owner: &subs.Latest{Type: d.Type()}}
		reg.Open(h, "l")
		reg.Install(wire.Set{Resources: set})
		reg.Subscribed("l")
		change := func(v int) {
			_ = reg.Changed("m0", wire.Change{Values: []wire.Property{{Name: "a", Value: number(v)}}})
		}
		b.Run(fmt.Sprintf("news/references=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for v := 0; b.Loop(); v++ {
				change(v % 2)
				reg.TakeDeliveries()
			}
		})
		var sync *subs.Sync
		b.Run(fmt.Sprintf("resume/references=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for v := 0; b.Loop(); v++ {
				change(v % 2)
				reg.Resume(h)
				for _, delivery := range reg.TakeDeliveries() {
					sync, _ = delivery.Event.(*subs.Sync)
				}
			}
		})
		b.Run(fmt.Sprintf("decode/references=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(sync.View, "l"); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("unchanged/references=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := d.DecodeNew(sync.View, "l"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
