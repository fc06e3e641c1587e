package wire

import "bytes"

// CallResult is the result of a call, auth or new request: a payload, or a
// resource that the client is from now on directly subscribed to. The gateway
// reports success also when it could not load that resource; the set then
// holds it as an error.
type CallResult struct {
	Payload []byte // any JSON, null included; nil when the result is a resource
	RID     string // resource ID of the resource, else ""
	Set     Set    // the resource and what it refers to, as far as not sent before
}

// Protocol returns the protocol version in the response to a version request.
// It returns the response's error if there is one, and else a [*SyntaxError]
// if there is no version in the result.
func (r *Response) Protocol() (string, error) {
	const what = "version result"
	if r.Error != nil {
		return "", r.Error
	}
	var protocol string
	if !r.isEmpty() {
		err := decodeObject(what, r.Result, func(d *decoder, name []byte) (err error) {
			if string(name) == "protocol" {
				protocol, err = d.optionalString()
				return err
			}
			return d.SkipValue()
		})
		if err != nil {
			return "", err
		}
	}
	if protocol == "" {
		return "", missing(what, "protocol")
	}
	return protocol, nil
}

// Set returns the resources in the response to a subscribe or get request. It
// is empty when the gateway holds that the client has them all. The error is
// the response's error if there is one, else a [*SyntaxError].
func (r *Response) Set() (Set, error) {
	var set Set
	if r.Error != nil {
		return set, r.Error
	}
	if r.isEmpty() {
		return set, nil
	}
	err := decodeObject("resource set", r.Result, func(d *decoder, name []byte) error {
		return d.setMember(&set, name)
	})
	if err != nil {
		return Set{}, err
	}
	set.sort()
	return set, nil
}

// CallResult returns what the response to a call or auth request holds at
// protocol 1.2.0 or later, and the response to a new request at any. The error
// is the response's error if there is one, else a [*SyntaxError].
func (r *Response) CallResult() (CallResult, error) {
	const what = "call result"
	if r.Error != nil {
		return CallResult{}, r.Error
	}
	if r.isEmpty() {
		return CallResult{}, missing(what, "result")
	}
	var result CallResult
	err := decodeObject(what, r.Result, func(d *decoder, name []byte) (err error) {
		switch string(name) {
		case "payload":
			var payload []byte
			payload, err = d.raw()
			result.Payload = bytes.Clone(payload)
		case "rid":
			result.RID, err = d.optionalString()
		default:
			err = d.setMember(&result.Set, name)
		}
		return err
	})
	switch {
	case err != nil:
		return CallResult{}, err
	case result.Payload != nil:
		return CallResult{Payload: result.Payload}, nil
	case result.RID == "":
		return CallResult{}, missing(what, "payload or resource id")
	}
	result.Set.sort()
	return result, nil
}

// LegacyCallResult returns what the response to a call or auth request holds
// below protocol 1.2.0, where the bare result is the payload. The error is the
// response's error if there is one, or a [*SyntaxError] if there is no result.
func (r *Response) LegacyCallResult() (CallResult, error) {
	switch {
	case r.Error != nil:
		return CallResult{}, r.Error
	case r.Result == nil:
		return CallResult{}, missing("call result", "result")
	}
	return CallResult{Payload: bytes.Clone(r.Result)}, nil
}

// isEmpty reports whether the result is absent or null.
func (r *Response) isEmpty() bool {
	return r.Result == nil || string(r.Result) == "null"
}
