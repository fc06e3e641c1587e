package wire_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

var scanned = []string{
	`{"event":"test.model.change","data":{"values":{}}}`,
	`{"event":"test.model.change","data":{"values":{"a":1,"b":"x","c":null,"d":true,"e":false,"f":-0.5e+10}}}`,
	`{"event":"test.model?q=a.b.change","data":{"values":{"å":"\"\\\/\b\f\n\r\t\u00e5 å, and more than eight bytes"}}}`,
	`{"event":"a.b.change","data":{"values":{"a":{"rid":"x.y"},"b":{"rid":"x","soft":true},"c":{"data":{"z":[1,{"":"\u0000"},[]],"y":{}}},"d":{"action":"delete"}},"models":{"x.y":{"z":1}}}}`,
	`{"event":"a.b.add","data":{"idx":0,"value":"x"}}`,
	`{"event":"a.b.add","data":{"idx":12,"value":{"rid":"x"},"models":{"x":{}},"collections":{"y":[1,{"data":[]}],"z":[]}}}`,
	`{"event":"a.b.remove","data":{"idx":2147483647}}`,
	`{"event":"a.b.ping","data":null}`,
	`{"event":"a.b.ping","data":[{"a":[true,"x"]}]}`,
	`{"result":{},"id":1}`,
	`{"result":{"collections":{"b":[{"rid":"a"}]},"models":{"a":{"b":1},"c":{}}},"id":123456789012345678}`,
	`{"result":{"models":{}},"id":0}`,
}

// left to Parse, which may or may not take them
var unscanned = []string{
	``, `{`, `{}`, `[]`, `{"event":"`, `{"event":"a.b.change"}`, `{"event":"a.b.delete","data":null}`, `{"event":"a.b.unsubscribe","data":{}}`, `{"event":"a.","data":null}`, `{"event":"a.b","data":}`, `{"event":".change","data":{"values":{}}}`,
	`{"event":"a.b.change","data":{"values":{}}} `, `{"event":"a.b.change","data":{"values":{}}}}`, `{"event":"a.b.change","data":{"values":{"a":1}}`,
	`{"event":"a.b.change","data":{"values":{"b":1,"a":2}}}`, `{"event":"a.b.change","data":{"values":{"a":1,"a":2}}}`, `{"event":"a.b.change","data":{"values":{"":1,"":2}}}`,
	`{"event":"a.b.change","data":{"values":{"a":01}}}`, `{"event":"a.b.change","data":{"values":{"a":-}}}`, `{"event":"a.b.change","data":{"values":{"a":1.}}}`,
	`{"event":"a.b.change","data":{"values":{"a":tru}}}`, `{"event":"a.b.change","data":{"values":{"a":[1]}}}`, `{"event":"a.b.change","data":{"values":{"a":{"rid":""}}}}`,
	`{"event":"a.b.change","data":{"values":{"a":"\x"}}}`, `{"event":"a.b.change","data":{"values":{"a":"\ud800"}}}`, `{"event":"a.b.change","data":{"values":{"a":"\u12g4"}}}`,
	"{\"event\":\"a.b.change\",\"data\":{\"values\":{\"a\":\"\xff\"}}}", "{\"event\":\"a.b.change\",\"data\":{\"values\":{\"a\":\"\x1f\"}}}",
	"{\"event\":\"a.b.change\",\"data\":{\"values\":{\"a\":\"\\u\x10000\"}}}",
	`{"event":"a.b.change","data":{"values":{"a":{"data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}}}}`,
	`{"event":"a.b.add","data":{"idx":2147483648,"value":1}}`, `{"event":"a.b.add","data":{"idx":-1,"value":1}}`, `{"event":"a.b.add","data":{"idx":0,"value":{"action":"delete"}}}`,
	`{"result":{"payload":1},"id":1}`, `{"result":{"models":{},},"id":1}`, `{"result":{,},"id":1}`, `{"result":{},"id":1234567890123456789}`, `{"result":null,"id":1}`,
}

func TestTheScannerKnowsWhatResgateWrites(t *testing.T) {
	var s wire.Scanner
	for _, text := range scanned {
		if !checkScan(t, &s, text) {
			t.Errorf("does not know %s", text)
		}
	}
}

func TestTheScannerLeavesTheRestToParse(t *testing.T) {
	var s wire.Scanner
	for _, text := range unscanned {
		if checkScan(t, &s, text) {
			t.Errorf("takes %s", text)
		}
	}
}

// Most of the recorded changes, adds and removes of a real gateway are spelled so.
func TestTheScannerKnowsMostRecordedEvents(t *testing.T) {
	text, err := os.ReadFile("testdata/transcripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var s wire.Scanner
	events, known := 0, 0
	for line := range strings.SplitSeq(string(text), "\n") {
		i := strings.IndexAny(line, "<>")
		if i < 0 || line[0] == '#' || line[i] != '<' {
			continue
		}
		ok := checkScan(t, &s, line[i+1:])
		if m, err := wire.Parse([]byte(line[i+1:])); err != nil || !isState(m) {
			continue
		}
		events++
		if ok {
			known++
		}
	}
	if events < 100 || known < events*9/10 {
		t.Errorf("%d of %d", known, events)
	}
}

func isState(m wire.Message) bool {
	e, ok := m.(*wire.Event)
	return ok && (e.Name == wire.EventChange || e.Name == wire.EventAdd || e.Name == wire.EventRemove)
}

func TestAScannerUsesItsRoomAgain(t *testing.T) {
	var s wire.Scanner
	var m wire.Scanned
	var texts [][]byte
	sets := 0
	for _, text := range scanned {
		texts = append(texts, []byte(text))
		if s.Scan([]byte(text), &m); len(m.Set.Resources) > 0 {
			sets++
		}
	}
	if n := testing.AllocsPerRun(100, func() {
		s.Reset()
		for _, text := range texts {
			if !s.Scan(text, &m) {
				t.Fatalf("%s", text)
			}
		}
	}); n != float64(sets) {
		t.Errorf("%v allocations, and %d sets", n, sets)
	}
}

// What the scanner takes, Parse takes too, and finds the same in it.
func FuzzScan(f *testing.F) {
	addRecorded(f, '<')
	for _, text := range append(scanned, unscanned...) {
		f.Add([]byte(text))
	}
	var s wire.Scanner
	f.Fuzz(func(t *testing.T, frame []byte) { checkScan(t, &s, string(frame)) })
}

// checkScan compares the scanner with Parse, and reports whether it knows the text.
func checkScan(t *testing.T, s *wire.Scanner, text string) bool {
	t.Helper()
	var m wire.Scanned
	s.Reset()
	if !s.Scan([]byte(text), &m) {
		return false
	}
	message, err := wire.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%q is scanned, but %v", text, err)
	}
	got, want := madeOf(text, m), made{}
	switch message := message.(type) {
	case *wire.Response:
		want.Kind, want.ID = wire.ScannedAnswer, message.ID
		want.Set, err = message.Set()
		if r := want.Set.Resources; len(r) == 1 && r[0].Kind == wire.KindModel {
			want.Kind, want.RID = wire.ScannedModel, r[0].RID
		}
	case *wire.Event:
		want.RID, want.Name = message.RID, message.Name
		switch message.Name {
		case wire.EventChange:
			want.Kind = wire.ScannedChange
			want.Change, err = message.Change()
		case wire.EventAdd:
			want.Kind = wire.ScannedAdd
			want.Add, err = message.Add()
		case wire.EventRemove:
			want.Kind = wire.ScannedRemove
			want.Remove, err = message.Remove()
		default:
			want.Kind, want.Payload = wire.ScannedCustom, string(message.Data)
		}
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q is scanned as %+v, but is %+v, %v", text, got, want, err)
	}
	return true
}

// made is what was scanned, with strings.
type made struct {
	Kind      wire.ScannedKind
	RID, Name string
	ID        uint64
	Change    wire.Change
	Add       wire.Add
	Remove    wire.Remove
	Set       wire.Set
	Payload   string
}

func madeOf(text string, s wire.Scanned) made {
	at := func(p wire.Place) string { return text[p.Begin:p.End] }
	value := func(v wire.PlacedValue) res.Value { return res.NewValue(v.Kind, at(v.Text)) }
	m := made{Kind: s.Kind, RID: at(s.RID), Name: at(s.Name), ID: s.ID, Payload: at(s.Payload)}
	switch s.Kind {
	case wire.ScannedAnswer:
		m.Set = s.Set
	case wire.ScannedModel:
		m.Set = wire.Set{Resources: []wire.Resource{s.ModelIn([]byte(text))}}
	case wire.ScannedChange:
		for _, p := range s.Values {
			m.Change.Values = append(m.Change.Values, wire.Property{Name: at(p.Name), Value: value(p.Value)})
		}
		m.Change.Set = s.Set
	case wire.ScannedAdd:
		m.Add = wire.Add{Index: s.Index, Value: value(s.Value), Set: s.Set}
	case wire.ScannedRemove:
		m.Remove = wire.Remove{Index: s.Index}
	}
	return m
}
