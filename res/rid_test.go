package res_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/res"
)

func TestCheckRID(t *testing.T) {
	long := strings.Repeat("x", res.MaxNameLength)
	tests := []struct {
		name   string
		rid    string
		reason string // "" if valid
	}{
		{"one part", "model", ""},
		{"several parts", "inventory.item.42", ""},
		{"all kinds of characters", "a!\"#$%&'()+,-/:;<=@[\\]^_`{|}~", ""},
		{"connection id", "user.{cid}.info", ""},
		{"query", "items?limit=10&q=a.b*>?", ""},
		{"empty query", "items?", ""},
		{"query with white space", "items?q=a b\n", ""},
		{"query outside ASCII", "items?q=Ωå", ""},
		{"longest name", long, ""},
		{"longest name with query", long + "?" + long, ""},

		{"empty", "", "the name is empty"},
		{"query alone", "?q=1", "the name is empty"},
		{"leading dot", ".item", "a part is empty"},
		{"trailing dot", "item.", "a part is empty"},
		{"empty part", "item..42", "a part is empty"},
		{"dot before query", "item.?q", "a part is empty"},
		{"wildcard", "item.*", `character '*' is not allowed`},
		{"full wildcard", "item.>", `character '>' is not allowed`},
		{"wildcard in part", "item.a*b", `character '*' is not allowed`},
		{"space", "item 42", `character ' ' is not allowed`},
		{"line end", "item\n", `character '\n' is not allowed`},
		{"delete character", "item\x7f", `character '\x7f' is not allowed`},
		{"outside ASCII", "iteм", `character 'м' is not allowed`},
		{"not UTF-8", "item\xff", `character '�' is not allowed`},
		{"query not UTF-8", "item?\xff", "the query is not valid UTF-8"},
		{"name too long", long + "x", "the name is longer than 4000 bytes"},
		{"name too long with its connection id", strings.Repeat("x", res.MaxNameLength-15) + ".{cid}", "the name is longer than 4000 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkRIDError(t, res.CheckRID(test.rid), "resource id", test.rid, test.reason)
		})
	}
}

func TestCheckMethod(t *testing.T) {
	tests := []struct {
		name   string
		method string
		reason string
	}{
		{"word", "setName", ""},
		{"empty", "", "a part is empty"},
		{"two parts", "set.name", `character '.' is not allowed`},
		{"query", "set?a", `character '?' is not allowed`},
		{"wildcard", "*", `character '*' is not allowed`},
		{"space", "set name", `character ' ' is not allowed`},
		{"too long", strings.Repeat("m", res.MaxNameLength+1), "the name is longer than 4000 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkRIDError(t, res.CheckMethod(test.method), "method", test.method, test.reason)
		})
	}
}

func checkRIDError(t *testing.T, err error, what, value, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Fatalf("got error %v, want none", err)
		}
		return
	}
	ridErr, ok := errors.AsType[*res.RIDError](err)
	if !ok {
		t.Fatalf("got error %v, want a RIDError", err)
	}
	if *ridErr != (res.RIDError{What: what, Value: value, Reason: reason}) {
		t.Errorf("got %+v, want reason %q", *ridErr, reason)
	}
	if !errors.Is(err, res.ErrInvalidRID) {
		t.Error("the error does not match ErrInvalidRID")
	}
}

func TestRIDErrorShortensLongNames(t *testing.T) {
	err := res.CheckRID(strings.Repeat("å", 5000))
	if err == nil || len(err.Error()) > 200 {
		t.Errorf("got %d bytes of message: %v", len(err.Error()), err)
	}
}

func TestSplitRID(t *testing.T) {
	tests := []struct{ rid, name, query string }{
		{"test.model", "test.model", ""},
		{"test.model?", "test.model", ""},
		{"test.model?a=1", "test.model", "a=1"},
		{"test.model?a=?.b", "test.model", "a=?.b"},
		{"", "", ""},
	}
	for _, test := range tests {
		name, query := res.SplitRID(test.rid)
		if name != test.name || query != test.query {
			t.Errorf("SplitRID(%q) = %q, %q; want %q, %q", test.rid, name, query, test.name, test.query)
		}
	}
}

func TestNameLengthCountsConnectionIDs(t *testing.T) {
	if got := res.NameLength("user.{cid}.{cid}"); got != len("user..")+2*20 {
		t.Errorf("got %d", got)
	}
}
