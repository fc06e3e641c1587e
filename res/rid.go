package res

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxNameLength is the length in bytes of a resource name, together with the
// method called on it, that is safe to send. Resgate passes names on as NATS
// subjects; it refuses names of little more than this, and some of them make
// it lose its NATS connection and exit. The query does not count.
const MaxNameLength = 4000

// connectionIDTag stands for the connection ID of the client in resource IDs.
// The gateway replaces it, so the name it passes on is longer.
const (
	connectionIDTag    = "{cid}"
	connectionIDLength = 20
)

// ErrInvalidRID is what every [*RIDError] wraps.
var ErrInvalidRID = errors.New("invalid name")

// RIDError is the reason why a resource ID, a method or a pattern is not
// valid. It wraps [ErrInvalidRID].
type RIDError struct {
	What   string // "resource id", "method" or "pattern"
	Value  string // as it was given
	Reason string // for people
}

// Error says what is not valid, and why.
func (e *RIDError) Error() string {
	return fmt.Sprintf("invalid %s %q: %s", e.What, shorten(e.Value), e.Reason)
}

// Unwrap returns [ErrInvalidRID].
func (e *RIDError) Unwrap() error { return ErrInvalidRID }

// CheckRID returns a [*RIDError] unless rid can be sent in a request: a name
// of non-empty parts joined by dots, each of visible ASCII characters without
// '*' and '>', which may be followed by '?' and any query in UTF-8. The name
// is limited to [MaxNameLength]. See "Resource IDs" in the RES protocol
// specification.
func CheckRID(rid string) error {
	name, query := SplitRID(rid)
	reason := checkName(name)
	if reason == "" && !utf8.ValidString(query) {
		reason = "the query is not valid UTF-8"
	}
	if reason != "" {
		return &RIDError{What: "resource id", Value: rid, Reason: reason}
	}
	return nil
}

// CheckMethod returns a [*RIDError] unless method can be called: it obeys the
// rules of one part of a resource name.
func CheckMethod(method string) error {
	reason := checkLength(method)
	if reason == "" {
		reason = checkPart(method)
	}
	if reason != "" {
		return &RIDError{What: "method", Value: method, Reason: reason}
	}
	return nil
}

// SplitRID cuts rid at its first question mark, which belongs to neither part.
// An absent and an empty query both give "".
func SplitRID(rid string) (name, query string) {
	name, query, _ = strings.Cut(rid, "?")
	return name, query
}

// NameLength returns the length in bytes that a resource name has when the
// gateway passes it on, with each {cid} replaced by a connection ID. It is
// what [MaxNameLength] limits.
func NameLength(name string) int {
	tags := strings.Count(name, connectionIDTag)
	return len(name) + tags*(connectionIDLength-len(connectionIDTag))
}

// checkName returns the reason why name is not valid, or "".
func checkName(name string) string {
	if name == "" {
		return "the name is empty"
	}
	if reason := checkLength(name); reason != "" {
		return reason
	}
	before := byte('.')
	for i := range len(name) {
		c := name[i]
		if c == '.' && before == '.' {
			return emptyPart
		}
		if !inPart(c) && c != '.' {
			return badCharacter(name[i:])
		}
		before = c
	}
	if before == '.' {
		return emptyPart
	}
	return ""
}

const emptyPart = "a part is empty"

func checkLength(name string) string {
	if len(name)*connectionIDLength/len(connectionIDTag) > MaxNameLength && NameLength(name) > MaxNameLength {
		return fmt.Sprintf("the name is longer than %d bytes", MaxNameLength)
	}
	return ""
}

func checkPart(part string) string {
	if part == "" {
		return emptyPart
	}
	for i := range len(part) {
		if !inPart(part[i]) {
			return badCharacter(part[i:])
		}
	}
	return ""
}

// inPart reports whether a part of a name may have a character.
func inPart(c byte) bool {
	return ' ' < c && c <= '~' && c != '.' && c != '*' && c != '>' && c != '?'
}

// badCharacter says that the first character of text may not be where it is.
func badCharacter(text string) string {
	c, _ := utf8.DecodeRuneInString(text)
	return fmt.Sprintf("character %q is not allowed", c)
}

// shorten keeps error messages readable.
func shorten(text string) string {
	const limit = 80
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
