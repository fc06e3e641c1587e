package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/wire"
)

// The benchmarks read whole frames, as a client does: Parse, then the method
// for the message.

func BenchmarkChangeEvent(b *testing.B) {
	frame := []byte(`{"event":"inventory.item.42.change","data":{"values":{"name":"Bolt","quantity":17,"reserved":true}}}`)
	benchmarkEvent(b, frame, func(e *wire.Event) error { _, err := e.Change(); return err })
}

func BenchmarkAddEvent(b *testing.B) {
	frame := []byte(`{"event":"inventory.items.add","data":{"idx":3,"value":{"rid":"inventory.item.43"},` +
		`"models":{"inventory.item.43":{"name":"Nut","quantity":5,"reserved":false}}}}`)
	benchmarkEvent(b, frame, func(e *wire.Event) error { _, err := e.Add(); return err })
}

func BenchmarkRemoveEvent(b *testing.B) {
	frame := []byte(`{"event":"inventory.items.remove","data":{"idx":3}}`)
	benchmarkEvent(b, frame, func(e *wire.Event) error { _, err := e.Remove(); return err })
}

func BenchmarkSetOf100Models(b *testing.B) {
	var models, items []string
	for i := range 100 {
		rid := fmt.Sprintf("inventory.item.%d", 100+i)
		models = append(models, fmt.Sprintf(`%q:{"id":%d,"name":"Item %d","price":%d.50,"stock":{"data":[1,2,3]}}`, rid, i, i, i))
		items = append(items, fmt.Sprintf(`{"rid":%q}`, rid))
	}
	frame := fmt.Appendf(nil, `{"result":{"collections":{"inventory.items":[%s]},"models":{%s}},"id":7}`,
		strings.Join(items, ","), strings.Join(models, ","))
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		message, err := wire.Parse(frame)
		if err != nil {
			b.Fatal(err)
		}
		set, err := message.(*wire.Response).Set()
		if err != nil || len(set.Resources) != 101 {
			b.Fatalf("%d resources, %v", len(set.Resources), err)
		}
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	var frame []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		frame, err = wire.Subscribe(123456, "inventory.item.42").Append(frame[:0])
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkEvent(b *testing.B, frame []byte, read func(*wire.Event) error) {
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		message, err := wire.Parse(frame)
		if err != nil {
			b.Fatal(err)
		}
		if err := read(message.(*wire.Event)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScanChangeEvent(b *testing.B) {
	benchmarkScan(b, `{"event":"inventory.item.42.change","data":{"values":{"name":"Bolt","quantity":17,"reserved":true}}}`)
}

func BenchmarkScanLargeChangeEvent(b *testing.B) {
	var values []string
	for i := range 20 {
		values = append(values, fmt.Sprintf(`"f%02d":"%d said \"%s\""`, i, i, strings.Repeat("word ", 20)))
	}
	benchmarkScan(b, `{"event":"inventory.item.42.change","data":{"values":{`+strings.Join(values, ",")+`}}}`)
}

func benchmarkScan(b *testing.B, frame string) {
	var s wire.Scanner
	var m wire.Scanned
	text := []byte(frame)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		s.Reset()
		if !s.Scan(text, &m) {
			b.Fatal("not scanned")
		}
	}
}
