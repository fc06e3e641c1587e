package wire_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestSet(t *testing.T) {
	tests := []struct {
		name   string
		result string // "" for none
		want   []wire.Resource
	}{
		{"no result", ``, nil},
		{"null", `null`, nil},
		{"empty", `{}`, nil},
		{"empty members", `{"models":{},"collections":{},"errors":{}}`, nil},
		{"model", `{"models":{"test.model":{"a":1,"b":{"rid":"test.other"}}}}`, []wire.Resource{
			{RID: "test.model", Kind: wire.KindModel, Model: []wire.Property{{"a", value("1")}, {"b", res.NewRef("test.other")}}},
		}},
		{"model without properties", `{"models":{"test.model":{}}}`, []wire.Resource{{RID: "test.model", Kind: wire.KindModel}}},
		{"unsorted model", `{"models":{"m":{"b":1,"a":2,"c":3}}}`, []wire.Resource{
			{RID: "m", Kind: wire.KindModel, Model: []wire.Property{{"a", value("2")}, {"b", value("1")}, {"c", value("3")}}},
		}},
		{"property that occurs twice", `{"models":{"m":{"a":1,"b":2,"a":3,"a":4}}}`, []wire.Resource{
			{RID: "m", Kind: wire.KindModel, Model: []wire.Property{{"a", value("4")}, {"b", value("2")}}},
		}},
		{"empty property name", `{"models":{"m":{"":1}}}`, []wire.Resource{
			{RID: "m", Kind: wire.KindModel, Model: []wire.Property{{"", value("1")}}},
		}},
		{"collection", `{"collections":{"test.list":[1,"a",{"rid":"x","soft":true},{"data":[]}]}}`, []wire.Resource{
			{RID: "test.list", Kind: wire.KindCollection, Collection: []res.Value{value("1"), value(`"a"`), res.NewSoftRef("x"), value(`{"data":[]}`)}},
		}},
		{"collection without items", `{"collections":{"test.list":[]}}`, []wire.Resource{{RID: "test.list", Kind: wire.KindCollection}}},
		{"error", `{"errors":{"x":{"code":"system.notFound","message":"Not found","data":1}}}`, []wire.Resource{
			{RID: "x", Kind: wire.KindError, Error: &res.Error{Code: "system.notFound", Message: "Not found", Data: json.RawMessage(`1`)}},
		}},
		{"all kinds in another order", `{"errors":{"e":{}},"models":{"b":{},"a":{}},"x":1,"collections":{"c":[]}}`, []wire.Resource{
			{RID: "b", Kind: wire.KindModel},
			{RID: "a", Kind: wire.KindModel},
			{RID: "c", Kind: wire.KindCollection},
			{RID: "e", Kind: wire.KindError, Error: &res.Error{}},
		}},
		{"escaped resource id", `{"models":{"a?q=\u003c":{}}}`, []wire.Resource{{RID: "a?q=<", Kind: wire.KindModel}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := wire.Response{Result: []byte(test.result)}
			if test.result == "" {
				r.Result = nil
			}
			set, err := r.Set()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(set.Resources, test.want) {
				t.Errorf("got %+v, want %+v", set.Resources, test.want)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	tests := []struct{ name, result, want string }{
		{"no object", `[]`, `invalid resource set at byte 1: an array where an object belongs`},
		{"models not an object", `{"models":[]}`, `invalid resource set at "/models", byte 11: an array where an object belongs`},
		{"models null", `{"models":null}`, `invalid resource set at "/models", byte 14: null where an object belongs`},
		{"model not an object", `{"models":{"a":[]}}`, `invalid resource set at "/models/a", byte 16: an array where an object belongs`},
		{"bare array in a model", `{"models":{"a":{"b":[1]}}}`, `invalid resource set at "/models/a/b", byte 19: invalid value: an array must be inside a data value`},
		{"delete action in a model", `{"models":{"a":{"b":{"action":"delete"}}}}`, `invalid resource set at "/models/a/b", byte 39: a delete action outside a change event`},
		{"collection not an array", `{"collections":{"a":{}}}`, `invalid resource set at "/collections/a", byte 21: an object where an array belongs`},
		{"bare object in a collection", `{"collections":{"a":[1,{"b":2}]}}`, `invalid resource set at "/collections/a/1", byte 30: invalid value: an object must be a reference or inside a data value`},
		{"error not an object", `{"errors":{"a":"x"}}`, `invalid resource set at "/errors/a", byte 18: a string where an object belongs`},
		{"broken", `{"models":{"a":{"b":1,}}}`, `invalid resource set at "/models/a", byte 21: invalid character ',' at start of value`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set, err := (&wire.Response{Result: []byte(test.result)}).Set()
			checkSyntaxError(t, err, test.want)
			if set.Resources != nil {
				t.Errorf("got %+v", set)
			}
		})
	}
}

func TestCallResult(t *testing.T) {
	model := wire.Set{Resources: []wire.Resource{{RID: "a", Kind: wire.KindModel}}}
	tests := []struct {
		name   string
		result string
		want   wire.CallResult
	}{
		{"payload", `{"payload":{"a":[1]}}`, wire.CallResult{Payload: []byte(`{"a":[1]}`)}},
		{"null payload", `{"payload":null}`, wire.CallResult{Payload: []byte(`null`)}},
		{"payload that looks like a resource", `{"payload":{"rid":"a"}}`, wire.CallResult{Payload: []byte(`{"rid":"a"}`)}},
		{"resource", `{"rid":"a","models":{"a":{}}}`, wire.CallResult{RID: "a", Set: model}},
		{"resource, other order", `{"x":1,"models":{"a":{}},"rid":"a"}`, wire.CallResult{RID: "a", Set: model}},
		{"resource that is held", `{"rid":"a?q=\u003c"}`, wire.CallResult{RID: "a?q=<"}},
		{"resource in error", `{"rid":"a","errors":{"a":{"code":"c"}}}`, wire.CallResult{RID: "a", Set: wire.Set{
			Resources: []wire.Resource{{RID: "a", Kind: wire.KindError, Error: &res.Error{Code: "c"}}},
		}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := (&wire.Response{Result: []byte(test.result)}).CallResult()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestCallResultRefuses(t *testing.T) {
	tests := []struct{ name, result, want string }{
		{"null", `null`, `invalid call result: result is missing`},
		{"neither payload nor resource", `{}`, `invalid call result: payload or resource id is missing`},
		{"empty resource id", `{"rid":""}`, `invalid call result: payload or resource id is missing`},
		{"bare payload", `"x"`, `invalid call result at byte 3: a string where an object belongs`},
		{"resource id that is a number", `{"rid":1}`, `invalid call result at "/rid", byte 8: a number where a string belongs`},
		{"broken set", `{"rid":"a","models":1}`, `invalid call result at "/models", byte 21: a number where an object belongs`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := (&wire.Response{Result: []byte(test.result)}).CallResult()
			checkSyntaxError(t, err, test.want)
		})
	}
	_, err := (&wire.Response{}).CallResult()
	checkSyntaxError(t, err, `invalid call result: result is missing`)
}

func TestLegacyCallResult(t *testing.T) {
	for _, text := range []string{`null`, `{"payload":1}`, `{"rid":"a"}`, `[1]`} {
		got, err := (&wire.Response{Result: []byte(text)}).LegacyCallResult()
		if err != nil || string(got.Payload) != text || got.RID != "" {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	_, err := (&wire.Response{}).LegacyCallResult()
	checkSyntaxError(t, err, `invalid call result: result is missing`)
}

func TestProtocol(t *testing.T) {
	got, err := (&wire.Response{Result: []byte(`{"x":1,"protocol":"1.2.3"}`)}).Protocol()
	if err != nil || got != "1.2.3" {
		t.Errorf("got %q, %v", got, err)
	}
	for text, want := range map[string]string{
		`null`:              `invalid version result: protocol is missing`,
		`{}`:                `invalid version result: protocol is missing`,
		`{"protocol":null}`: `invalid version result: protocol is missing`,
		`{"protocol":1.2}`:  `invalid version result at "/protocol", byte 15: a number where a string belongs`,
		`"1.2.3"`:           `invalid version result at byte 7: a string where an object belongs`,
	} {
		_, err := (&wire.Response{Result: []byte(text)}).Protocol()
		checkSyntaxError(t, err, want)
	}
}

func TestResultMethodsReturnTheErrorOfTheResponse(t *testing.T) {
	r := &wire.Response{ID: 1, Error: res.ErrAccessDenied, Result: []byte(`{"protocol":"1.2.3","payload":1}`)}
	_, protocol := r.Protocol()
	_, set := r.Set()
	_, call := r.CallResult()
	_, legacy := r.LegacyCallResult()
	for name, err := range map[string]error{"Protocol": protocol, "Set": set, "CallResult": call, "LegacyCallResult": legacy} {
		if !errors.Is(err, res.ErrAccessDenied) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestWhatIsReadKeepsNothingOfTheFrame(t *testing.T) {
	frame := []byte(`{"result":{"payload":"before"},"errors":{},"id":1}`)
	message, err := wire.Parse(frame)
	if err != nil {
		t.Fatal(err)
	}
	r := message.(*wire.Response)
	call, err := r.CallResult()
	if err != nil {
		t.Fatal(err)
	}
	legacy, err := r.LegacyCallResult()
	if err != nil {
		t.Fatal(err)
	}
	clear(frame)
	if string(call.Payload) != `"before"` || string(legacy.Payload) != `{"payload":"before"}` {
		t.Errorf("got %s and %s", call.Payload, legacy.Payload)
	}
}

func value(text string) res.Value {
	v, err := res.ParseValue([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

func checkSyntaxError(t *testing.T, err error, want string) {
	t.Helper()
	if _, ok := errors.AsType[*wire.SyntaxError](err); !ok {
		t.Fatalf("got error %v, want a SyntaxError: %s", err, want)
	}
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
