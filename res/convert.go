package res

import (
	"encoding/json"
	"fmt"
)

// ValueOf returns the RES value of a Go value, by the rules of encoding/json.
// [Ref], [SoftRef], [DataValue], [DeleteAction] and [Value] keep their meaning,
// primitives stay primitives, and every other JSON object or array, be it of a
// map, struct or slice, becomes a data value.
func ValueOf(x any) (Value, error) {
	if v, ok := x.(Value); ok {
		return v, nil
	}
	text, err := json.Marshal(x)
	if err != nil {
		return Value{}, fmt.Errorf("convert %T to a value: %w", x, err)
	}
	if _, ok := x.(valueForm); !ok && (text[0] == '{' || text[0] == '[') {
		return Value{text: string(text), kind: Data}, nil
	}
	v, err := ParseValue(text)
	if err != nil {
		return Value{}, fmt.Errorf("convert %T to a value: %w", x, err)
	}
	return v, nil
}

// MarshalJSON returns the value as it goes over the wire, see [Value.Raw]. An
// absent value is null.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.IsAbsent() {
		return []byte("null"), nil
	}
	return v.JSON(), nil
}

// UnmarshalJSON sets v to the parsed value, see [ParseValue].
func (v *Value) UnmarshalJSON(text []byte) error {
	parsed, err := ParseValue(text)
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}

// Decode stores the value in what dst points to, by the rules of
// encoding/json. A data value decodes as what is inside it. A reference
// decodes into a [*Ref], [*SoftRef], *string or *any (which gets a [Ref] or
// [SoftRef]), and every value into a [*Value]. Numbers lose nothing in
// [json.Number] and in integers they fit into.
//
// An absent value and a delete action decode into nothing but a [*Value]:
// the error is a [*ValueError].
func (v Value) Decode(dst any) error {
	if dst, ok := dst.(*Value); ok && dst != nil {
		*dst = v
		return nil
	}
	var err error
	switch v.kind {
	case Absent, Delete:
		err = &ValueError{Text: v.Raw(), Reason: "there is nothing to decode"}
	case Reference, SoftReference:
		err = v.decodeReference(dst)
	default:
		err = json.Unmarshal([]byte(v.text), dst)
	}
	if err != nil {
		return fmt.Errorf("decode %s into %T: %w", v.kind, dst, err)
	}
	return nil
}

func (v Value) decodeReference(dst any) error {
	switch dst := dst.(type) {
	case *string:
		*dst = v.text
	case *any:
		if v.kind == Reference {
			*dst = Ref(v.text)
		} else {
			*dst = SoftRef(v.text)
		}
	default:
		return json.Unmarshal(v.JSON(), dst)
	}
	return nil
}
