package wire_test

import (
	"reflect"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestChange(t *testing.T) {
	tests := []struct {
		name string
		data string
		want wire.Change
	}{
		{"values", `{"values":{"b":true,"a":{"action":"delete"}}}`, wire.Change{
			Values: []wire.Property{{"a", value(`{"action":"delete"}`)}, {"b", value(`true`)}},
		}},
		{"no values in it", `{"values":{}}`, wire.Change{}},
		{"with a set", `{"models":{"x":{"y":1}},"values":{"a":{"rid":"x"}},"more":1}`, wire.Change{
			Values: []wire.Property{{"a", res.NewRef("x")}},
			Set:    wire.Set{Resources: []wire.Resource{{RID: "x", Kind: wire.KindModel, Model: []wire.Property{{"y", value("1")}}}}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := (&wire.Event{Data: []byte(test.data)}).Change()
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	tests := []struct {
		name string
		data string
		want wire.Add
	}{
		{"value", `{"idx":2,"value":"a"}`, wire.Add{Index: 2, Value: value(`"a"`)}},
		{"null", `{"idx":0,"value":null}`, wire.Add{Value: value(`null`)}},
		{"missing index", `{"value":1}`, wire.Add{Value: value(`1`)}},
		{"largest index", `{"idx":2147483647,"value":1}`, wire.Add{Index: 2147483647, Value: value(`1`)}},
		{"with a set", `{"errors":{"x":{"code":"c"}},"collections":{"y":[]},"value":{"rid":"x"},"idx":1}`, wire.Add{
			Index: 1,
			Value: res.NewRef("x"),
			Set: wire.Set{Resources: []wire.Resource{
				{RID: "y", Kind: wire.KindCollection},
				{RID: "x", Kind: wire.KindError, Error: &res.Error{Code: "c"}},
			}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := (&wire.Event{Data: []byte(test.data)}).Add()
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	for data, want := range map[string]int{
		`{"idx":3}`:                           3,
		`{}`:                                  0,
		`{"idx":null}`:                        0,
		`{"idx":2,"value":"end","extra":[1]}`: 2,
		`{"Idx":4}`:                           4,
	} {
		got, err := (&wire.Event{Data: []byte(data)}).Remove()
		if err != nil || got.Index != want {
			t.Errorf("%s: got %d, %v; want %d", data, got.Index, err, want)
		}
	}
}

func TestReason(t *testing.T) {
	got, err := (&wire.Event{Data: []byte(`{"reason":{"code":"system.deleted","message":"Deleted"}}`)}).Reason()
	if err != nil || !reflect.DeepEqual(got, res.ErrDeleted) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEventDataRefused(t *testing.T) {
	change := func(e *wire.Event) error { _, err := e.Change(); return err }
	add := func(e *wire.Event) error { _, err := e.Add(); return err }
	remove := func(e *wire.Event) error { _, err := e.Remove(); return err }
	reason := func(e *wire.Event) error { _, err := e.Reason(); return err }
	tests := []struct {
		name string
		read func(*wire.Event) error
		data string // "" for none
		want string
	}{
		{"change without data", change, ``, `invalid change event: data is missing`},
		{"change with null data", change, `null`, `invalid change event at byte 4: null where an object belongs`},
		{"change without values", change, `{"a":1}`, `invalid change event: values is missing`},
		{"change with values that are no object", change, `{"values":[]}`, `invalid change event at "/values", byte 11: an array where an object belongs`},
		{"change with a bare object", change, `{"values":{"a":{}}}`, `invalid change event at "/values/a", byte 17: invalid value: an object must be a reference or inside a data value`},
		{"change with a broken set", change, `{"values":{},"models":{"a":1}}`, `invalid change event at "/models/a", byte 28: a number where an object belongs`},
		{"add without data", add, ``, `invalid add event: data is missing`},
		{"add without value", add, `{"idx":1}`, `invalid add event: value is missing`},
		{"add of a delete action", add, `{"idx":1,"value":{"action":"delete"}}`, `invalid add event at "/value", byte 36: a delete action outside a change event`},
		{"negative index", add, `{"idx":-1,"value":1}`, `invalid add event at "/idx", byte 9: "-1" is not a whole number of at most 31 bits`},
		{"fractional index", add, `{"idx":1.5,"value":1}`, `invalid add event at "/idx", byte 10: "1.5" is not a whole number of at most 31 bits`},
		{"huge index", add, `{"idx":2147483648,"value":1}`, `invalid add event at "/idx", byte 17: "2147483648" is not a whole number of at most 31 bits`},
		{"index in quotes", remove, `{"idx":"0"}`, `invalid remove event at "/idx", byte 10: a string where a number belongs`},
		{"remove without data", remove, ``, `invalid remove event: data is missing`},
		{"unsubscribe without data", reason, ``, `invalid unsubscribe event: data is missing`},
		{"custom event named unsubscribe", reason, `{"why":"because"}`, `invalid unsubscribe event: reason is missing`},
		{"null as reason", reason, `{"reason":null}`, `invalid unsubscribe event: reason is missing`},
		{"string as reason", reason, `{"reason":"x"}`, `invalid unsubscribe event at "/reason", byte 13: a string where an object belongs`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := &wire.Event{Data: []byte(test.data)}
			if test.data == "" {
				e.Data = nil
			}
			checkSyntaxError(t, test.read(e), test.want)
		})
	}
}

func TestKindString(t *testing.T) {
	for kind, want := range map[wire.Kind]string{
		wire.KindModel: "model", wire.KindCollection: "collection", wire.KindError: "error", 0: "kind(0)",
	} {
		if got := kind.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
