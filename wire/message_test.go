package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name  string
		frame string
		want  wire.Message
	}{
		{"success", `{"result":{"a":1},"id":7}`, &wire.Response{ID: 7, Result: []byte(`{"a":1}`)}},
		{"success without result", `{"id":7}`, &wire.Response{ID: 7}},
		{"result that is null", `{"result":null,"id":7}`, &wire.Response{ID: 7, Result: []byte(`null`)}},
		{"id first", `{"id":0,"result":"x"}`, &wire.Response{Result: []byte(`"x"`)}},
		{"largest id", `{"id":18446744073709551615}`, &wire.Response{ID: 18446744073709551615}},
		{"error", `{"error":{"code":"system.notFound","message":"Not found"},"id":1}`,
			&wire.Response{ID: 1, Error: &res.Error{Code: "system.notFound", Message: "Not found"}}},
		{"error with data", `{"error":{"code":"a","message":"b","data":{"c":[1]},"more":2},"id":1}`,
			&wire.Response{ID: 1, Error: &res.Error{Code: "a", Message: "b", Data: json.RawMessage(`{"c":[1]}`)}}},
		{"error without code and message", `{"error":{"code":null},"id":1}`, &wire.Response{ID: 1, Error: &res.Error{}}},
		{"error that is null", `{"error":null,"result":1,"id":1}`, &wire.Response{ID: 1, Result: []byte(`1`)}},
		{"event", `{"event":"test.model.change","data":{"values":{}}}`,
			&wire.Event{RID: "test.model", Name: "change", Data: []byte(`{"values":{}}`)}},
		{"event without data", `{"event":"test.model.ping"}`, &wire.Event{RID: "test.model", Name: "ping"}},
		{"event with null data", `{"event":"test.model.delete","data":null}`, &wire.Event{RID: "test.model", Name: "delete", Data: []byte(`null`)}},
		{"event on a resource with a query", `{"event":"test.model?q=a.b.change","data":1}`,
			&wire.Event{RID: "test.model?q=a.b", Name: "change", Data: []byte(`1`)}},
		{"escaped event name", `{"event":"test?q=\u003c\u00e5.\u0063hange"}`, &wire.Event{RID: "test?q=<å", Name: "change"}},
		{"data first", `{"data":1,"event":"a.b"}`, &wire.Event{RID: "a", Name: "b", Data: []byte(`1`)}},
		{"unknown members", `{"x":[{"id":1}],"event":"a.b","y":null}`, &wire.Event{RID: "a", Name: "b"}},
		{"escaped member name", `{"\u0069d":1}`, &wire.Response{ID: 1}},
		{"white space", " {\t\"id\" : 1 ,\n \"result\" : [ 1 ] } \r\n", &wire.Response{ID: 1, Result: []byte(`[ 1 ]`)}},
		{"member that occurs twice", `{"id":1,"id":2}`, &wire.Response{ID: 2}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.Parse([]byte(test.frame))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, frame, want string }{
		{"nothing", ``, `invalid message at byte 0: EOF`},
		{"no object", `[1]`, `invalid message at byte 1: an array where an object belongs`},
		{"no member", `{}`, `invalid message: id or event is missing`},
		{"truncated", `{"id":1,"result":{"a":`, `invalid response at "/result/a", byte 22: unexpected EOF`},
		{"two objects", `{"id":1}{"id":2}`, `invalid response at byte 8: something follows the object`},
		{"id and event", `{"id":1,"event":"a.b"}`, `invalid message: it has both an id and an event`},
		{"negative id", `{"id":-1}`, `invalid response at "/id", byte 8: "-1" is not a whole number of at most 64 bits`},
		{"fractional id", `{"id":1.0}`, `invalid response at "/id", byte 9: "1.0" is not a whole number of at most 64 bits`},
		{"id too large", `{"id":18446744073709551616}`, `invalid response at "/id", byte 26: "18446744073709551616" is not a whole number of at most 64 bits`},
		{"null id", `{"id":null}`, `invalid response at "/id", byte 10: "null" is not a whole number of at most 64 bits`},
		{"error that is a string", `{"id":1,"error":"x"}`, `invalid response at "/error", byte 19: a string where an object belongs`},
		{"code that is a number", `{"id":1,"error":{"code":1}}`, `invalid response at "/error/code", byte 25: a number where a string belongs`},
		{"event that is a number", `{"event":1}`, `invalid event at "/event", byte 10: a number where a string belongs`},
		{"event without name", `{"event":"a"}`, `invalid event at "/event", byte 12: no dot between a resource id and an event name`},
		{"event with empty name", `{"event":"a."}`, `invalid event at "/event", byte 13: no dot between a resource id and an event name`},
		{"name cut short", "{\"event\":\"a.b.change\",\"dat\x81~{\"event\":1}", `invalid event at "/dat\ufffd~0{", byte 30: invalid character 'e' after object name (expecting ':')`},
		{"name in another script", `{"id":1,"error":{"größe":[}}`, `invalid response at "/error/größe/0", byte 28: invalid character '}' at start of value`},
		{"event without resource", `{"event":".a"}`, `invalid event at "/event", byte 13: no dot between a resource id and an event name`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			message, err := wire.Parse([]byte(test.frame))
			if message != nil || err == nil {
				t.Fatalf("got %+v, %v", message, err)
			}
			if _, ok := errors.AsType[*wire.SyntaxError](err); !ok || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestParseSurvivesDeepNesting(t *testing.T) {
	for _, depth := range []int{9000, 100000} {
		frame := `{"id":1,"result":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		_, err := wire.Parse([]byte(frame))
		if depth < 10000 && err != nil {
			t.Errorf("depth %d: %v", depth, err)
		}
		if depth > 10000 && (err == nil || len(err.Error()) > 500) {
			t.Errorf("depth %d: %.500v", depth, err)
		}
	}
}

func TestParsedMessageIsPartOfTheFrame(t *testing.T) {
	frame := []byte(`{"result":"before","id":1}`)
	message, err := wire.Parse(frame)
	if err != nil {
		t.Fatal(err)
	}
	result := message.(*wire.Response).Result
	copy(frame[len(`{"result":`):], `"after."`)
	if string(result) != `"after."` {
		t.Errorf("the result was copied: %s", result)
	}
	if cap(result) != len(result) {
		t.Error("appending to the result would write into the frame")
	}
}
