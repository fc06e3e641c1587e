package res_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/resclient/resclient-go/res"
)

func TestErrorMessage(t *testing.T) {
	tests := []struct {
		err  *res.Error
		want string
	}{
		{res.ErrNotFound, "Not found (system.notFound)"},
		{&res.Error{Code: "shop.closed"}, "shop.closed"},
		{&res.Error{Message: "Come back later"}, "Come back later"},
		{&res.Error{}, "error without code and message"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestErrorIsComparesCodes(t *testing.T) {
	err := fmt.Errorf("read: %w", &res.Error{Code: res.CodeNotFound, Message: "No such item"})
	if !errors.Is(err, res.ErrNotFound) {
		t.Error("an error of the same code does not match")
	}
	if errors.Is(err, res.ErrTimeout) {
		t.Error("an error of another code matches")
	}
	if errors.Is(err, errors.New(res.CodeNotFound)) {
		t.Error("an error of another type matches")
	}
}

func TestErrorJSON(t *testing.T) {
	tests := []struct {
		err  res.Error
		want string
	}{
		{res.Error{Code: "a", Message: "b"}, `{"code":"a","message":"b"}`},
		{res.Error{Code: "a", Message: "b", Data: json.RawMessage(`{"seconds":5}`)}, `{"code":"a","message":"b","data":{"seconds":5}}`},
	}
	for _, test := range tests {
		got, err := json.Marshal(test.err)
		if err != nil || string(got) != test.want {
			t.Errorf("got %s, %v; want %s", got, err, test.want)
		}
	}
}
