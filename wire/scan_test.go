package wire_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

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
	if n := testing.AllocsPerRun(100, func() {
		s.Reset()
		for _, text := range scanned {
			if !s.Scan(text, &m) {
				t.Fatal(text)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
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
	if !s.Scan(text, &m) {
		return false
	}
	message, err := wire.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%q is scanned, but %v", text, err)
	}
	var want wire.Scanned
	switch message := message.(type) {
	case *wire.Response:
		want.ID = message.ID
		want.Set, err = message.Set()
	case *wire.Event:
		want.RID, want.Event = message.RID, message.Name
		switch message.Name {
		case wire.EventChange:
			var change wire.Change
			change, err = message.Change()
			want.Values, want.Set = change.Values, change.Set
		case wire.EventAdd:
			var add wire.Add
			add, err = message.Add()
			want.Index, want.Value, want.Set = add.Index, add.Value, add.Set
		case wire.EventRemove:
			var remove wire.Remove
			remove, err = message.Remove()
			want.Index = remove.Index
		default:
			want.Payload = string(message.Data)
		}
	}
	if err != nil || !reflect.DeepEqual(m, want) {
		t.Fatalf("%q is scanned as %+v, but is %+v, %v", text, m, want, err)
	}
	return true
}
