package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
	"github.com/resclient/resclient-go/wire"
)

// bench is a core without a rig, which would cost more than the core.
type bench struct {
	*testing.B
	core       *core.Core
	batch      core.Batch
	generation uint64
	unanswered [][]byte
}

func newBench(b *testing.B) *bench {
	return &bench{B: b, core: core.New(core.Config{
		Gateways:       []string{"ws://a"},
		VersionTimeout: time.Hour,
		RequestTimeout: time.Hour,
		StableAfter:    time.Hour,
		MaxDelay:       time.Second,
		ReplayWindow:   256,
		ReplaySlot:     time.Hour,
		RetryFloor:     time.Hour,
		ResyncInterval: time.Hour,
		NoticeInterval: time.Hour,
		Rand:           rand.New(rand.NewPCG(1, 2)),
	})}
}

// step steps the core with an input, and with the answers to what it asks for.
func (b *bench) step(in core.Input) {
	b.give(in)
	for len(b.unanswered) > 0 {
		frame := b.unanswered[0]
		b.unanswered = b.unanswered[1:]
		b.give(b.message(b.answer(frame)))
	}
}

func (b *bench) give(in core.Input) {
	b.core.Step(noon, in)
	for _, f := range b.core.Output().Frames {
		b.unanswered = append(b.unanswered, f.Data)
	}
}

func (b *bench) message(frame []byte) core.Input {
	b.batch.Reset()
	b.batch.Add(frame)
	return core.Received{Generation: b.generation, Messages: b.batch.Messages}
}

func (b *bench) answer(frame []byte) []byte {
	req, err := wire.ParseRequest(frame)
	if err != nil {
		b.Fatal(err)
	}
	result := `{"protocol":"1.2.3"}`
	if req.Type != wire.TypeVersion {
		result = fmt.Sprintf(`{"models":{%q:{"name":"Bolt","quantity":1,"reserved":false}}}`, req.RID)
	}
	return fmt.Appendf(nil, `{"result":%s,"id":%d}`, result, req.ID)
}

func (b *bench) open() {
	b.generation++
	b.step(core.Dialled{Generation: b.generation})
}

func (b *bench) subscribe(n int) {
	for i := range n {
		b.step(core.Subscribe{RID: name(i), Handle: &subs.Handle{}})
	}
}

func BenchmarkChangeEvent(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("%d subscriptions", n), func(tb *testing.B) {
			b := newBench(tb)
			b.step(core.Start{})
			b.open()
			b.subscribe(n)
			var frames [][]byte
			for i := range 2 {
				frames = append(frames, fmt.Appendf(nil, `{"event":"r.5.change","data":{"values":{"quantity":%d,"reserved":%t}}}`, i, i == 0))
			}
			tb.ReportAllocs()
			for i := 0; tb.Loop(); i++ {
				b.give(b.message(frames[i%2]))
			}
		})
	}
}

func BenchmarkReplayOf10000(tb *testing.B) {
	b := newBench(tb)
	b.step(core.Start{})
	b.open()
	b.subscribe(10_000)
	tb.ReportAllocs()
	for tb.Loop() {
		b.step(core.Reconnect{})
		b.step(core.Tick{})
		b.open()
		if !b.core.InSync() {
			tb.Fatalf("%+v", b.core.Stats())
		}
	}
}
