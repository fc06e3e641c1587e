package wire_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestRequestFrames(t *testing.T) {
	tests := []struct {
		name    string
		request wire.Request
		frame   string
	}{
		{"version", wire.Version(1, wire.Protocol), `{"id":1,"method":"version","params":{"protocol":"1.2.3"}}`},
		{"version without wish", wire.Version(1, ""), `{"id":1,"method":"version"}`},
		{"subscribe", wire.Subscribe(2, "test.model"), `{"id":2,"method":"subscribe.test.model"}`},
		{"subscribe with query", wire.Subscribe(2, `test.model?q="a.b"`), `{"id":2,"method":"subscribe.test.model?q=\"a.b\""}`},
		{"unsubscribe", wire.Unsubscribe(3, "test.model", 1), `{"id":3,"method":"unsubscribe.test.model"}`},
		{"unsubscribe several", wire.Unsubscribe(3, "test.model", 5), `{"id":3,"method":"unsubscribe.test.model","params":{"count":5}}`},
		{"get", wire.Get(4, "test.model"), `{"id":4,"method":"get.test.model"}`},
		{"call", wire.Call(5, "test.model", "set", []byte(`{"a":1}`)), `{"id":5,"method":"call.test.model.set","params":{"a":1}}`},
		{"call without params", wire.Call(5, "test.model", "reset", nil), `{"id":5,"method":"call.test.model.reset"}`},
		{"call with null params", wire.Call(5, "test.model", "reset", []byte(`null`)), `{"id":5,"method":"call.test.model.reset","params":null}`},
		{"call with dots in the query", wire.Call(5, "test.model?q=1.5", "set", nil), `{"id":5,"method":"call.test.model?q=1.5.set"}`},
		{"auth", wire.Auth(6, "user", "login", []byte(`"x"`)), `{"id":6,"method":"auth.user.login","params":"x"}`},
		{"new", wire.New(7, "test.list", []byte(`[]`)), `{"id":7,"method":"new.test.list","params":[]}`},
		{"largest id", wire.Get(18446744073709551615, "a"), `{"id":18446744073709551615,"method":"get.a"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frame, err := test.request.Append([]byte("before "))
			if err != nil || string(frame) != "before "+test.frame {
				t.Errorf("got %s, %v; want %s", frame, err, test.frame)
			}
			request, err := wire.ParseRequest([]byte(test.frame))
			if err != nil || !reflect.DeepEqual(request, test.request) {
				t.Errorf("parsed: %+v, %v; want %+v", request, err, test.request)
			}
		})
	}
}

func TestUnsubscribeCountOfZeroIsOne(t *testing.T) {
	frame, err := wire.Unsubscribe(1, "a", 0).Append(nil)
	if want := `{"id":1,"method":"unsubscribe.a"}`; err != nil || string(frame) != want {
		t.Errorf("got %s, %v; want %s", frame, err, want)
	}
}

func TestAppendRefuses(t *testing.T) {
	long := strings.Repeat("x", res.MaxNameLength-2)
	tests := []struct {
		name    string
		request wire.Request
		want    string
		isRID   bool // the error is a RIDError
	}{
		{"no type", wire.Request{ID: 1, RID: "a"}, `build type(0) request for "a": unknown type of request`, false},
		{"unknown type", wire.Request{ID: 1, Type: 99, RID: "a"}, `build type(99) request for "a": unknown type of request`, false},
		{"empty resource id", wire.Subscribe(1, ""), `build subscribe request for "": invalid resource id "": the name is empty`, true},
		{"wildcard", wire.Get(1, "a.*"), `build get request for "a.*": invalid resource id "a.*": character '*' is not allowed`, true},
		{"empty method", wire.Call(1, "a", "", nil), `build call request for "a": invalid method "": a part is empty`, true},
		{"method with a dot", wire.Auth(1, "a", "b.c", nil), `build auth request for "a": invalid method "b.c": character '.' is not allowed`, true},
		{"negative count", wire.Unsubscribe(1, "a", -1), `build unsubscribe request for "a": negative count -1`, false},
		{"empty params", wire.Call(1, "a", "b", []byte{}), `build call request for "a": the parameters are not JSON`, false},
		{"broken params", wire.Call(1, "a", "b", []byte(`{"a"}`)), `build call request for "a": the parameters are not JSON`, false},
		{"two params", wire.New(1, "a", []byte(`1,"b":2`)), `build new request for "a": the parameters are not JSON`, false},
		{"params not UTF-8", wire.New(1, "a", []byte("\"\xff\"")), `build new request for "a": the parameters are not JSON`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			frame, err := test.request.Append([]byte("before"))
			if string(frame) != "before" || err == nil || err.Error() != test.want {
				t.Errorf("got %s, %v\nwant %s", frame, err, test.want)
			}
			if errors.Is(err, res.ErrInvalidRID) != test.isRID {
				t.Errorf("matches ErrInvalidRID: %t", !test.isRID)
			}
		})
	}
	if _, err := wire.Subscribe(1, long).Append(nil); err != nil {
		t.Errorf("a name that just fits: %v", err)
	}
	if _, err := wire.Call(1, long, "m", nil).Append(nil); err != nil {
		t.Errorf("a name and method that just fit: %v", err)
	}
	if _, err := wire.Call(1, long, "mm", nil).Append(nil); !errors.Is(err, res.ErrInvalidRID) {
		t.Errorf("a name and method that do not fit: %v", err)
	}
	if _, err := wire.Call(1, "a?"+long+long, "mm", nil).Append(nil); err != nil {
		t.Errorf("a long query: %v", err)
	}
}

func TestParseRequestToleratesWhatResgateTolerates(t *testing.T) {
	tests := []struct {
		name  string
		frame string
		want  wire.Request
	}{
		{"other case", `{"ID":1,"Method":"version"}`, wire.Version(1, "")},
		{"unknown members", `{"x":1,"id":1,"jsonrpc":"2.0","method":"get.a"}`, wire.Get(1, "a")},
		{"null params of version", `{"id":1,"method":"version","params":null}`, wire.Version(1, "")},
		{"null protocol", `{"id":1,"method":"version","params":{"protocol":null,"x":1}}`, wire.Version(1, "")},
		{"null params of unsubscribe", `{"id":1,"method":"unsubscribe.a","params":null}`, wire.Unsubscribe(1, "a", 1)},
		{"no count", `{"id":1,"method":"unsubscribe.a","params":{}}`, wire.Unsubscribe(1, "a", 1)},
		{"null count", `{"id":1,"method":"unsubscribe.a","params":{"count":null}}`, wire.Unsubscribe(1, "a", 1)},
		{"params of subscribe", `{"id":1,"method":"subscribe.a","params":[]}`, wire.Request{ID: 1, Type: wire.TypeSubscribe, RID: "a", Params: []byte(`[]`)}},
		{"empty query", `{"id":1,"method":"subscribe.a?"}`, wire.Subscribe(1, "a?")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := wire.ParseRequest([]byte(test.frame))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v; want %+v", got, err, test.want)
			}
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	long := strings.Repeat("x", res.MaxNameLength+1)
	tests := []struct {
		name   string
		frame  string
		answer *res.Error // nil if the request gets none
	}{
		{"no JSON", `not json`, nil},
		{"no object", `[]`, nil},
		{"no id", `{"method":"version"}`, nil},
		{"null id", `{"id":null,"method":"version"}`, nil},
		{"string id", `{"id":"9","method":"version"}`, nil},
		{"fractional id", `{"id":9.0,"method":"version"}`, nil},
		{"negative id", `{"id":-9,"method":"version"}`, nil},
		{"method not a string", `{"id":9,"method":5}`, nil},
		{"two requests", `{"id":9,"method":"version"}{"id":2}`, nil},
		{"no method", `{"id":9}`, res.ErrInvalidRequest},
		{"null method", `{"id":9,"method":null}`, res.ErrInvalidRequest},
		{"unknown type", `{"id":9,"method":"watch.a"}`, res.ErrInvalidRequest},
		{"type in other case", `{"id":9,"method":"Get.a"}`, res.ErrInvalidRequest},
		{"version with a resource", `{"id":9,"method":"version.a"}`, res.ErrInvalidRequest},
		{"version with a dot", `{"id":9,"method":"version."}`, res.ErrInvalidRequest},
		{"no resource", `{"id":9,"method":"subscribe"}`, res.ErrInvalidRequest},
		{"empty resource", `{"id":9,"method":"subscribe."}`, res.ErrInvalidRequest},
		{"wildcard", `{"id":9,"method":"subscribe.a.>"}`, res.ErrInvalidRequest},
		{"call without method", `{"id":9,"method":"call.a"}`, res.ErrInvalidRequest},
		{"call with empty method", `{"id":9,"method":"call.a."}`, res.ErrInvalidRequest},
		{"long name", `{"id":9,"method":"get.` + long + `"}`, res.ErrSubjectTooLong},
		{"long method", `{"id":9,"method":"call.a.` + long + `"}`, res.ErrSubjectTooLong},
		{"version with params that are a string", `{"id":9,"method":"version","params":"1.2.3"}`, res.ErrInvalidParams},
		{"protocol that is a number", `{"id":9,"method":"version","params":{"protocol":1}}`, res.ErrInvalidParams},
		{"count of 0", `{"id":9,"method":"unsubscribe.a","params":{"count":0}}`, res.ErrInvalidParams},
		{"negative count", `{"id":9,"method":"unsubscribe.a","params":{"count":-1}}`, res.ErrInvalidParams},
		{"fractional count", `{"id":9,"method":"unsubscribe.a","params":{"count":1.0}}`, res.ErrInvalidParams},
		{"count too large", `{"id":9,"method":"unsubscribe.a","params":{"count":9223372036854775808}}`, res.ErrInvalidParams},
		{"count in an array", `{"id":9,"method":"unsubscribe.a","params":[1]}`, res.ErrInvalidParams},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, err := wire.ParseRequest([]byte(test.frame))
			if _, ok := errors.AsType[*wire.SyntaxError](err); !ok {
				t.Fatalf("got %+v, %v; want a SyntaxError", request, err)
			}
			answer, _ := errors.AsType[*res.Error](err)
			if answer != test.answer {
				t.Errorf("got %v, to be answered with %v; want %v", err, answer, test.answer)
			}
			want := wire.Request{}
			if answer != nil {
				want.ID = 9
			}
			if !reflect.DeepEqual(request, want) {
				t.Errorf("got request %+v, want %+v", request, want)
			}
		})
	}
}

func TestRequestTypeString(t *testing.T) {
	want := []string{"type(0)", "version", "subscribe", "unsubscribe", "get", "call", "auth", "new", "type(8)"}
	for i, word := range want {
		if got := wire.RequestType(i).String(); got != word {
			t.Errorf("type %d is %q, want %q", i, got, word)
		}
	}
}
