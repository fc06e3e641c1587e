package res

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ValueKind tells what a [Value] is.
type ValueKind uint8

// The kinds of values. See "Values" in the RES protocol specification.
const (
	Absent        ValueKind = iota // no value: the zero [Value]
	Null                           // the JSON literal null
	Bool                           // true or false
	Number                         // a JSON number of any size and precision
	String                         // a JSON string
	Reference                      // a resource that the gateway follows
	SoftReference                  // a resource that the gateway does not follow
	Data                           // a JSON object or array
	Delete                         // the property is deleted; in change events only
)

// String returns the name of the kind in words.
func (k ValueKind) String() string {
	switch k {
	case Absent:
		return "absent"
	case Null:
		return "null"
	case Bool:
		return "bool"
	case Number:
		return "number"
	case String:
		return "string"
	case Reference:
		return "reference"
	case SoftReference:
		return "soft reference"
	case Data:
		return "data"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Value is the value of a property of a model or an item of a collection. It
// is immutable and keeps the spelling of numbers and strings it was received
// with. The zero Value is absent. Compare with [Value.Equal], not with ==.
type Value struct {
	// text is the decoded resource ID of a reference, the inner JSON of a data
	// value, the JSON of a primitive, and empty for Absent and Delete.
	text string
	kind ValueKind
}

// NewRef returns a reference to rid.
func NewRef(rid string) Value { return Value{text: rid, kind: Reference} }

// NewSoftRef returns a soft reference to rid.
func NewSoftRef(rid string) Value { return Value{text: rid, kind: SoftReference} }

// NewValue returns a value of a kind, from its text: see [Value.Text]. The text is
// not checked; [ParseValue] is for JSON that may be anything.
func NewValue(kind ValueKind, text string) Value { return Value{text: text, kind: kind} }

// Text returns the JSON of a primitive, the JSON inside a data value, the resource ID
// of a reference or a soft reference, and "" for everything else.
func (v Value) Text() string { return v.text }

// Kind returns what the value is.
func (v Value) Kind() ValueKind { return v.kind }

// IsAbsent reports whether v is the zero Value.
func (v Value) IsAbsent() bool { return v.kind == Absent }

// IsReference reports whether v is a reference that the gateway follows. A
// soft reference is not.
func (v Value) IsReference() bool { return v.kind == Reference }

// RID returns the resource ID of a reference or a soft reference, else "".
func (v Value) RID() string {
	if v.kind == Reference || v.kind == SoftReference {
		return v.text
	}
	return ""
}

// String returns the value for people: a string without quotes, the resource
// ID of a reference, the JSON inside a data value, "" for an absent value, and
// the JSON of everything else.
func (v Value) String() string {
	switch v.kind {
	case String:
		return unquote(v.text)
	case Delete:
		return string(DeleteAction)
	}
	return v.text
}

// Raw returns the JSON of the value as it goes over the wire: {"rid":"…"} for
// a reference, {"data":…} for a data value, {"action":"delete"} for a delete
// action, "" for an absent value.
func (v Value) Raw() string {
	switch v.kind {
	case Reference:
		return `{"rid":` + quote(v.text) + `}`
	case SoftReference:
		return `{"rid":` + quote(v.text) + `,"soft":true}`
	case Data:
		return `{"data":` + v.text + `}`
	case Delete:
		return string(DeleteAction)
	}
	return v.text
}

// JSON returns what [Value.Raw] does, as bytes.
func (v Value) JSON() []byte { return []byte(v.Raw()) }

// Equal reports whether v and w are of the same kind and mean the same: equal
// strings may be escaped differently, equal data values may also differ in
// white space and in the order of members. Numbers are compared by their
// text, as the gateway compares them: 0.1 is not 0.10. References are equal if
// their resource IDs are spelled the same.
func (v Value) Equal(w Value) bool {
	if v == w {
		return true
	}
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case String:
		return !differ(v.text, w.text) && !(plain(v.text) && plain(w.text)) && v.String() == w.String()
	case Data:
		return !(plain(v.text) && plain(w.text) && census(v.text) != census(w.text)) && normalize(v.text) == normalize(w.text)
	}
	return false
}

// EqualTo is [Value.Equal] with a value of a kind and a text, see [NewValue], that need
// not be made for it.
func (v Value) EqualTo(kind ValueKind, text []byte) bool {
	switch {
	case v.kind != kind:
		return false
	case v.text == string(text):
		return true
	case kind == String && differ(v.text, text):
		return false
	}
	return (kind == String || kind == Data) && v.Equal(NewValue(kind, string(text)))
}

// differ reports whether the first bytes in which two quoted strings differ say that
// they mean different things: both stand for themselves, and are not within an escape.
func differ[Text ~[]byte | ~string](a string, b Text) bool {
	const escape = len(`\u000`) // before a byte that is still part of it
	for i := range min(len(a), len(b)) {
		if c, d := a[i], b[i]; c != d {
			return c < utf8.RuneSelf && d < utf8.RuneSelf && c != '\\' && d != '\\' &&
				strings.IndexByte(a[max(0, i-escape):i], '\\') < 0
		}
	}
	return false
}

// plain reports whether nothing is escaped or replaced in a text, so that another plain
// one that means the same is spelled the same, but for white space and order.
func plain(text string) bool { return strings.IndexByte(text, '\\') < 0 && utf8.ValidString(text) }

// census counts the bytes of a text, whatever their order and without white space.
func census(text string) (sum uint64) {
	for _, c := range []byte(text) {
		if c > ' ' {
			sum += uint64(c) * uint64(c) * uint64(c)
		}
	}
	return sum
}

// normalize returns JSON without white space, with sorted members and minimal
// escaping, and leaves numbers as they are.
func normalize(text string) string {
	value := jsontext.Value(text)
	if err := value.Format(append(lenient(), jsontext.ReorderRawObjects(true))...); err != nil {
		return text
	}
	return string(value)
}

func quote(text string) string {
	// The error tells of invalid UTF-8, which has been replaced.
	quoted, _ := jsontext.AppendQuote(nil, text)
	return string(quoted)
}

// unquote returns what the JSON string means; it may alias quoted.
func unquote[Text ~[]byte | ~string](quoted Text) Text {
	text := quoted[1 : len(quoted)-1]
	for i := range len(text) {
		if text[i] == '\\' || text[i] >= 0x80 {
			// The error tells of invalid UTF-8, which has been replaced.
			unquoted, _ := jsontext.AppendUnquote(nil, quoted)
			return Text(unquoted)
		}
	}
	return text
}

// ValueError tells that something is not a RES value.
type ValueError struct {
	Text   string // the beginning of the offending JSON, "" if not known
	Reason string // for people
}

// Error says what is not a value, and why.
func (e *ValueError) Error() string {
	var b strings.Builder
	b.WriteString("invalid value")
	if e.Text != "" {
		fmt.Fprintf(&b, " %q", e.Text)
	}
	return b.String() + ": " + e.Reason
}
