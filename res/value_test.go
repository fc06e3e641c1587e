package res_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/resclient/resclient-go/res"
)

func TestParseValue(t *testing.T) {
	tests := []struct {
		name string
		text string
		kind res.ValueKind
		rid  string
		str  string // String()
		raw  string // Raw()
	}{
		{"null", `null`, res.Null, "", "null", `null`},
		{"true", `true`, res.Bool, "", "true", `true`},
		{"false", `false`, res.Bool, "", "false", `false`},
		{"number", `0.1000`, res.Number, "", "0.1000", `0.1000`},
		{"huge number", `-1.50e+400`, res.Number, "", "-1.50e+400", `-1.50e+400`},
		{"exact integer", `12345678901234567890`, res.Number, "", "12345678901234567890", `12345678901234567890`},
		{"string", `"a b"`, res.String, "", "a b", `"a b"`},
		{"empty string", `""`, res.String, "", "", `""`},
		{"escaped string", `"\u003ca\"\n\ud83d\ude00"`, res.String, "", "<a\"\n😀", `"\u003ca\"\n\ud83d\ude00"`},
		{"string outside ASCII", `"Ω"`, res.String, "", "Ω", `"Ω"`},
		{"string not UTF-8", "\"a\xff\"", res.String, "", "a�", "\"a\xff\""},
		{"white space around", " \t\r\n1 \t\r\n", res.Number, "", "1", `1`},
		{"reference", `{"rid":"test.model"}`, res.Reference, "test.model", "test.model", `{"rid":"test.model"}`},
		{"reference that is not soft", `{"rid":"test.model","soft":false}`, res.Reference, "test.model", "test.model", `{"rid":"test.model"}`},
		{"reference with null members", `{"rid":"a","soft":null,"action":null}`, res.Reference, "a", "a", `{"rid":"a"}`},
		{"reference with an escaped id", `{"rid":"a?q=\u003c"}`, res.Reference, "a?q=<", "a?q=<", `{"rid":"a?q=<"}`},
		{"reference with quotes in its query", `{"rid":"a?\"\\\n"}`, res.Reference, "a?\"\\\n", "a?\"\\\n", `{"rid":"a?\"\\\n"}`},
		{"reference with escaped member name", `{"\u0072id":"a"}`, res.Reference, "a", "a", `{"rid":"a"}`},
		{"reference with other members", `{"a":[{}],"rid":"x","rid2":1}`, res.Reference, "x", "x", `{"rid":"x"}`},
		{"soft reference", `{"rid":"test.model","soft":true}`, res.SoftReference, "test.model", "test.model", `{"rid":"test.model","soft":true}`},
		{"soft reference, other order", ` { "soft" : true , "rid" : "x" } `, res.SoftReference, "x", "x", `{"rid":"x","soft":true}`},
		{"data object", `{"data":{"b":1,"a":[2]}}`, res.Data, "", `{"b":1,"a":[2]}`, `{"data":{"b":1,"a":[2]}}`},
		{"data array", `{"data":[1,{"rid":"x"}]}`, res.Data, "", `[1,{"rid":"x"}]`, `{"data":[1,{"rid":"x"}]}`},
		{"data with other members", `{"x":1,"data":[]}`, res.Data, "", `[]`, `{"data":[]}`},
		{"data with a number", `{"data":12}`, res.Number, "", "12", `12`},
		{"data with a string", `{"data":"x"}`, res.String, "", "x", `"x"`},
		{"data with null", `{"data":null}`, res.Null, "", "null", `null`},
		{"delete action", `{"action":"delete"}`, res.Delete, "", `{"action":"delete"}`, `{"action":"delete"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := res.ParseValue([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if v.Kind() != test.kind || v.RID() != test.rid || v.String() != test.str || v.Raw() != test.raw {
				t.Errorf("got kind %s, rid %q, string %q, raw %s", v.Kind(), v.RID(), v.String(), v.Raw())
			}
			if v.IsReference() != (test.kind == res.Reference) || v.IsAbsent() {
				t.Errorf("IsReference %t, IsAbsent %t", v.IsReference(), v.IsAbsent())
			}
			again, err := res.ParseValue(v.JSON())
			if err != nil || again != v {
				t.Errorf("read again: %#v, %v; want %#v", again, err, v)
			}
		})
	}
}

func TestParseValueKeepsNothingOfItsInput(t *testing.T) {
	text := []byte(`"before"`)
	v, err := res.ParseValue(text)
	if err != nil {
		t.Fatal(err)
	}
	copy(text, `"after."`)
	if v.String() != "before" {
		t.Errorf("the value became %q", v)
	}
}

func TestParseValueRefuses(t *testing.T) {
	tests := []struct{ name, text, reason string }{
		{"nothing", ``, "EOF"},
		{"bare array", `[1]`, "an array must be inside a data value"},
		{"bare object", `{"a":1}`, "an object must be a reference or inside a data value"},
		{"empty object", `{}`, "an object must be a reference or inside a data value"},
		{"number as resource id", `{"rid":1}`, `"rid" is not a string`},
		{"null as resource id", `{"rid":null}`, "an object must be a reference or inside a data value"},
		{"empty resource id", `{"rid":""}`, "the resource id is empty"},
		{"soft not a bool", `{"rid":"a","soft":1}`, `"soft" is not a bool`},
		{"unknown action", `{"action":"add"}`, `unknown action`},
		{"rid and data", `{"rid":"a","data":1}`, `only one of "rid", "data" and "action" is allowed`},
		{"rid and null data", `{"rid":"a","data":null}`, `only one of "rid", "data" and "action" is allowed`},
		{"action and data", `{"action":"delete","data":1}`, `only one of "rid", "data" and "action" is allowed`},
		{"two values", `1 2`, "something follows the value"},
		{"object and rubbish", `{"rid":"a"}}`, "something follows the value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := res.ParseValue([]byte(test.text))
			valueErr, ok := errors.AsType[*res.ValueError](err)
			if !ok || !v.IsAbsent() {
				t.Fatalf("got %#v, %v", v, err)
			}
			if valueErr.Text != test.text || valueErr.Reason != test.reason {
				t.Errorf("got %+v, want reason %q", *valueErr, test.reason)
			}
		})
	}
}

func TestParseValueRefusesBrokenJSON(t *testing.T) {
	for _, text := range []string{
		`nul`, `truex`, `01`, `1.`, `-`, `"a`, `"\x"`, "\"\n\"", `{`, `{"rid"}`, `{"rid":"a",}`, `{"rid":"a"`,
		`{1:2}`, `{"data":[1,]}`, `{"data":{"a":}}`, `{"x":[}`, "\xff", strings.Repeat(`{"data":`, 20000), strings.Repeat(`[`, 20000),
	} {
		v, err := res.ParseValue([]byte(text))
		if _, ok := errors.AsType[*res.ValueError](err); !ok || !v.IsAbsent() {
			t.Errorf("%.40q: got %#v, %v", text, v, err)
		} else if len(err.Error()) > 500 {
			t.Errorf("%.40q: the error has %d bytes", text, len(err.Error()))
		}
	}
}

func TestZeroValueIsAbsent(t *testing.T) {
	var v res.Value
	if v.Kind() != res.Absent || !v.IsAbsent() || v.String() != "" || v.Raw() != "" {
		t.Errorf("got %#v", v)
	}
	if text, err := json.Marshal(v); err != nil || string(text) != "null" {
		t.Errorf("marshalled: %s, %v", text, err)
	}
}

func TestValueIsSmall(t *testing.T) {
	want := unsafe.Sizeof("") + unsafe.Sizeof(uintptr(0))
	if size := unsafe.Sizeof(res.Value{}); size > want {
		t.Errorf("a value takes %d bytes, want %d", size, want)
	}
}

func TestValueEqual(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		want bool
	}{
		{"same string", `"a"`, `"a"`, true},
		{"escaped string", `"<"`, `"\u003c"`, true},
		{"other string", `"a"`, `"b"`, false},
		{"escaped otherwise", `"\u00E5"`, `"\u00e5"`, true},
		{"escaped as two", `"\u005cn"`, `"\\n"`, true},
		{"escaped as itself", `"a\/b"`, `"a/b"`, true},
		{"other string after an escape", `"\n a"`, `"\n b"`, false},
		{"other string before an escape", `"a \n"`, `"b \n"`, false},
		{"string that ends", `"a\n, and more than that"`, `"a\n, and more"`, false},
		{"other string with an escape", `"a\n"`, `"b\n"`, false},
		{"strings not UTF-8", "\"\xff\"", "\"\xfe\"", true},
		{"string replaced", "\"\xff\"", "\"\ufffd\"", true},
		{"string that is longer", `"é"`, `"éé"`, false},
		{"data with other texts", `{"data":["a","b"]}`, `{"data":["a","c"]}`, false},
		{"data with a space in a text", `{"data":["a b"]}`, `{"data":["ab"]}`, false},
		{"data replaced", "{\"data\":[\"\xff\"]}", "{\"data\":[\"\ufffd\"]}", true},
		{"data in other order, with spaces", "{\"data\":{\"a\":\" \",\n\"b\":[\"x y\"]}}", `{"data":{"b":["x y"],"a":" "}}`, true},
		{"string and number", `"1"`, `1`, false},
		{"number by text", `0.1`, `0.10`, false},
		{"bool", `true`, `false`, false},
		{"null", `null`, `null`, true},
		{"same reference", `{"rid":"a"}`, `{"rid":"a","soft":false}`, true},
		{"soft reference", `{"rid":"a"}`, `{"rid":"a","soft":true}`, false},
		{"other reference", `{"rid":"a"}`, `{"rid":"a?"}`, false},
		{"data with white space", `{"data":[1,2]}`, `{"data":[ 1 , 2 ]}`, true},
		{"data in other order", `{"data":{"a":1,"b":{"c":2,"d":3}}}`, `{"data":{"b":{"d":3,"c":2},"a":1}}`, true},
		{"data escaped", `{"data":["<","é"]}`, `{"data":["\u003c","\u00e9"]}`, true},
		{"data with other array order", `{"data":[1,2]}`, `{"data":[2,1]}`, false},
		{"data numbers by text", `{"data":[1.0]}`, `{"data":[1]}`, false},
		{"data with names that occur twice", `{"data":{"a":1,"a":2}}`, `{"data":{ "a":1,"a":2}}`, true},
		{"data not UTF-8", "{\"data\":[\"\xff\",1]}", "{\"data\":[\"\xff\", 1]}", true},
		{"delete", `{"action":"delete"}`, `{"action":"delete"}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := parse(t, test.a), parse(t, test.b)
			if got := a.Equal(b); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
			if got := b.Equal(a); got != test.want {
				t.Errorf("the other way: got %t, want %t", got, test.want)
			}
		})
	}
	if !(res.Value{}).Equal(res.Value{}) || (res.Value{}).Equal(parse(t, "null")) {
		t.Error("an absent value equals an absent value alone")
	}
}

func TestValueKindString(t *testing.T) {
	want := []string{"absent", "null", "bool", "number", "string", "reference", "soft reference", "data", "delete", "kind(9)"}
	for i, name := range want {
		if got := res.ValueKind(i).String(); got != name {
			t.Errorf("kind %d is %q, want %q", i, got, name)
		}
	}
}

func TestRawReplacesWhatIsNotUTF8InReferences(t *testing.T) {
	if got, want := res.NewRef("a?\xff").Raw(), `{"rid":"a?�"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func parse(t testing.TB, text string) res.Value {
	t.Helper()
	v, err := res.ParseValue([]byte(text))
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return v
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{
		`null`, `true`, `-0.10e+5`, `"a\u003c\ud800"`, "\"\xff\"", `{"rid":"a?q=\"","soft":true}`, `{"rid":"a","x":[1]}`,
		`{"data":{"b":[1,"é"],"a":null}}`, `{"data":7}`, `{"action":"delete"}`, `{}`, `[1]`, `{"rid":`, ` 1 2`, `{"data":{"a":1,"a":2}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := res.ParseValue(text)
		if err != nil {
			if _, ok := errors.AsType[*res.ValueError](err); !ok || !v.IsAbsent() {
				t.Fatalf("got %#v, %v", v, err)
			}
			return
		}
		if v.IsAbsent() || !v.Equal(v) {
			t.Fatalf("got %#v", v)
		}
		again, err := res.ParseValue(v.JSON())
		if err != nil || again != v || !again.Equal(v) {
			t.Fatalf("%q gives %#v, read again %#v, %v", text, v, again, err)
		}
		var dst any
		_ = v.Decode(&dst)
	})
}
