package res

import (
	"encoding/json"
	"fmt"
)

// valueForm marks the types whose JSON is a RES value already, so that
// [ValueOf] does not take their objects for data.
type valueForm interface{ isValue() }

// Ref is the resource ID of a resource that a value refers to. The gateway
// follows it: who is subscribed to the resource that holds the reference is
// subscribed to the one it refers to.
type Ref string

// MarshalJSON returns the reference as it goes over the wire: {"rid":"…"}.
func (r Ref) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		RID string `json:"rid"`
	}{string(r)})
}

// UnmarshalJSON takes a reference, soft or not, or a plain string, which is
// what soft references were before protocol 1.2.1.
func (r *Ref) UnmarshalJSON(text []byte) error {
	rid, err := parseRID(text)
	if err != nil {
		return fmt.Errorf("decode reference: %w", err)
	}
	*r = Ref(rid)
	return nil
}

// SoftRef is the resource ID of a resource that a value refers to without
// being followed by the gateway. See "Soft reference" in the RES protocol
// specification.
type SoftRef string

// MarshalJSON returns the soft reference as it goes over the wire:
// {"rid":"…","soft":true}.
func (r SoftRef) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		RID  string `json:"rid"`
		Soft bool   `json:"soft"`
	}{string(r), true})
}

// UnmarshalJSON takes what [Ref.UnmarshalJSON] takes.
func (r *SoftRef) UnmarshalJSON(text []byte) error {
	rid, err := parseRID(text)
	if err != nil {
		return fmt.Errorf("decode soft reference: %w", err)
	}
	*r = SoftRef(rid)
	return nil
}

func parseRID(text []byte) (string, error) {
	v, err := ParseValue(text)
	if err != nil {
		return "", err
	}
	switch v.kind {
	case Reference, SoftReference, String:
		return v.String(), nil
	}
	return "", &ValueError{Text: shorten(v.Raw()), Reason: "not a reference"}
}

// DataValue wraps what is a JSON object or array itself, so that it can be
// the value of a property or an item. See "Data value" in the RES protocol
// specification.
type DataValue[T any] struct {
	Data T `json:"data"`
}

type deleteAction string

// DeleteAction is, as a value in a change event or in the parameters of a
// call to set, what deletes the property. Its JSON is {"action":"delete"}.
const DeleteAction deleteAction = `{"action":"delete"}`

// MarshalJSON returns {"action":"delete"}.
func (d deleteAction) MarshalJSON() ([]byte, error) { return []byte(d), nil }

func (Ref) isValue()          {}
func (SoftRef) isValue()      {}
func (DataValue[T]) isValue() {}
func (deleteAction) isValue() {}
func (Value) isValue()        {}
