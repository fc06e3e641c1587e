package resgatetest

import (
	"encoding/json"
	"strconv"
	"strings"
)

// request is what a client asks.
type request struct {
	conn   *conn
	id     uint64
	params json.RawMessage
}

func (r *request) reply(result any) {
	r.conn.send(response{Result: result, ID: r.id})
}

func (r *request) fail(err error) {
	r.conn.send(errorResponse{Error: asRPC(err), ID: r.id})
}

// handle does what a frame asks for. A frame that is no request with an id is
// ignored.
func (c *conn) handle(frame []byte) {
	var m struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
		ID     *uint64         `json:"id"`
	}
	if json.Unmarshal(frame, &m) != nil || m.ID == nil {
		return
	}
	r := &request{conn: c, id: *m.ID, params: m.Params}
	kind, rid, ok := strings.Cut(m.Method, ".")
	c.gw.count(kind)
	if !ok {
		if kind == "version" {
			r.version()
		} else {
			r.fail(errInvalidRequest)
		}
		return
	}
	r.dispatch(kind, rid)
}

func (r *request) dispatch(kind, rid string) {
	var method string
	if kind == "call" || kind == "auth" {
		dot := strings.LastIndexByte(rid, '.')
		if dot < 0 || !validPart(rid[dot+1:]) {
			r.fail(errInvalidRequest)
			return
		}
		rid, method = rid[:dot], rid[dot+1:]
	}
	if !validRID(rid) {
		r.fail(errInvalidRequest)
		return
	}
	switch kind {
	case "subscribe":
		r.subscribe(rid)
	case "get":
		r.get(rid)
	case "unsubscribe":
		r.unsubscribe(rid)
	case "call":
		r.call(rid, method, r.answered)
	case "new":
		r.call(rid, "new", r.created)
	case "auth":
		r.auth(rid, method)
	default:
		r.fail(errInvalidRequest)
	}
}

// hasParams reports whether there are parameters other than null.
func (r *request) hasParams() bool {
	return len(r.params) > 0 && string(r.params) != "null"
}

// version changes the protocol of the connection for all that is written from
// now on.
func (r *request) version() {
	var params struct {
		Protocol string `json:"protocol"`
	}
	if r.hasParams() && json.Unmarshal(r.params, &params) != nil {
		r.fail(errInvalidParams)
		return
	}
	cfg := r.conn.gw.cfg
	if cfg.legacy > 0 && cfg.legacy < protocolResources {
		r.fail(errInvalidRequest)
		return
	}
	if params.Protocol != "" {
		protocol, err := parseProtocol(params.Protocol)
		if err != nil {
			r.fail(err)
			return
		}
		r.conn.protocol = protocol
		if cfg.legacy > 0 {
			r.conn.protocol = min(protocol, cfg.legacy)
		}
		r.conn.info.setProtocol(r.conn.protocol)
	}
	r.reply(versionResult{Protocol: cfg.version()})
}

// parseProtocol makes a number of a version such as 1.2.3.
func parseProtocol(version string) (int, error) {
	parts := strings.Split(version, ".")
	if len(parts) != 3 {
		return 0, errInvalidParams
	}
	protocol := 0
	for _, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n >= 1000 {
			return 0, errInvalidParams
		}
		protocol = protocol*1000 + n
	}
	if protocol < 1_000_000 || protocol >= 2_000_000 {
		return 0, errUnsupportedProtocol
	}
	return protocol, nil
}

func (r *request) subscribe(rid string) {
	err := r.conn.subscribe(rid, func(e *entry, a *access) {
		if err := a.canGet(); err != nil {
			r.fail(err)
			r.conn.unsubscribe(e, 1)
			return
		}
		e.whenReady(func() {
			if err := e.failure(); err != nil {
				r.fail(err)
				r.conn.unsubscribe(e, 1)
				return
			}
			r.replySet(e)
		})
	})
	if err != nil {
		r.fail(err)
	}
}

// get is a subscribe that gives its direct subscription back, except when the
// resource is in error: then the gateway forgets to.
func (r *request) get(rid string) {
	err := r.conn.subscribe(rid, func(e *entry, a *access) {
		if err := a.canGet(); err != nil {
			r.fail(err)
			r.conn.unsubscribe(e, 1)
			return
		}
		e.whenReady(func() {
			if err := e.failure(); err != nil {
				r.fail(err)
				return
			}
			r.replySet(e)
			r.conn.unsubscribe(e, 1)
		})
	})
	if err != nil {
		r.fail(err)
	}
}

func (r *request) replySet(e *entry) {
	set := &resourceSet{}
	e.collect(set, false)
	r.reply(set)
	e.markSent()
}

func (r *request) unsubscribe(rid string) {
	count := 1
	if r.hasParams() {
		var params struct {
			Count *int `json:"count"`
		}
		if json.Unmarshal(r.params, &params) != nil {
			r.fail(errInvalidParams)
			return
		}
		if params.Count != nil && !r.conn.gw.cfg.withoutCount() {
			count = *params.Count
		}
		if count <= 0 {
			r.fail(errInvalidParams)
			return
		}
	}
	e := r.conn.entries[rid]
	if e == nil || e.direct < count {
		r.fail(errNoSubscription)
		return
	}
	r.conn.unsubscribe(e, count)
	r.reply(nil)
}

// call asks for access and then the service. A resource which the connection
// does not hold is asked for access each time. The method new may name its
// resource in the result.
func (r *request) call(rid, method string, answered func(callAnswer, error)) {
	c := r.conn
	e := c.entries[rid]
	if e == nil {
		e = newEntry(c, rid)
	}
	e.withAccess(func(a *access) {
		if err := a.canCall(method); err != nil {
			r.fail(err)
			return
		}
		payload := encode(serviceRequest{Params: &r.params, Token: c.token, Query: e.query, CID: c.cid})
		c.request(e.name, "call."+e.name+"."+method, payload, func(data []byte, err error) {
			var answer callAnswer
			if err == nil {
				answer, err = decodeCall(data)
			}
			if err == nil && answer.rid == "" && method == "new" {
				answer.rid, err = newResource(answer.result)
			}
			answered(answer, err)
		})
	})
}

func (r *request) auth(rid, method string) {
	r.conn.authenticate(rid, method, &r.params, false, r.answered)
}

// authenticate makes an auth request, which needs no access.
func (c *conn) authenticate(rid, method string, params *json.RawMessage, isHTTP bool, answered func(callAnswer, error)) {
	name, query := splitRID(c.expand(rid))
	payload := encode(serviceRequest{
		Params: params, Token: c.token, Query: query, CID: c.cid, IsHTTP: isHTTP, handshake: c.handshake,
	})
	c.request(name, "auth."+name+"."+method, payload, func(data []byte, err error) {
		var answer callAnswer
		if err == nil {
			answer, err = decodeCall(data)
		}
		answered(answer, err)
	})
}

// answered replies to a call or auth request.
func (r *request) answered(a callAnswer, err error) {
	switch legacy := r.conn.protocol < protocolResources; {
	case err != nil:
		r.fail(err)
	case a.rid == "" && legacy:
		r.reply(a.result)
	case a.rid == "":
		r.reply(payloadResult{Payload: a.result})
	case legacy:
		r.reply(resourceResult{RID: a.rid})
	default:
		r.replyResource(a.rid)
	}
}

// created replies to a new request.
func (r *request) created(a callAnswer, err error) {
	switch {
	case err != nil:
		r.fail(err)
	case a.rid == "":
		r.fail(errNoNewResource)
	default:
		r.replyResource(a.rid)
	}
}

// replyResource answers with a resource, which is subscribed. It is a success
// even when the resource cannot be had, because the call was one.
func (r *request) replyResource(rid string) {
	err := r.conn.subscribe(rid, func(e *entry, a *access) {
		set := &resourceSet{}
		if err := a.canGet(); err != nil {
			set.addError(rid, asRPC(err))
			r.reply(resourceResult{RID: rid, resourceSet: set})
			r.conn.unsubscribe(e, 1)
			return
		}
		e.whenReady(func() {
			e.collect(set, false)
			r.reply(resourceResult{RID: rid, resourceSet: set})
			e.markSent()
		})
	})
	if err != nil {
		r.fail(err)
	}
}
