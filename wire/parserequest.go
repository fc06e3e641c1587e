package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/resclient/resclient-go/res"
)

// ParseRequest reads one frame from a client; it is the reverse of
// [Request.Append], for gateways and tests. What Request says about params is
// read from them: the protocol of version, and the count of unsubscribe, which
// is 1 if the client gave none. Nothing of frame is kept. As Resgate does, it
// does not mind the case of the members' names.
//
// Errors are a [*SyntaxError]. If it wraps a [*res.Error] the gateway answers
// with that, to the ID of the returned request. Otherwise there is nothing to
// answer to.
func ParseRequest(frame []byte) (Request, error) {
	var p parsedRequest
	if err := decodeObject("request", frame, p.member); err != nil {
		return Request{}, err
	}
	if !p.hasID {
		return Request{}, missing("request", "id")
	}
	r := Request{ID: p.id}
	err := r.parseMethod(p.method)
	if err == nil {
		err = r.parseParams(p.params)
	}
	if err != nil {
		return Request{ID: p.id}, err
	}
	return r, nil
}

type parsedRequest struct {
	hasID  bool
	id     uint64
	method string
	params []byte // inside the frame, nil when absent
}

func (p *parsedRequest) member(d *decoder, name []byte) (err error) {
	switch strings.ToLower(string(name)) {
	case "id":
		p.hasID = true
		p.id, err = d.uint(64)
	case "method":
		p.method, err = d.optionalString()
	case "params":
		p.params, err = d.raw()
	default:
		err = d.SkipValue()
	}
	return err
}

// parseMethod sets type, resource ID and method. A query may hold dots, a
// method does not, so the method is what follows the last one.
func (r *Request) parseMethod(text string) error {
	word, rid, _ := strings.Cut(text, ".")
	for t := TypeVersion; t.isValid(); t++ {
		if t.String() == word {
			r.Type = t
		}
	}
	if r.Type.hasMethod() {
		if dot := strings.LastIndexByte(rid, '.'); dot >= 0 {
			rid, r.Method = rid[:dot], rid[dot+1:]
		}
	}
	r.RID = rid
	switch {
	case r.Type == 0:
		return r.refuse(res.ErrInvalidRequest, fmt.Errorf("unknown method %.80q", text))
	case r.Type == TypeVersion && text != word:
		return r.refuse(res.ErrInvalidRequest, errors.New("version of a resource"))
	case r.Type != TypeVersion && isTooLong(r.RID, r.Method):
		return r.refuse(res.ErrSubjectTooLong, fmt.Errorf("resource id %.80q", r.RID))
	}
	if err := r.check(); err != nil {
		return r.refuse(res.ErrInvalidRequest, err)
	}
	return nil
}

func (r *Request) parseParams(params []byte) error {
	switch r.Type {
	case TypeVersion:
		return r.optionalParams(params, "protocol", func(d *decoder) (err error) {
			r.Protocol, err = d.optionalString()
			return err
		})
	case TypeUnsubscribe:
		r.Count = 1
		return r.optionalParams(params, "count", r.parseCount)
	}
	r.Params = bytes.Clone(params)
	return nil
}

// optionalParams reads the one member that matters of params that may be
// absent or null.
func (r *Request) optionalParams(params []byte, member string, read func(*decoder) error) error {
	if params == nil || string(params) == "null" {
		return nil
	}
	err := decodeObject("params", params, func(d *decoder, name []byte) error {
		if strings.EqualFold(string(name), member) {
			return read(d)
		}
		return d.SkipValue()
	})
	if err != nil {
		return r.refuse(res.ErrInvalidParams, err)
	}
	return nil
}

func (r *Request) parseCount(d *decoder) error {
	if d.PeekKind() == 'n' {
		return d.SkipValue()
	}
	count, err := d.uint(63)
	switch {
	case err != nil:
		return err
	case count == 0:
		return errors.New("the count is 0")
	}
	r.Count = int(min(count, math.MaxInt))
	return nil
}

// refuse returns the error for a request that is answered with answer.
func (r *Request) refuse(answer *res.Error, err error) error {
	what := "request"
	if r.Type != 0 {
		what = r.Type.String() + " request"
	}
	return &SyntaxError{What: what, Err: fmt.Errorf("%w: %w", answer, err)}
}
