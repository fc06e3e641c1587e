package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// params returns what args say to send with a request: nothing, JSON, @file, - for
// standard input, or name=value pairs.
func (a *app) params(args []string) (any, error) {
	switch {
	case len(args) == 0:
		return nil, nil
	case len(args) == 1 && !isPair(args[0]):
		return a.document(args[0])
	}
	return pairs(args)
}

// document returns JSON that is given as itself, in a file or on standard input.
func (a *app) document(arg string) (json.RawMessage, error) {
	text, from := []byte(arg), "params"
	var err error
	if arg == "-" {
		from = "standard input"
		text, err = io.ReadAll(a.in)
	} else if file, ok := strings.CutPrefix(arg, "@"); ok {
		from = file
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	if !json.Valid(text) { // not repeated: it may be a secret
		return nil, &usageError{fmt.Errorf("%s: this is not JSON; params are JSON, name=value pairs, @file or -", from)}
	}
	return text, nil
}

// isPair reports whether arg is name=value and not JSON that has a = in it.
func isPair(arg string) bool {
	return strings.Contains(arg, "=") && arg[0] != '@' && !json.Valid([]byte(arg))
}

// pairs reads name=value arguments. A value that is JSON is sent as that, anything
// else as a string: 5 is a number, '"5"' and five are strings.
func pairs(args []string) (map[string]any, error) {
	values := make(map[string]any, len(args))
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, &usageError{errors.New("params are name=value pairs, or JSON in one argument")}
		}
		if _, twice := values[name]; twice {
			return nil, &usageError{fmt.Errorf("%s is given twice", name)}
		}
		if json.Valid([]byte(value)) {
			values[name] = json.RawMessage(value)
		} else {
			values[name] = value
		}
	}
	return values, nil
}
