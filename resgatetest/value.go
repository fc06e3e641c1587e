package resgatetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

type valueKind uint8

const (
	absent valueKind = iota
	deletion
	primitive
	reference
	softReference
	dataValue
)

// value is a RES value as a service spelled it. The gateway passes on the
// text, so numbers and strings keep their form.
type value struct {
	raw  json.RawMessage
	kind valueKind
	rid  string // of references and soft references
}

// Complaints about the values of services, in the words of the gateway.
var (
	errEmptyReference = internal(errors.New(`invalid value: resource references requires a non-empty "rid" value`))
	errAmbiguousValue = internal(errors.New(`invalid value: ambiguous value type`))
	errObjectValue    = internal(errors.New(`invalid value: nested json object must be wrapped as a data value`))
	errArrayValue     = internal(errors.New(`invalid value: nested json array must be wrapped as a data value`))
	errInvalidValue   = internal(errors.New("invalid value"))
)

func (v value) MarshalJSON() ([]byte, error) {
	return v.raw, nil
}

func (v *value) UnmarshalJSON(data []byte) error {
	v.raw = bytes.Clone(data)
	switch v.raw[0] {
	case '{':
		return v.readObject()
	case '[':
		return errArrayValue
	}
	v.kind = primitive
	return nil
}

func (v *value) readObject() error {
	var o struct {
		RID    *string         `json:"rid"`
		Soft   bool            `json:"soft"`
		Action *string         `json:"action"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(v.raw, &o); err != nil {
		return err
	}
	switch {
	case o.RID != nil:
		if o.Action != nil || o.Data != nil {
			return errAmbiguousValue
		}
		return v.refer(*o.RID, o.Soft)
	case o.Action != nil:
		if o.Data != nil {
			return errAmbiguousValue
		}
		if *o.Action != "delete" {
			return internal(errors.New(`invalid value: unknown action "` + *o.Action + `"`))
		}
		v.kind = deletion
	case o.Data != nil:
		v.kind = dataValue
		if c := o.Data[0]; c != '{' && c != '[' {
			// A wrapped primitive is the primitive.
			v.kind, v.raw = primitive, o.Data
		}
	default:
		return errObjectValue
	}
	return nil
}

func (v *value) refer(rid string, soft bool) error {
	if rid == "" {
		return errEmptyReference
	}
	if !validRID(rid) {
		return internal(errors.New(`invalid value: resource reference rid "` + rid + `" is invalid`))
	}
	v.rid, v.kind = rid, reference
	if soft {
		v.kind = softReference
	}
	return nil
}

// proper reports whether v may be part of a resource.
func (v value) proper() bool { return v.kind >= primitive }

// equal compares by the text, except that of references only the resource
// counts.
func (v value) equal(w value) bool {
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case reference, softReference:
		return v.rid == w.rid
	case primitive, dataValue:
		return bytes.Equal(v.raw, w.raw)
	}
	return true
}

// legacy gives v the form of protocols below 1.2.1, which know neither soft
// references nor data values.
func (v value) legacy() value {
	switch v.kind {
	case softReference:
		v.raw, _ = json.Marshal(v.rid)
	case dataValue:
		v.raw = json.RawMessage(`"[Data]"`)
	}
	return v
}

// validRID reports whether the gateway takes rid: parts of printable ASCII
// joined by dots, and anything after the first question mark.
func validRID(rid string) bool {
	name, _ := splitRID(rid)
	for part := range strings.SplitSeq(name, ".") {
		if !validPart(part) {
			return false
		}
	}
	return true
}

// validPart reports whether part may be one part of a name, or a method.
func validPart(part string) bool {
	for _, r := range part {
		if r < 33 || r > 126 || strings.ContainsRune(".*>?", r) {
			return false
		}
	}
	return part != ""
}

func splitRID(rid string) (name, query string) {
	name, query, _ = strings.Cut(rid, "?")
	return name, query
}
