package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// SyntaxError tells that a frame, or a part of it, is not what the protocol
// says. It never comes from an error that the gateway reports; that is a
// [github.com/resclient/resclient-go/res.Error].
type SyntaxError struct {
	What  string // what was read: "message", "response", "event", "request", "resource set", "change event", …
	Where string // JSON pointer and byte offset inside the JSON of What; "" if something is missing
	Err   error  // what is wrong; never nil
}

// Error says what is wrong and where.
func (e *SyntaxError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("invalid %s: %v", e.What, e.Err)
	}
	return fmt.Sprintf("invalid %s at %s: %v", e.What, e.Where, e.Err)
}

// Unwrap returns Err.
func (e *SyntaxError) Unwrap() error { return e.Err }

// missing returns the error for something that lacks what it cannot be without.
func missing(what, part string) error {
	return &SyntaxError{What: what, Err: fmt.Errorf("%s is missing", part)}
}

// locate says where the decoder came upon err.
func (d *decoder) locate(err error) error {
	pointer, offset := d.StackPointer(), d.InputOffset()
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		pointer, offset, err = syntactic.JSONPointer, syntactic.ByteOffset, syntactic.Err
	}
	return &SyntaxError{What: d.what, Where: where(string(pointer), offset), Err: err}
}

func where(pointer string, offset int64) string {
	const limit = 200
	if len(pointer) > limit {
		pointer = "…" + pointer[len(pointer)-limit:]
	}
	if pointer == "" {
		return fmt.Sprintf("byte %d", offset)
	}
	// The decoder puts U+FFFD for what is no UTF-8. It counts as printable, and there are
	// log handlers that end the text with it.
	quoted := strings.ReplaceAll(strconv.Quote(pointer), "\ufffd", `\ufffd`)
	return fmt.Sprintf("%s, byte %d", quoted, offset)
}
