package wire_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Whatever the bytes are: nothing panics, errors are SyntaxErrors, and what
// was read is the same when it is written and read again.

func FuzzParse(f *testing.F) {
	addRecorded(f, '<')
	f.Add([]byte("{\"event\":\"a?\xff.b\",\"data\":[\"\xff\"]}"))
	f.Add([]byte(`{"error":{"code":"a","data":{}},"id":1,"result":{"id":2}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		message, err := wire.Parse(frame)
		if err != nil {
			wantSyntaxError(t, err)
			return
		}
		again, err := wire.Parse(encodeMessage(message))
		if err != nil || !reflect.DeepEqual(again, message) {
			t.Fatalf("%q gives %+v, again %+v, %v", frame, message, again, err)
		}
	})
}

func FuzzResult(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"protocol":"1.2.3"}`, `{"payload":[1]}`, `{"rid":"a?q=\"","models":{"a":{"b":1}}}`,
		`{"models":{"a":{"y":{"rid":"c"},"x":{"rid":"d","soft":true},"x":null}},"collections":{"c":[1,{"data":{"z":1}}]},"errors":{"d":{"code":"e","data":1}}}`,
		`{"errors":{"a":{}},"models":{"a":{},"a":{}}}`, `{"models":{"a":{"b":{"action":"delete"}}}}`, "{\"models\":{\"\xff\":{\"\\ud800\":\"\xff\"}}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		r := &wire.Response{Result: result}
		if _, err := r.Protocol(); err != nil {
			wantSyntaxError(t, err)
		}
		checkAgain(t, r.Set, func(set wire.Set) func() (wire.Set, error) {
			return (&wire.Response{Result: encodeSet(set)}).Set
		})
		checkAgain(t, r.CallResult, func(result wire.CallResult) func() (wire.CallResult, error) {
			return (&wire.Response{Result: encodeCallResult(result)}).CallResult
		})
		if _, err := r.LegacyCallResult(); err != nil {
			wantSyntaxError(t, err)
		}
	})
}

func FuzzEventData(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"values":{"b":{"action":"delete"},"a":{"rid":"x"}},"models":{"x":{}}}`, `{"idx":1,"value":{"data":[1]},"errors":{"a":{}}}`,
		`{"idx":-1}`, `{"idx":1e9}`, `{"idx":99999999999999999999,"value":1}`, `{"reason":{"code":"system.deleted","message":"Deleted"}}`, `{"reason":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &wire.Event{Data: data}
		checkAgain(t, e.Change, func(change wire.Change) func() (wire.Change, error) {
			return (&wire.Event{Data: encodeChange(change)}).Change
		})
		checkAgain(t, e.Add, func(add wire.Add) func() (wire.Add, error) {
			if add.Index < 0 || add.Value.IsAbsent() {
				t.Fatalf("%q gives %+v", data, add)
			}
			return (&wire.Event{Data: encodeAdd(add)}).Add
		})
		if remove, err := e.Remove(); err != nil {
			wantSyntaxError(t, err)
		} else if remove.Index < 0 {
			t.Fatalf("%q gives %+v", data, remove)
		}
		checkAgain(t, e.Reason, func(reason *res.Error) func() (*res.Error, error) {
			return (&wire.Event{Data: encodeObject([][]byte{member("reason", encodeError(reason))})}).Reason
		})
	})
}

func FuzzParseRequest(f *testing.F) {
	addRecorded(f, '>')
	f.Add([]byte(`{"id":1,"method":"call.a?b.c","params":{"a":[1]}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		request, err := wire.ParseRequest(frame)
		if err != nil {
			wantSyntaxError(t, err)
			return
		}
		text, err := request.Append(nil)
		if err != nil {
			if utf8.Valid(frame) {
				t.Fatalf("%q gives %+v, which gives %v", frame, request, err)
			}
			return // params that are not UTF-8 are read, but not written
		}
		again, err := wire.ParseRequest(text)
		if err != nil || !reflect.DeepEqual(again, request) {
			t.Fatalf("%q gives %+v, which gives %q, which gives %+v, %v", frame, request, text, again, err)
		}
	})
}

func checkAgain[T any](t *testing.T, read func() (T, error), readAgain func(T) func() (T, error)) {
	t.Helper()
	first, err := read()
	if err != nil {
		wantSyntaxError(t, err)
		return
	}
	if err := sameAgain(first, readAgain(first)); err != nil {
		t.Fatalf("%+v: %v", first, err)
	}
}

func wantSyntaxError(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*wire.SyntaxError](err); !ok {
		t.Fatalf("got %T: %v", err, err)
	}
	if text := err.Error(); len(text) > 2000 {
		t.Fatalf("the error has %d bytes", len(text))
	}
}

// addRecorded seeds with the recorded frames of one direction.
func addRecorded(f *testing.F, direction byte) {
	text, err := os.ReadFile("testdata/transcripts.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if i := strings.IndexAny(line, "<>"); i >= 0 && line[0] != '#' && line[i] == direction {
			f.Add([]byte(line[i+1:]))
		}
	}
}
