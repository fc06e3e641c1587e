package archtest_test

// module is the path of this module.
const module = "github.com/resclient/resclient-go"

// arrows says for every package which packages of ours it may import. Tests and
// programs may import anything. Paths are relative to the module.
var arrows = map[string][]string{
	"res":                      {},
	"wire":                     {"res"},
	"state":                    {},
	"subs":                     {"wire", "res", "internal/fifo"},
	"conn/internal/core":       {"state", "subs", "wire", "res", "internal/fifo"},
	"conn":                     {"conn/internal/core", "state", "subs", "wire", "res"},
	"resgatetest":              {"wire", "res"},
	"resgatetest/natstest":     {"resgatetest", "wire", "res"},
	"resgatetest/faultproxy":   {},
	"conn/internal/fleet":      {},
	"conn/internal/simulation": {"conn/internal/core", "state", "subs", "wire", "res"},
	"internal/apilist":         {},
	"internal/archtest":        {},
	"internal/chart":           {},
	"internal/conformance":     {},
	"internal/randomprogram":   {},
	"internal/doctest":         {},
	"internal/fifo":            {},
	"internal/mutation":        {},
	"bench":                    {},
	"cmd/res/internal/cli":     {"cmd/res/internal/probe", "conn", "state", "subs", "wire", "res"},
	"cmd/res/internal/probe":   {"wire", "res"},
	"internal/transcript":      {},
	"examples":                 {},
	"docs":                     {},
	"docs/tour":                {},
	"docs/tour/nats":           {},
}

// required are the packages without which the other rules would check nothing.
var required = []string{"res", "wire", "state", "subs", "conn", "conn/internal/core", "resgatetest"}

// purePackages are the packages that only compute.
var purePackages = []string{"res", "wire", "state", "subs", "conn/internal/core"}

// pureImports are the packages from outside that a pure package may import. The
// parts list, unless it is nil, says which of a package's names it may use.
var pureImports = map[string]struct{ parts []string }{
	"bytes":           {},
	"cmp":             {},
	"container/heap":  {},
	"container/list":  {},
	"encoding/json":   {},
	"encoding/binary": {},
	"errors":          {},
	"hash/fnv":        {},
	"maps":            {},
	"math":            {},
	"math/bits":       {},
	"net/url":         {},
	"slices":          {},
	"sort":            {},
	"strconv":         {},
	"strings":         {},
	"unicode/utf8":    {},

	"github.com/go-json-experiment/json/jsontext": {},

	// What formats, not what prints or scans.
	"fmt": {parts: []string{
		"Append", "Appendf", "Appendln", "Errorf", "Fprint", "Fprintf", "Fprintln", "Sprint", "Sprintf", "Sprintln",
		"Formatter", "GoStringer", "State", "Stringer",
	}},
	// The errors of decoders.
	"io": {parts: []string{"EOF", "ErrUnexpectedEOF"}},
	// Pull and Pull2 start a coroutine.
	"iter": {parts: []string{"Seq", "Seq2"}},
	// What a type has room for, not calling or changing anything.
	"encoding": {parts: []string{"TextUnmarshaler"}},
	"reflect": {parts: []string{
		"Type", "TypeFor", "TypeOf", "PointerTo",
		"Array", "Interface", "Map", "Pointer", "Slice", "String", "Struct",
	}},
	// The source of randomness is handed in.
	"math/rand/v2": {parts: []string{"Rand", "Source"}},
	// Values, not the clock, timers or the local time zone.
	"time": {parts: []string{
		"Time", "Duration", "Month", "Weekday", "Date", "Unix", "UnixMicro", "UnixMilli", "UTC",
		"Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour",
		"DateOnly", "DateTime", "RFC3339", "RFC3339Nano", "TimeOnly",
	}},
	// How a value looks in a log, not logging. Package state only.
	"log/slog": {parts: []string{
		"Attr", "LogValuer", "Value",
		"Any", "Bool", "Duration", "Float64", "Group", "GroupAttrs", "Int", "Int64", "String", "Time", "Uint64",
		"AnyValue", "BoolValue", "DurationValue", "Float64Value", "GroupValue", "Int64Value", "IntValue", "StringValue",
		"TimeValue", "Uint64Value",
	}},
}

// pureImportOnlyIn restricts an import of pureImports to one package.
var pureImportOnlyIn = map[string]string{"log/slog": "state"}

// A link rule says what a program that imports only this package may link from
// outside the standard library, and what it may not link from it.
type linkRule struct {
	pkg       string
	allowed   []string // module paths
	forbidden []string // import paths of the standard library
}

var linkRules = []linkRule{
	{
		pkg: "conn",
		allowed: []string{
			"github.com/cenkalti/backoff/v4",
			"github.com/go-json-experiment/json",
			"github.com/gorilla/websocket",
		},
		forbidden: []string{"flag", "testing"},
	},
	{
		pkg: "resgatetest",
		allowed: []string{
			"github.com/go-json-experiment/json",
			"github.com/gorilla/websocket",
		},
	},
	{pkg: "resgatetest/faultproxy"}, // the standard library alone
}
