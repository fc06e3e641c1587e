package core_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/subs"
)

// bench is a core without a rig, which would cost more than the core.
type bench struct {
	*testing.B
	core       *core.Core
	batch      core.Batch
	generation uint64
	unanswered [][]byte
	mute       string             // part of a request that is never answered, if any
	frame      []byte             // scratch
	result     func(i int) string // members of the answer about resource i
}

func newBench(b *testing.B) *bench {
	result := func(i int) string {
		return fmt.Sprintf(`"models":{"r.%d":{"name":"Bolt","quantity":1,"reserved":false}}`, i)
	}
	return &bench{B: b, result: result, core: core.New(core.Config{
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
		b.batch.Reset()
		for len(b.unanswered) > 0 && !b.batch.Full() {
			b.frame = b.answer(b.frame[:0], b.unanswered[0])
			b.batch.Add(b.frame)
			b.unanswered = b.unanswered[1:]
		}
		b.give(core.Received{Generation: b.generation, Messages: b.batch.Messages})
	}
}

func (b *bench) give(in core.Input) {
	b.core.Step(noon, in)
	for _, f := range b.core.Output().Frames {
		if b.mute != "" && bytes.Contains(f.Data, []byte(b.mute)) {
			continue
		}
		b.unanswered = append(b.unanswered, f.Data)
	}
}

func (b *bench) message(frame []byte) core.Input {
	b.batch.Reset()
	b.batch.Add(frame)
	return core.Received{Generation: b.generation, Messages: b.batch.Messages}
}

// answer appends the answer to a request, which is taken apart quickly: that is measured,
// too.
func (b *bench) answer(dst, request []byte) []byte {
	id, _, _ := bytes.Cut(request[len(`{"id":`):], []byte{','})
	_, rid, subscribe := bytes.Cut(request, []byte(`"subscribe.`))
	if !subscribe {
		return append(append(append(dst, `{"result":{"protocol":"1.2.3"},"id":`...), id...), '}')
	}
	rid, _, _ = bytes.Cut(rid, []byte{'"'})
	i, err := strconv.Atoi(string(rid[len("r."):]))
	if err != nil {
		b.Fatal(err)
	}
	dst = append(append(dst, `{"result":{`...), b.result(i)...)
	return append(append(append(dst, `},"id":`...), id...), '}')
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

func BenchmarkReplay(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d subscriptions", n), func(tb *testing.B) {
			b := newBench(tb)
			b.step(core.Start{})
			b.open()
			b.subscribe(n)
			tb.ReportAllocs()
			for tb.Loop() {
				b.step(core.Reconnect{})
				b.step(core.Tick{})
				b.open()
				if !b.core.InSync() {
					tb.Fatalf("%+v", b.core.Stats())
				}
			}
			tb.ReportMetric(float64(tb.Elapsed().Nanoseconds())/float64(tb.N)/float64(n), "ns/subscription")
		})
	}
}

// A service that does not answer costs the rest of a replay nothing but its place.
func BenchmarkReplayWithoutAnAnswer(tb *testing.B) {
	const n = 100_000
	b := newBench(tb)
	b.step(core.Start{})
	b.open()
	b.subscribe(n)
	b.mute = `"subscribe.` + name(0) + `"`
	for tb.Loop() {
		b.step(core.Reconnect{})
		b.step(core.Tick{})
		b.open()
		if stale := b.core.Stats().Stale; stale != 1 {
			tb.Fatalf("%d are stale, want the one without an answer", stale)
		}
	}
	tb.ReportMetric(float64(tb.Elapsed().Nanoseconds())/float64(tb.N)/float64(n), "ns/subscription")
}

// What an event costs from the frame to its delivery, when many are taken in together.
func BenchmarkFeed(tb *testing.B) {
	const many = 500
	text := strings.Repeat("word ", 20)
	small := func(i, n int) string {
		return fmt.Sprintf(`"name":"Item %d rev %d","price":%d.25,"seq":%d,"status":"idle"`, i, n, n, n)
	}
	large := func(n int) string {
		var values []string
		for f := range 15 {
			form := `"f%02d":"%d %s"`
			switch f {
			case 3:
				form = `"f%02d":"%d said \"%s\""`
			case 7:
				form = `"f%02d":"%d café %s"`
			}
			values = append(values, fmt.Sprintf(form, f, n+f, text))
		}
		return strings.Join(values, ",") + fmt.Sprintf(`,"meta":{"data":{"tags":["a","b"],"weight":%d}},"nothing":null,"seq":%d`, n, n)
	}
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf(`"item-%08d"`, i))
	}
	change := func(i int, values string) string {
		return fmt.Sprintf(`{"event":"r.%d.change","data":{"values":{%s}}}`, i, values)
	}
	remove := func(i, n int) string { return fmt.Sprintf(`{"event":"r.%d.remove","data":{"idx":%d}}`, i, n*31%100) }
	for _, kind := range []struct {
		name   string
		result func(i int) string
		event  func(i, n int) string
	}{
		{"small models", func(i int) string { return fmt.Sprintf(`"models":{"r.%d":{"id":1,%s}}`, i, small(i, 0)) },
			func(i, n int) string { return change(i, small(i, n)) }},
		{"large models", func(i int) string { return fmt.Sprintf(`"models":{"r.%d":{%s}}`, i, large(0)) },
			func(i, n int) string { return change(i, large(n)) }},
		{"collections", func(i int) string { return fmt.Sprintf(`"collections":{"r.%d":[%s]}`, i, strings.Join(items, ",")) },
			func(i, n int) string {
				if n%2 == 1 {
					return remove(i, n)
				}
				return fmt.Sprintf(`{"event":"r.%d.add","data":{"idx":%d,"value":"item-%08d"}}`, i, n*37%100, n)
			}},
		{"references", func(i int) string {
			var references, models []string
			for id := 100 * i; id < 100*(i+1); id++ {
				references = append(references, fmt.Sprintf(`{"rid":"m.%d"}`, id))
				models = append(models, fmt.Sprintf(`"m.%d":{"id":%d,%s}`, id, id, small(id, 0)))
			}
			return fmt.Sprintf(`"collections":{"r.%d":[%s]},"models":{%s}`, i, strings.Join(references, ","), strings.Join(models, ","))
		},
			func(i, n int) string {
				if n%2 == 1 {
					return remove(i, 1)
				}
				id := many*(100+n) + i
				return fmt.Sprintf(`{"event":"r.%d.add","data":{"idx":31,"value":{"rid":"m.%d"},"models":{"m.%d":{"id":%d,%s}}}}`,
					i, id, id, id, small(id, 0))
			}},
	} {
		tb.Run(kind.name, func(tb *testing.B) {
			b := newBench(tb)
			b.result = kind.result
			b.step(core.Start{})
			b.open()
			b.subscribe(many)
			var frames [][]byte
			for n := 1; n <= 200; n++ {
				for i := range many {
					frames = append(frames, []byte(kind.event(i, n)))
				}
			}
			bytes := 0
			for _, f := range frames {
				bytes += len(f)
			}
			tb.SetBytes(int64(bytes / len(frames)))
			tb.ReportAllocs()
			tb.ResetTimer()
			for i := range tb.N {
				b.batch.Add(frames[i%len(frames)])
				if b.batch.Full() || i == tb.N-1 {
					b.give(core.Received{Generation: b.generation, Messages: b.batch.Messages})
					b.batch.Reset()
				}
			}
			if unknown := b.core.Stats().UnknownEvents + b.core.Stats().Inconsistencies + b.core.Stats().BadFrames; unknown > 0 {
				tb.Errorf("%d messages were not taken in", unknown)
			}
		})
	}
}
