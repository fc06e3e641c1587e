package res_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/resclient/resclient-go/res"
)

type point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

func TestValueOf(t *testing.T) {
	ref := res.Ref("test.model")
	tests := []struct {
		name string
		x    any
		kind res.ValueKind
		raw  string
	}{
		{"nil", nil, res.Null, `null`},
		{"nil pointer", (*point)(nil), res.Null, `null`},
		{"bool", true, res.Bool, `true`},
		{"int", -42, res.Number, `-42`},
		{"largest uint64", uint64(math.MaxUint64), res.Number, `18446744073709551615`},
		{"float", 1.5, res.Number, `1.5`},
		{"json number", json.Number("1.500"), res.Number, `1.500`},
		{"string", `a"b`, res.String, `"a\"b"`},
		{"reference", ref, res.Reference, `{"rid":"test.model"}`},
		{"pointer to reference", &ref, res.Reference, `{"rid":"test.model"}`},
		{"soft reference", res.SoftRef("test.model"), res.SoftReference, `{"rid":"test.model","soft":true}`},
		{"data value", res.DataValue[[]int]{Data: []int{1, 2}}, res.Data, `{"data":[1,2]}`},
		{"data value of a primitive", res.DataValue[int]{Data: 3}, res.Number, `3`},
		{"delete action", res.DeleteAction, res.Delete, `{"action":"delete"}`},
		{"value", res.NewRef("a"), res.Reference, `{"rid":"a"}`},
		{"absent value", res.Value{}, res.Absent, ``},
		{"struct", point{1, 2}, res.Data, `{"data":{"x":1,"y":2}}`},
		{"map that looks like a reference", map[string]string{"rid": "a"}, res.Data, `{"data":{"rid":"a"}}`},
		{"slice", []string{"a"}, res.Data, `{"data":["a"]}`},
		{"nil slice", []string(nil), res.Null, `null`},
		{"raw JSON", json.RawMessage(`[1, 2]`), res.Data, `{"data":[1,2]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := res.ValueOf(test.x)
			if err != nil {
				t.Fatal(err)
			}
			if v.Kind() != test.kind || v.Raw() != test.raw {
				t.Errorf("got %s %s, want %s %s", v.Kind(), v.Raw(), test.kind, test.raw)
			}
		})
	}
}

func TestValueOfRefuses(t *testing.T) {
	for _, x := range []any{math.NaN(), make(chan int), func() {}, res.Ref("")} {
		if v, err := res.ValueOf(x); err == nil || !v.IsAbsent() {
			t.Errorf("%T: got %#v, %v", x, v, err)
		}
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name string
		text string
		want any // what is in dst of the same type afterwards
	}{
		{"string", `"a\u003c"`, "a<"},
		{"bool", `true`, true},
		{"int", `42`, 42},
		{"exact int64", `-9223372036854775808`, int64(math.MinInt64)},
		{"exact uint64", `18446744073709551615`, uint64(math.MaxUint64)},
		{"exact number", `0.1000`, json.Number("0.1000")},
		{"float", `1e3`, 1000.0},
		{"data into a struct", `{"data":{"x":1,"y":2}}`, point{1, 2}},
		{"data into a slice", `{"data":[1,2]}`, []int{1, 2}},
		{"data into raw JSON", `{"data":[1,2]}`, json.RawMessage(`[1,2]`)},
		{"null into a pointer", `null`, (*int)(nil)},
		{"reference into Ref", `{"rid":"a"}`, res.Ref("a")},
		{"reference into SoftRef", `{"rid":"a"}`, res.SoftRef("a")},
		{"reference into string", `{"rid":"a"}`, "a"},
		{"reference into Value", `{"rid":"a"}`, res.NewRef("a")},
		{"soft reference into SoftRef", `{"rid":"a","soft":true}`, res.SoftRef("a")},
		{"soft reference into Ref", `{"rid":"a","soft":true}`, res.Ref("a")},
		{"soft reference into string", `{"rid":"a","soft":true}`, "a"},
		{"soft reference into Value", `{"rid":"a","soft":true}`, res.NewSoftRef("a")},
		{"legacy soft reference", `"a"`, res.SoftRef("a")},
		{"delete into Value", `{"action":"delete"}`, res.Value{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := parse(t, test.text)
			dst := reflect.New(reflect.TypeOf(test.want))
			if err := v.Decode(dst.Interface()); err != nil {
				t.Fatal(err)
			}
			if v.Kind() == res.Delete {
				test.want = v
			}
			if got := dst.Elem().Interface(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestDecodeIntoAny(t *testing.T) {
	tests := []struct {
		text string
		want any
	}{
		{`{"rid":"a"}`, res.Ref("a")},
		{`{"rid":"a","soft":true}`, res.SoftRef("a")},
		{`null`, nil},
		{`{"data":["x"]}`, []any{"x"}},
	}
	for _, test := range tests {
		var got any
		if err := parse(t, test.text).Decode(&got); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %#v, %v; want %#v", test.text, got, err, test.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	var (
		number int
		ref    res.Ref
		value  *res.Value
	)
	tests := []struct {
		name string
		v    res.Value
		dst  any
	}{
		{"string into int", parse(t, `"1"`), &number},
		{"fraction into int", parse(t, `1.5`), &number},
		{"reference into int", res.NewRef("a"), &number},
		{"number into Ref", parse(t, `1`), &ref},
		{"data into Ref", parse(t, `{"data":{"rid":1}}`), &ref},
		{"absent", res.Value{}, &number},
		{"delete", parse(t, `{"action":"delete"}`), &number},
		{"nil", parse(t, `1`), nil},
		{"nil pointer", parse(t, `1`), value},
		{"no pointer", parse(t, `1`), 5},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := test.v.Decode(test.dst); err == nil {
				t.Error("got no error")
			}
		})
	}
	_, ok := errors.AsType[*res.ValueError](res.Value{}.Decode(&number))
	if !ok {
		t.Error("decoding an absent value gives no ValueError")
	}
}

func TestValueInsideJSON(t *testing.T) {
	const text = `{"name":"a","owner":{"rid":"user.1"},"tags":{"data":["x"]},"gone":null}`
	var model map[string]res.Value
	if err := json.Unmarshal([]byte(text), &model); err != nil {
		t.Fatal(err)
	}
	want := map[string]res.Value{
		"name": parse(t, `"a"`), "owner": res.NewRef("user.1"), "tags": parse(t, `{"data":["x"]}`), "gone": parse(t, `null`),
	}
	if !reflect.DeepEqual(model, want) {
		t.Errorf("got %v, want %v", model, want)
	}
	if err := json.Unmarshal([]byte(`{"a":[1]}`), &model); err == nil {
		t.Error("a bare array was taken")
	}
}

func TestReferencesInsideJSON(t *testing.T) {
	type links struct {
		Owner res.Ref                  `json:"owner"`
		Next  res.SoftRef              `json:"next"`
		Tags  res.DataValue[[]string]  `json:"tags"`
		Refs  map[string]res.Ref       `json:"refs,omitempty"`
		Extra *res.DataValue[[]string] `json:"extra,omitempty"`
	}
	in := links{Owner: "user.1?q=<", Next: "page.2", Tags: res.DataValue[[]string]{Data: []string{"x"}}}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"owner":{"rid":"user.1?q=\u003c"},"next":{"rid":"page.2","soft":true},"tags":{"data":["x"]}}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var out links
	if err := json.Unmarshal(text, &out); err != nil || !reflect.DeepEqual(out, in) {
		t.Errorf("read again: %+v, %v", out, err)
	}
}
