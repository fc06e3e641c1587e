package wire

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/resclient/resclient-go/res"
)

// Versions of the RES client protocol.
const (
	Protocol       = "1.2.3" // what this package speaks
	LegacyProtocol = "1.1.1" // what a gateway speaks to a client that sends no version request
)

// RequestType tells what a client asks for.
type RequestType uint8

// The types of requests. See "Requests" in the RES client protocol
// specification.
const (
	TypeVersion     RequestType = 1 + iota // agree on the protocol
	TypeSubscribe                          // add one direct subscription
	TypeUnsubscribe                        // take direct subscriptions back
	TypeGet                                // read without subscribing
	TypeCall                               // call a method
	TypeAuth                               // call an authentication method
	TypeNew                                // create a resource; deprecated by call
)

// String returns the word that stands for the type on the wire.
func (t RequestType) String() string {
	switch t {
	case TypeVersion:
		return "version"
	case TypeSubscribe:
		return "subscribe"
	case TypeUnsubscribe:
		return "unsubscribe"
	case TypeGet:
		return "get"
	case TypeCall:
		return "call"
	case TypeAuth:
		return "auth"
	case TypeNew:
		return "new"
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

func (t RequestType) isValid() bool { return TypeVersion <= t && t <= TypeNew }

// hasMethod reports whether requests of the type name a method of the resource.
func (t RequestType) hasMethod() bool { return t == TypeCall || t == TypeAuth }

// Request is a request of a client. The functions named after the types make
// one, and [Request.Append] makes the frame.
type Request struct {
	ID       uint64      // chosen by the client; the response has the same
	Type     RequestType // what is asked for
	RID      string      // for all but version
	Method   string      // for call and auth
	Params   []byte      // JSON, nil for none; for all but version and unsubscribe, subscribe and get make no use of it
	Count    int         // for unsubscribe: direct subscriptions to take back; 0 means 1
	Protocol string      // for version: what the client wants to speak; "" for no wish
}

// Version asks the gateway to speak the given protocol version. It is the
// first request on a connection.
func Version(id uint64, protocol string) Request {
	return Request{ID: id, Type: TypeVersion, Protocol: protocol}
}

// Subscribe asks for one direct subscription on a resource.
func Subscribe(id uint64, rid string) Request {
	return Request{ID: id, Type: TypeSubscribe, RID: rid}
}

// Unsubscribe takes count direct subscriptions on a resource back: all of them
// or, if there are fewer, none. A count over 1 needs protocol 1.2.1.
func Unsubscribe(id uint64, rid string, count int) Request {
	return Request{ID: id, Type: TypeUnsubscribe, RID: rid, Count: count}
}

// Get asks for a resource without subscribing to it.
func Get(id uint64, rid string) Request {
	return Request{ID: id, Type: TypeGet, RID: rid}
}

// Call calls a method of a resource. Params is JSON, or nil for none.
func Call(id uint64, rid, method string, params []byte) Request {
	return Request{ID: id, Type: TypeCall, RID: rid, Method: method, Params: params}
}

// Auth calls an authentication method of a resource, which may give the
// connection an access token. Params is JSON, or nil for none.
func Auth(id uint64, rid, method string, params []byte) Request {
	return Request{ID: id, Type: TypeAuth, RID: rid, Method: method, Params: params}
}

// New asks a resource to create another. The protocol has deprecated it: a
// call may answer with a resource too.
func New(id uint64, rid string, params []byte) Request {
	return Request{ID: id, Type: TypeNew, RID: rid, Params: params}
}

// Append appends the frame of the request to dst. When the request is not
// valid it returns dst as it was and an error: a [*res.RIDError] for the
// resource ID or the method, which a gateway would refuse or which could do it
// harm.
func (r Request) Append(dst []byte) ([]byte, error) {
	if err := r.check(); err != nil {
		return dst, r.describe(err)
	}
	params := r.params()
	if params != nil && !jsontext.Value(params).IsValid(jsontext.AllowDuplicateNames(true)) {
		return dst, r.describe(errors.New("the parameters are not JSON"))
	}
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, r.ID, 10)
	dst = append(dst, `,"method":`...)
	dst = r.appendMethod(dst)
	if params != nil {
		dst = append(dst, `,"params":`...)
		dst = append(dst, params...)
	}
	return append(dst, '}'), nil
}

func (r Request) check() error {
	switch {
	case !r.Type.isValid():
		return errors.New("unknown type of request")
	case r.Type == TypeVersion:
		return nil
	case r.Type == TypeUnsubscribe && r.Count < 0:
		return fmt.Errorf("negative count %d", r.Count)
	}
	if err := res.CheckRID(r.RID); err != nil {
		return err
	}
	if !r.Type.hasMethod() {
		return nil
	}
	if err := res.CheckMethod(r.Method); err != nil {
		return err
	}
	if isTooLong(r.RID, r.Method) {
		reason := fmt.Sprintf("name and method are longer than %d bytes", res.MaxNameLength)
		return &res.RIDError{What: "resource id", Value: r.RID, Reason: reason}
	}
	return nil
}

// isTooLong reports whether name and method, if any, make too long a subject.
func isTooLong(rid, method string) bool {
	name, _ := res.SplitRID(rid)
	if method != "" {
		name += "." + method
	}
	return res.NameLength(name) > res.MaxNameLength
}

func (r Request) describe(err error) error {
	if r.Type == TypeVersion {
		return fmt.Errorf("build version request: %w", err)
	}
	return fmt.Errorf("build %s request for %.80q: %w", r.Type, r.RID, err)
}

// appendMethod appends the member of that name.
func (r Request) appendMethod(dst []byte) []byte {
	dst = append(append(dst, '"'), r.Type.String()...)
	if r.Type != TypeVersion {
		dst = appendPart(dst, r.RID)
	}
	if r.Type.hasMethod() {
		dst = appendPart(dst, r.Method)
	}
	return append(dst, '"')
}

// appendPart appends a dot and text to a string that has no end yet.
func appendPart(dst []byte, text string) []byte {
	at := len(dst)
	dst = appendString(dst, text)
	dst[at] = '.' // in place of the quotation mark
	return dst[:len(dst)-1]
}

// params returns the member of that name, or nil if it is left out.
func (r Request) params() []byte {
	switch {
	case r.Type == TypeVersion && r.Protocol != "":
		return append(appendString([]byte(`{"protocol":`), r.Protocol), '}')
	case r.Type == TypeUnsubscribe && r.Count > 1:
		return fmt.Appendf(nil, `{"count":%d}`, r.Count)
	case r.Type == TypeVersion, r.Type == TypeUnsubscribe:
		return nil
	}
	return r.Params
}

func appendString(dst []byte, text string) []byte {
	// The error tells of invalid UTF-8, which has been replaced.
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}
