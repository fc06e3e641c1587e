package res_test

import (
	"testing"

	"github.com/resclient/resclient-go/res"
)

func TestPatternCheck(t *testing.T) {
	tests := []struct {
		pattern res.Pattern
		reason  string
	}{
		{"test.model", ""},
		{"*", ""},
		{">", ""},
		{"test.*", ""},
		{"test.*.info", ""},
		{"test.>", ""},
		{"*.*.>", ""},
		{"", "a part is empty"},
		{"test.", "a part is empty"},
		{".>", "a part is empty"},
		{"test.>.info", "'>' is not the last part"},
		{"test.a*", `character '*' is not allowed`},
		{"test.a>", `character '>' is not allowed`},
		{"test.**", `character '*' is not allowed`},
		{"test.model?q=1", `character '?' is not allowed`},
		{"test model", `character ' ' is not allowed`},
	}
	for _, test := range tests {
		t.Run(string(test.pattern), func(t *testing.T) {
			checkRIDError(t, test.pattern.Check(), "pattern", string(test.pattern), test.reason)
		})
	}
}

func TestPatternMatches(t *testing.T) {
	tests := []struct {
		pattern res.Pattern
		name    string
		want    bool
	}{
		{"test.model", "test.model", true},
		{"test.model", "test.models", false},
		{"test.model", "test", false},
		{"test.model", "test.model.1", false},
		{"*", "test", true},
		{"*", "test.model", false},
		{"*", "", false},
		{"test.*", "test.model", true},
		{"test.*", "test", false},
		{"test.*", "test.model.1", false},
		{"test.*.info", "test.model.info", true},
		{"test.*.info", "test.model.data", false},
		{"*.model", "test.model", true},
		{">", "test", true},
		{">", "test.model.1", true},
		{">", "", false},
		{"test.>", "test.model", true},
		{"test.>", "test.model.1.info", true},
		{"test.>", "test", false},
		{"test.*.>", "test.model", false},
		{"test.*.>", "test.model.1", true},
		{"", "", false},
		{"", "test", false},
		{"test.*", "test.", false},
		{"test.>", "test.", false},
		{"test.a*", "test.ab", false},
		{"a.>.b", "a.x.b", false},
	}
	for _, test := range tests {
		t.Run(string(test.pattern)+" "+test.name, func(t *testing.T) {
			if got := test.pattern.Matches(test.name); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
