package resgatetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/resclient/resclient-go/res"
)

// Request is a call or auth request, or an access request, which has neither
// method nor params.
type Request struct {
	RID    string          // the resource: Name, with a question mark and Query if there is one
	Name   string          // without a query
	Query  string          // what follows the question mark, if anything
	Method string          // of the resource
	CID    string          // the connection id
	Params json.RawMessage // null if the client gave none
	Token  json.RawMessage // the connection's token, null if it has none

	// IsHTTP, and what follows, concern the handshake of the connection. They
	// are set for auth requests.
	IsHTTP     bool        // it is about the handshake itself, see [WithHeaderAuth]
	Header     http.Header // of the handshake's request
	Host       string      // that the client has asked for
	RemoteAddr string      // of the client
	URI        string      // that the client has asked for

	service *Service
	answer  *answer
	meta    *meta
}

// Context ends when the service is closed. A call goes on when its client is
// gone.
func (r *Request) Context() context.Context { return r.service.ctx }

// ParseParams decodes the parameters. The error is a [*res.Error] with the
// code system.invalidParams, to be returned as it is.
func (r *Request) ParseParams(dst any) error {
	if err := json.Unmarshal(r.Params, dst); err != nil {
		return &res.Error{Code: res.CodeInvalidParams, Message: res.ErrInvalidParams.Message}
	}
	return nil
}

// ParseToken decodes the token.
func (r *Request) ParseToken(dst any) error {
	if err := json.Unmarshal(r.Token, dst); err != nil {
		return fmt.Errorf("resgatetest: token of %s: %w", r.CID, err)
	}
	return nil
}

// SetToken gives the connection a token, before the answer, see
// [Service.SetToken].
func (r *Request) SetToken(token any) error {
	return r.service.SetToken(r.CID, token, "")
}

// Timeout asks the gateway to wait for the answer for d from now on, instead
// of its usual time.
func (r *Request) Timeout(d time.Duration) {
	r.answer.send(fmt.Appendf(nil, `timeout:"%d"`, d.Milliseconds()), nil)
}

// SetMeta adds meta information to the answer. The gateway uses it when a
// handshake is authenticated, see [WithHeaderAuth]: a status from 300 to 599
// refuses it, 0 lets it pass; the header is added to the response.
func (r *Request) SetMeta(status int, header http.Header) {
	r.meta = &meta{Header: header}
	if status != 0 {
		r.meta.Status = &status
	}
}

// Resource is the result of a call or auth handler that answers with a
// resource: the id of it. The client is subscribed to it.
type Resource string

// Handler answers a call or auth request. The result may be a [Resource], and
// anything else that encoding/json takes. An error that is, or wraps, a
// [*res.Error] is sent as such; any other as system.internalError.
type Handler func(*Request) (result any, err error)

// Access is what a connection may do with a resource.
type Access struct {
	Get  bool   `json:"get,omitempty"`  // read it
	Call string `json:"call,omitempty"` // the methods it may call, with commas in between, or "*"
}

// AccessHandler answers an access request. Errors are sent as by a [Handler].
type AccessHandler func(*Request) (Access, error)

type callHandler struct {
	pattern res.Pattern
	method  string
	handle  Handler
}

type accessHandler struct {
	pattern res.Pattern
	handle  AccessHandler
}

// HandleCall has h answer calls of a method on the resources whose names match
// the pattern, which may be a single name. The latest handler that matches is
// used; without one the answer is system.methodNotFound. Each request runs in
// a goroutine of its own.
func (s *Service) HandleCall(p res.Pattern, method string, h Handler) error {
	return s.handle(&s.calls, p, method, h)
}

// HandleAuth has h answer auth requests, see [Service.HandleCall].
func (s *Service) HandleAuth(p res.Pattern, method string, h Handler) error {
	return s.handle(&s.auths, p, method, h)
}

func (s *Service) handle(to *[]*callHandler, p res.Pattern, method string, h Handler) error {
	if err := p.Check(); err != nil {
		return fmt.Errorf("resgatetest: %w", err)
	}
	if !validPart(method) {
		return fmt.Errorf("resgatetest: no method name: %q", method)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*to = append(*to, &callHandler{p, method, h})
	return nil
}

// HandleAccess has h answer access requests about the resources whose names
// match the pattern. The latest handler that matches is used; without one
// everything is allowed.
func (s *Service) HandleAccess(p res.Pattern, h AccessHandler) error {
	if err := p.Check(); err != nil {
		return fmt.Errorf("resgatetest: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accesses = append(s.accesses, &accessHandler{p, h})
	return nil
}

// serve takes a request of a gateway.
func (s *Service) serve(subject string, payload []byte, a *answer) {
	kind, name, _ := strings.Cut(subject, ".")
	method := ""
	switch Kind(kind) {
	case KindCall, KindAuth:
		dot := strings.LastIndexByte(name, '.')
		if dot < 0 {
			a.send(nil, ErrNoResponders)
			return
		}
		name, method = name[:dot], name[dot+1:]
	case KindAccess, KindGet:
	default:
		s.serveQuery(subject, payload, a)
		return
	}
	serve := func() { s.serveRequest(Kind(kind), name, method, payload, a) }
	if f := s.faultFor(name, Kind(kind)); f != nil {
		f.apply(a, serve)
		return
	}
	serve()
}

func (s *Service) serveRequest(kind Kind, name, method string, payload []byte, a *answer) {
	var m struct {
		Params json.RawMessage `json:"params"`
		Token  json.RawMessage `json:"token"`
		Query  string          `json:"query"`
		CID    string          `json:"cid"`
		IsHTTP bool            `json:"isHttp"`
		handshake
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return // no gateway sends this
	}
	if kind == KindGet {
		s.serveGet(name, m.Query, a)
		return
	}
	rid := name
	if m.Query != "" {
		rid += "?" + m.Query
	}
	r := &Request{
		RID: rid, Name: name, Query: m.Query, Method: method, CID: m.CID,
		Params: m.Params, Token: m.Token, IsHTTP: m.IsHTTP,
		Header: m.Header, Host: m.Host, RemoteAddr: m.RemoteAddr, URI: m.URI,
		service: s, answer: a,
	}
	if r.Params == nil {
		r.Params = json.RawMessage("null")
	}
	switch kind {
	case KindAccess:
		s.serveAccess(r)
	case KindCall:
		s.serveCall(r, &s.calls)
	case KindAuth:
		s.serveCall(r, &s.auths)
	}
}

// serveGet answers in one step with looking: an event is either in the answer
// or comes after it.
func (s *Service) serveGet(name, query string, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, normal := s.stateOf(name, query)
	rid := name
	if normal != "" {
		rid += "?" + normal
	}
	result := make(map[string]any)
	if normal != "" {
		result["query"] = normal
	}
	switch {
	case s.failing[rid] != nil:
		a.send(failure(s.failing[rid], nil), nil)
	case r == nil:
		a.send(failure(res.ErrNotFound, nil), nil)
	case r.model != nil:
		result["model"] = r.model
		a.send(success(result, nil), nil)
	default:
		result["collection"] = r.list
		a.send(success(result, nil), nil)
	}
}

func (s *Service) serveAccess(r *Request) {
	s.mu.Lock()
	var handle AccessHandler
	for _, h := range slices.Backward(s.accesses) {
		if h.pattern.Matches(r.Name) {
			handle = h.handle
			break
		}
	}
	s.mu.Unlock()
	if handle == nil {
		r.answer.send(success(Access{Get: true, Call: "*"}, nil), nil)
		return
	}
	s.run(func() {
		access, err := handle(r)
		r.finish(access, err)
	})
}

func (s *Service) serveCall(r *Request, from *[]*callHandler) {
	s.mu.Lock()
	var handle Handler
	for _, h := range slices.Backward(*from) {
		if h.method == r.Method && h.pattern.Matches(r.Name) {
			handle = h.handle
			break
		}
	}
	s.mu.Unlock()
	if handle == nil {
		r.answer.send(failure(res.ErrMethodNotFound, nil), nil)
		return
	}
	s.run(func() {
		result, err := handle(r)
		r.finish(result, err)
	})
}

// run runs a handler, unless the service is closed.
func (s *Service) run(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Go(f)
	}
}

// finish answers with what a handler gave.
func (r *Request) finish(result any, err error) {
	if err != nil {
		r.answer.send(failure(err, r.meta), nil)
		return
	}
	r.answer.send(success(result, r.meta), nil)
}

func success(result any, m *meta) []byte {
	var response struct {
		Result   json.RawMessage   `json:"result,omitempty"`
		Resource map[string]string `json:"resource,omitempty"`
		Meta     *meta             `json:"meta,omitempty"`
	}
	response.Meta = m
	if rid, ok := result.(Resource); ok {
		response.Resource = map[string]string{"rid": string(rid)}
		return encode(response)
	}
	data, err := json.Marshal(result)
	if err != nil {
		return failure(fmt.Errorf("encoding the result: %w", err), m)
	}
	response.Result = data
	return encode(response)
}

func failure(err error, m *meta) []byte {
	var e *res.Error
	if !errors.As(err, &e) {
		e = &res.Error{Code: res.CodeInternalError, Message: "Internal error: " + err.Error()}
	}
	return encode(struct {
		Error *res.Error `json:"error"`
		Meta  *meta      `json:"meta,omitempty"`
	}{e, m})
}

// serveQuery answers what the gateway asks after a query event.
func (s *Service) serveQuery(subject string, payload []byte, a *answer) {
	var m struct {
		Query string `json:"query"`
	}
	if json.Unmarshal(payload, &m) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	events, known := s.queries.about(subject, m.Query)
	if !known {
		a.send(nil, ErrNoResponders)
		return
	}
	if events == nil {
		events = []serviceEvent{}
	}
	a.send(success(map[string][]serviceEvent{"events": events}, nil), nil)
}
