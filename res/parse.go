package res

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// lenient returns how JSON from a gateway is read. Services may put text that
// is not UTF-8, and members that occur twice, into their resources, and the
// gateway passes both on.
func lenient() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}
}

// ParseValue reads one RES value: a JSON primitive, a reference, a soft
// reference, a data value or a delete action. White space around it and
// members with other names are ignored; a data value that holds a primitive is
// that primitive. It keeps nothing of text. Whatever is not a value gives a
// [*ValueError].
func ParseValue(text []byte) (Value, error) {
	decoder := jsontext.NewDecoder(bytes.NewBuffer(text), lenient()...)
	v, err := ReadValue(decoder)
	if err == nil && len(bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n")) > 0 {
		err = errors.New("something follows the value")
	}
	if err != nil {
		reason := err.Error()
		if valueErr, ok := errors.AsType[*ValueError](err); ok {
			reason = valueErr.Reason
		}
		return Value{}, &ValueError{Text: shorten(string(text)), Reason: reason}
	}
	return v, nil
}

// ReadValue reads the next RES value from decoder, as [ParseValue] does. After
// an error the decoder stands where the error was found. The error is a
// [*ValueError], or the decoder's if the JSON itself is broken.
func ReadValue(decoder *jsontext.Decoder) (Value, error) {
	switch decoder.PeekKind() {
	case '{':
		return readObject(decoder)
	case '[':
		return Value{}, &ValueError{Reason: "an array must be inside a data value"}
	}
	return readInner(decoder)
}

// readInner reads any JSON: a primitive is itself, the rest is data.
func readInner(decoder *jsontext.Decoder) (Value, error) {
	raw, err := decoder.ReadValue()
	if err != nil {
		return Value{}, err
	}
	switch raw.Kind() {
	case 'n':
		return Value{text: "null", kind: Null}, nil
	case 't':
		return Value{text: "true", kind: Bool}, nil
	case 'f':
		return Value{text: "false", kind: Bool}, nil
	case '0':
		return Value{text: string(raw), kind: Number}, nil
	case '"':
		return Value{text: string(raw), kind: String}, nil
	}
	return Value{text: string(raw), kind: Data}, nil
}

// valueObject holds the members that make a JSON object a value.
type valueObject struct {
	rid    Value // Absent unless given
	soft   bool
	data   Value // Absent unless given
	action Value // Absent unless given
}

func readObject(decoder *jsontext.Decoder) (Value, error) {
	if _, err := decoder.ReadToken(); err != nil {
		return Value{}, err
	}
	var object valueObject
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadValue()
		if err != nil {
			return Value{}, err
		}
		if err := object.readMember(decoder, unquote(name)); err != nil {
			return Value{}, err
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return Value{}, err
	}
	return object.value()
}

func (o *valueObject) readMember(decoder *jsontext.Decoder, name []byte) (err error) {
	switch string(name) {
	case "rid":
		o.rid, err = readMember(decoder, "rid", String)
	case "soft":
		var soft Value
		soft, err = readMember(decoder, "soft", Bool)
		o.soft = soft.text == "true"
	case "action":
		o.action, err = readMember(decoder, "action", String)
	case "data":
		o.data, err = readInner(decoder)
	default:
		err = decoder.SkipValue()
	}
	return err
}

// readMember reads a primitive of the given kind; null is as good as absent.
func readMember(decoder *jsontext.Decoder, name string, kind ValueKind) (Value, error) {
	v, err := readInner(decoder)
	switch {
	case err != nil:
		return Value{}, err
	case v.kind == Null:
		return Value{}, nil
	case v.kind != kind:
		return Value{}, &ValueError{Reason: fmt.Sprintf("%q is not a %s", name, kind)}
	}
	return v, nil
}

func (o *valueObject) value() (Value, error) {
	hasRID, hasData, hasAction := !o.rid.IsAbsent(), !o.data.IsAbsent(), !o.action.IsAbsent()
	switch {
	case hasRID && (hasData || hasAction), hasData && hasAction:
		return Value{}, &ValueError{Reason: `only one of "rid", "data" and "action" is allowed`}
	case hasRID:
		return o.reference()
	case hasData:
		return o.data, nil
	case hasAction && o.action.String() == "delete":
		return Value{kind: Delete}, nil
	case hasAction:
		return Value{}, &ValueError{Reason: "unknown action"}
	}
	return Value{}, &ValueError{Reason: "an object must be a reference or inside a data value"}
}

func (o *valueObject) reference() (Value, error) {
	rid := o.rid.String()
	switch {
	case rid == "":
		return Value{}, &ValueError{Reason: "the resource id is empty"}
	case o.soft:
		return NewSoftRef(rid), nil
	}
	return NewRef(rid), nil
}
