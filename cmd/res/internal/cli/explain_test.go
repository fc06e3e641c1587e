package cli

import (
	"errors"
	"fmt"
	"testing"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

func TestAnAnswerInPlaceOfAConnectionIsNamedForWhatItAnswers(t *testing.T) {
	_, noMessage := wire.Parse([]byte("hello"))
	for _, test := range []struct {
		name   string
		err    error
		status int
		what   string
	}{
		{"a login that is denied", loginFailed(fmt.Errorf("conn: auth: %w", res.ErrAccessDenied)),
			statusDenied, "login failed: Access denied (system.accessDenied)"},
		{"a login method that is not there", loginFailed(res.ErrNotFound),
			statusNotFound, "login failed: Not found (system.notFound)"},
		{"another protocol", fmt.Errorf("version request: %w", res.ErrUnsupportedProtocol),
			statusConnection, "its answer to the version request is Unsupported protocol (system.unsupportedProtocol)"},
		{"no protocol", fmt.Errorf("version request: unreadable answer: %w", noMessage),
			statusConnection, "invalid message at byte 0: invalid character 'h' at start of value; is it a gateway?"},
		{"what nobody has thought of", errors.New("of no known kind"),
			statusConnection, "of no known kind"},
	} {
		err := fmt.Errorf("conn: %w: %w", conn.ErrClosed, test.err)
		if status, what := explainConnection(err, ""); status != test.status || what != test.what {
			t.Errorf("%s is explained as %q with status %d, want %q and %d", test.name, what, status, test.what, test.status)
		}
	}
	if loginFailed(nil) != nil {
		t.Error("no error is one")
	}
}
