package core

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// Message is a frame from the gateway, decoded.
type Message interface {
	handle(c *Core)
}

// A request's id says in its low bits what was asked, so that whoever reads the
// answer can decode it without asking the owner, and without believing anything that the
// gateway has said before.
const typeBits = 3

// bareCall is a call or auth whose answer is bare, as older gateways give it.
const bareCall wire.RequestType = 0

func requestID(seq uint64, t wire.RequestType) uint64 { return seq<<typeBits | uint64(t) }
func requestType(id uint64) wire.RequestType          { return wire.RequestType(id & (1<<typeBits - 1)) }
func requestSeq(id uint64) uint64                     { return id >> typeBits }

type (
	answer struct {
		id       uint64
		err      *res.Error
		protocol string          // version
		set      wire.Set        // subscribe, get
		model    *scanned        // in place of a set that holds nothing else
		result   wire.CallResult // call, auth, new
	}
	// scanned is a change, add or remove event, or an answer that is one model, that the
	// scanner has read.
	scanned struct {
		text []byte
		wire.Scanned
	}
	changeEvent struct {
		rid string
		wire.Change
	}
	addEvent struct {
		rid string
		wire.Add
	}
	removeEvent struct {
		rid string
		wire.Remove
	}
	deleteEvent      struct{ rid string }
	unsubscribeEvent struct {
		rid    string
		reason *res.Error
	}
	customEvent struct {
		rid, name string
		payload   []byte
	}
	// broken is a frame that could not be decoded. The rid or id is known when it
	// was only the contents that made no sense. A garbled one is no JSON: no gateway sends
	// that, so it may have been anything.
	broken struct {
		rid     string
		id      uint64
		garbled bool
		err     error
	}
)

// Decode decodes a frame, in the reader's goroutine. The message does not keep the frame.
func Decode(frame []byte) Message {
	var b Batch
	b.Add(frame)
	return b.Messages[0]
}

// decode decodes any frame.
func decode(frame []byte) Message {
	m, err := wire.Parse(frame)
	if err != nil {
		return &broken{err: err, garbled: !json.Valid(frame)}
	}
	switch m := m.(type) {
	case *wire.Response:
		return response(m)
	case *wire.Event:
		return event(m)
	}
	return &broken{err: errors.New("neither a response nor an event")}
}

func response(r *wire.Response) Message {
	a := &answer{id: r.ID, err: r.Error}
	if a.err != nil {
		return a
	}
	var err error
	switch requestType(r.ID) {
	case wire.TypeVersion:
		a.protocol, err = r.Protocol()
	case wire.TypeSubscribe, wire.TypeGet:
		a.set, err = r.Set()
	case wire.TypeCall, wire.TypeAuth, wire.TypeNew:
		a.result, err = r.CallResult()
	case bareCall:
		a.result, err = r.LegacyCallResult()
	}
	if err == nil && a.result.RID != "" {
		err = res.CheckRID(a.result.RID)
	}
	if err != nil {
		return &broken{id: r.ID, err: err}
	}
	return a
}

func event(e *wire.Event) Message {
	var m Message
	var err error
	switch e.Name {
	case wire.EventChange:
		m, err = decoded(e.Change, func(v wire.Change) Message { return &changeEvent{e.RID, v} })
	case wire.EventAdd:
		m, err = decoded(e.Add, func(v wire.Add) Message { return &addEvent{e.RID, v} })
	case wire.EventRemove:
		m, err = decoded(e.Remove, func(v wire.Remove) Message { return &removeEvent{e.RID, v} })
	case wire.EventDelete:
		m = &deleteEvent{e.RID}
	case wire.EventUnsubscribe:
		// A service may send a custom event of this name, which has no reason and
		// ends nothing.
		if reason, err := e.Reason(); err == nil {
			return &unsubscribeEvent{e.RID, reason}
		}
		m = custom(e)
	default:
		m = custom(e)
	}
	if err != nil {
		return &broken{rid: e.RID, err: err}
	}
	return m
}

func decoded[T any](decode func() (T, error), wrap func(T) Message) (Message, error) {
	v, err := decode()
	if err != nil {
		return nil, err
	}
	return wrap(v), nil
}

func custom(e *wire.Event) Message {
	payload := slices.Clone(e.Data)
	if len(payload) == 0 {
		payload = []byte("null")
	}
	return &customEvent{e.RID, e.Name, payload}
}

// Legacy reports whether calls are answered bare in a protocol version, so that a
// resource cannot be told from a payload and is not subscribed.
func Legacy(protocol string) bool { return !atLeast(protocol, 1, 2, 0) }

// atLeast reports whether a protocol version is one or later. What cannot be read
// is taken for an old one, and what it leaves out for zero: "1.2" is 1.2.0.
func atLeast(protocol string, major, minor, patch int) bool {
	parts := strings.Split(protocol+".0.0", ".")
	for i, want := range []int{major, minor, patch} {
		have, err := strconv.Atoi(parts[i])
		if err != nil || have < want {
			return false
		}
		if have > want {
			return true
		}
	}
	return true
}
