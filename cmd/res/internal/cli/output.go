package cli

import (
	"fmt"
	"strings"
	"sync"

	"github.com/resclient/resclient-go/conn"
)

// format is how results come on standard output.
type format string

const (
	automatic format = "" // pretty on a terminal, else json
	pretty    format = "pretty"
	jsonLines format = "json"
	raw       format = "raw"
)

var formats = []string{string(pretty), string(jsonLines), string(raw)}

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }
func (f *format) Set(s string) error {
	for _, known := range formats {
		if s == known {
			*f = format(s)
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(formats, ", "))
}

func (a *app) effective() format {
	switch {
	case a.format != automatic:
		return a.format
	case a.outTerminal:
		return pretty
	}
	return jsonLines
}

// frames returns the hook that prints frames for -o raw, which sees everything: secrets
// too.
func (a *app) frames() func(conn.Frame) {
	if a.effective() != raw {
		return nil
	}
	var mu sync.Mutex
	return func(f conn.Frame) {
		mark := "<"
		if f.Sent {
			mark = ">"
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(a.out, "%s %s\n", mark, f.Data)
	}
}

// println prints a result, unless the frames already show it.
func (a *app) println(line []byte) {
	if a.effective() != raw {
		fmt.Fprintf(a.out, "%s\n", line)
	}
}
