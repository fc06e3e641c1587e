package wire

import (
	"bytes"
	"errors"

	"github.com/resclient/resclient-go/res"
)

// Message is what a gateway sends: a [*Response] or an [*Event].
type Message interface{ message() }

// Response answers the request with the same ID. Which method reads its
// result depends on the request: [Response.Protocol], [Response.Set],
// [Response.CallResult] or [Response.LegacyCallResult]. The response to an
// unsubscribe request has no result.
type Response struct {
	ID     uint64
	Result []byte     // JSON inside the parsed frame; nil when absent
	Error  *res.Error // nil for success
}

// Event is something that happened to a resource the client is subscribed to.
// Name is one of the Event constants, or what the service calls its custom
// event. A service may give a custom event a name of the protocol, so the data
// decides in the end.
type Event struct {
	RID  string // the resource
	Name string // see above
	Data []byte // JSON inside the parsed frame; nil when absent
}

func (*Response) message() {}
func (*Event) message()    {}

// Parse reads one frame from the gateway. Members may come in any order, and
// those it does not know are ignored. Result and Data of the message are part
// of frame and good as long as the frame is. The error is a [*SyntaxError].
//
// See "Response object" and "Event object" in the RES client protocol
// specification.
func Parse(frame []byte) (Message, error) {
	var m parsedMessage
	if err := decodeObject("message", frame, m.member); err != nil {
		return nil, err
	}
	switch {
	case m.hasID && m.hasEvent:
		return nil, &SyntaxError{What: "message", Err: errors.New("it has both an id and an event")}
	case m.hasID:
		return &m.response, nil
	case m.hasEvent:
		return &m.event, nil
	}
	return nil, missing("message", "id or event")
}

type parsedMessage struct {
	hasID, hasEvent bool
	response        Response
	event           Event
}

func (m *parsedMessage) member(d *decoder, name []byte) (err error) {
	switch string(name) {
	case "id":
		m.hasID, d.what = true, "response"
		m.response.ID, err = d.uint(64)
	case "result":
		m.response.Result, err = d.raw()
	case "error":
		m.response.Error, err = d.optionalError()
	case "event":
		m.hasEvent, d.what = true, "event"
		m.event.RID, m.event.Name, err = d.eventName()
	case "data":
		m.event.Data, err = d.raw()
	default:
		err = d.SkipValue()
	}
	return err
}

func (d *decoder) optionalError() (*res.Error, error) {
	if d.PeekKind() == 'n' {
		return nil, d.SkipValue()
	}
	return d.error()
}

// eventName reads "<rid>.<name>". A resource ID may hold dots, also in its
// query; a name does not.
func (d *decoder) eventName() (rid, name string, err error) {
	full, err := d.ReadValue()
	if err != nil {
		return "", "", err
	}
	if full.Kind() != '"' {
		return "", "", unexpected(full.Kind(), '"')
	}
	text := unquote(full)
	dot := bytes.LastIndexByte(text, '.')
	if dot <= 0 || dot == len(text)-1 {
		return "", "", errors.New("no dot between a resource id and an event name")
	}
	return string(text[:dot]), string(text[dot+1:]), nil
}
