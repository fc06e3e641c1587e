package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/resclient/resclient-go/res"
)

// decoder reads one JSON text in a single pass.
type decoder struct {
	jsontext.Decoder
	what string // for errors
	text []byte
}

// decodeObject reads text, which must be one JSON object. It calls member for
// each member; member reads the value. A name is good until member reads.
func decodeObject(what string, text []byte, member func(d *decoder, name []byte) error) error {
	d := &decoder{what: what, text: text}
	// As the gateway does, pass over what services may send: text that is not
	// UTF-8 and names that occur twice.
	d.Reset(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if err := d.object(func(name []byte) error { return member(d, name) }); err != nil {
		return d.locate(err)
	}
	if err := d.end(); err != nil {
		return d.locate(err)
	}
	return nil
}

func (d *decoder) end() error {
	if len(bytes.TrimLeft(d.text[d.InputOffset():], " \t\r\n")) > 0 {
		return errors.New("something follows the object")
	}
	return nil
}

// object reads an object and calls member for each of its members, as
// decodeObject does.
func (d *decoder) object(member func(name []byte) error) error {
	if err := d.open('{'); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadValue()
		if err != nil {
			return err
		}
		if err := member(unquote(name)); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// array reads an array and calls item for each of its items.
func (d *decoder) array(item func() error) error {
	if err := d.open('['); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		if err := item(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func (d *decoder) open(kind jsontext.Kind) error {
	token, err := d.ReadToken()
	if err == nil && token.Kind() != kind {
		err = unexpected(token.Kind(), kind)
	}
	return err
}

// raw reads any JSON. The result aliases the text.
func (d *decoder) raw() ([]byte, error) {
	value, err := d.ReadValue()
	if err != nil {
		return nil, err
	}
	end := d.InputOffset()
	return d.text[end-int64(len(value)) : end : end], nil
}

// string reads a string.
func (d *decoder) string() (string, error) {
	token, err := d.ReadToken()
	switch {
	case err != nil:
		return "", err
	case token.Kind() != '"':
		return "", unexpected(token.Kind(), '"')
	}
	return token.String(), nil
}

// optionalString reads a string, or null, which is an empty one.
func (d *decoder) optionalString() (string, error) {
	if d.PeekKind() == 'n' {
		return "", d.SkipValue()
	}
	return d.string()
}

// uint reads a whole number that is written in digits alone and fits into the
// given number of bits.
func (d *decoder) uint(bits int) (uint64, error) {
	raw, err := d.ReadValue()
	if err != nil {
		return 0, err
	}
	switch kind := raw.Kind(); kind {
	case '"', '{', '[': // which may be anything, and is not repeated
		return 0, unexpected(kind, '0')
	}
	n, err := strconv.ParseUint(string(raw), 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a whole number of at most %d bits", raw, bits)
	}
	return n, nil
}

// value reads a RES value. Only a change event may delete.
func (d *decoder) value(mayDelete bool) (res.Value, error) {
	v, err := res.ReadValue(&d.Decoder)
	if err == nil && v.Kind() == res.Delete && !mayDelete {
		err = errors.New("a delete action outside a change event")
	}
	return v, err
}

// error reads an error object. Services may leave out its code and message.
func (d *decoder) error() (*res.Error, error) {
	e := &res.Error{}
	err := d.object(func(name []byte) (err error) {
		switch string(name) {
		case "code":
			e.Code, err = d.optionalString()
		case "message":
			e.Message, err = d.optionalString()
		case "data":
			var data []byte
			data, err = d.raw()
			e.Data = json.RawMessage(bytes.Clone(data))
		default:
			err = d.SkipValue()
		}
		return err
	})
	return e, err
}

// unquote returns what a JSON string means; it may alias quoted.
func unquote(quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			// The error tells of invalid UTF-8, which has been replaced.
			text, _ = jsontext.AppendUnquote(nil, quoted)
			break
		}
	}
	return text
}

func unexpected(got, want jsontext.Kind) error {
	return fmt.Errorf("%s where %s belongs", kindName(got), kindName(want))
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	}
	return kind.String()
}
