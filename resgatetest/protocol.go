package resgatetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/textproto"
)

// What the gateway writes to services and reads from them: the RES-Service
// protocol.

// serviceRequest is the payload of an access, call or auth request. Params and
// Token are pointers because an absent member and one that is null differ.
type serviceRequest struct {
	Params *json.RawMessage `json:"params,omitempty"`
	Token  json.RawMessage  `json:"token"`
	Query  string           `json:"query,omitempty"`
	CID    string           `json:"cid"`
	IsHTTP bool             `json:"isHttp,omitempty"`
	*handshake
}

// handshake is what an auth request tells of the request that opened the
// connection.
type handshake struct {
	Header     http.Header `json:"header,omitempty"`
	Host       string      `json:"host,omitempty"`
	RemoteAddr string      `json:"remoteAddr,omitempty"`
	URI        string      `json:"uri,omitempty"`
}

func getPayload(query string) []byte {
	if query == "" {
		return []byte("{}")
	}
	return encode(struct {
		Query string `json:"query"`
	}{query})
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		// What came from outside has been checked to be JSON when it came in.
		return []byte("null")
	}
	return data
}

// getResult is the content of a resource: a model or a collection, never both.
type getResult struct {
	Model      map[string]value `json:"model"`
	Collection []value          `json:"collection"`
	Query      string           `json:"query"`
}

// check reports whether r is one resource with proper values.
func (r *getResult) check() bool {
	if (r.Model == nil) == (r.Collection == nil) {
		return false
	}
	return r.properValues()
}

func (r *getResult) properValues() bool {
	for _, v := range r.Model {
		if !v.proper() {
			return false
		}
	}
	for _, v := range r.Collection {
		if !v.proper() {
			return false
		}
	}
	return true
}

type getResponse struct {
	Result *getResult `json:"result"`
	Error  *rpcError  `json:"error"`
}

func decodeGet(data []byte) (*getResult, error) {
	var r getResponse
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, internal(err)
	}
	switch {
	case r.Error != nil:
		return nil, r.Error
	case r.Result == nil:
		return nil, errMissingResult
	case !r.Result.check():
		return nil, errInvalidResponse
	}
	return r.Result, nil
}

// queryAnswer is what a service makes of a query event for one query: the
// events, or the resource as it is now.
type queryAnswer struct {
	Events []struct {
		Event string          `json:"event"`
		Data  json.RawMessage `json:"data"`
	} `json:"events"`
	getResult
}

type queryResponse struct {
	Result *queryAnswer `json:"result"`
	Error  *rpcError    `json:"error"`
}

func decodeQueryAnswer(data []byte) (*queryAnswer, error) {
	var r queryResponse
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, asRPC(err)
	}
	switch {
	case r.Error != nil:
		return nil, r.Error
	case r.Result == nil:
		return nil, errMissingResult
	}
	q := r.Result
	switch {
	case q.Events != nil:
		if q.Model != nil || q.Collection != nil {
			return nil, errInvalidResponse
		}
	case q.Model != nil && q.Collection != nil, !q.properValues():
		return nil, errInvalidResponse
	}
	return q, nil
}

// callAnswer is a service's answer to a call or auth request: a result, or a
// resource. meta may come with it, and with an error.
type callAnswer struct {
	result json.RawMessage
	rid    string
	meta   *meta
}

type callResponse struct {
	Result   json.RawMessage `json:"result"`
	Resource *struct {
		RID string `json:"rid"`
	} `json:"resource"`
	Error *rpcError `json:"error"`
	Meta  *meta     `json:"meta"`
}

func decodeCall(data []byte) (callAnswer, error) {
	var r callResponse
	if err := json.Unmarshal(data, &r); err != nil {
		return callAnswer{}, asRPC(err)
	}
	r.Meta.canonicalize()
	a := callAnswer{meta: r.Meta}
	switch {
	case r.Error != nil:
		return a, r.Error
	case r.Resource != nil:
		if !validRID(r.Resource.RID) {
			return a, errInvalidResponse
		}
		a.rid = r.Resource.RID
	case r.Result == nil:
		return a, errMissingResult
	default:
		a.result = r.Result
	}
	return a, nil
}

// newResource looks for the old form of the answer to the method new: a result
// that is a resource id and nothing else.
func newResource(result json.RawMessage) (rid string, err error) {
	var r map[string]any
	if json.Unmarshal(result, &r) != nil || len(r) != 1 {
		return "", nil
	}
	rid, ok := r["rid"].(string)
	if ok && !validRID(rid) {
		return "", errInvalidResponse
	}
	return rid, nil
}

// meta is what a service wants of the HTTP response of a handshake.
type meta struct {
	Status *int        `json:"status"`
	Header http.Header `json:"header"`
}

func (m *meta) canonicalize() {
	if m == nil {
		return
	}
	for k, v := range m.Header {
		if name := textproto.CanonicalMIMEHeaderKey(k); name != k {
			m.Header[name] = append(m.Header[name], v...)
			delete(m.Header, k)
		}
	}
}

// refusal gives the status that takes the place of a 101, or 0.
func (m *meta) refusal() int {
	if m == nil || m.Status == nil || *m.Status < 300 || *m.Status > 599 {
		return 0
	}
	return *m.Status
}

// addTo adds the headers of m to h, without those that belong to the gateway.
func (m *meta) addTo(h http.Header) {
	if m == nil {
		return
	}
	for name, v := range m.Header {
		switch name {
		case "Sec-Websocket-Extensions", "Sec-Websocket-Protocol", "Content-Type",
			"Access-Control-Allow-Credentials", "Access-Control-Allow-Origin":
		case "Set-Cookie":
			h[name] = append(h[name], v...)
		default:
			h[name] = v
		}
	}
}

// access is what a service lets one connection do with one resource.
type access struct {
	Get  bool   `json:"get"`
	Call string `json:"call"`
	err  error
}

type accessResponse struct {
	Result *access   `json:"result"`
	Error  *rpcError `json:"error"`
	Meta   *meta     `json:"meta"`
}

func decodeAccess(data []byte) *access {
	var r accessResponse
	if err := json.Unmarshal(data, &r); err != nil {
		return &access{err: asRPC(err)}
	}
	switch {
	case r.Error != nil:
		return &access{err: r.Error}
	case r.Result == nil:
		return &access{err: errMissingResult}
	}
	return r.Result
}

func (a *access) canGet() error {
	switch {
	case a.err != nil:
		return a.err
	case !a.Get:
		return errAccessDenied
	}
	return nil
}

// canCall looks for method in the list. The list is split at commas only, a
// blank belongs to the name, and an asterisk means all only when alone.
func (a *access) canCall(method string) error {
	switch {
	case a.err != nil:
		return a.err
	case a.Call == "*":
		return nil
	}
	for name := range bytes.SplitSeq([]byte(a.Call), []byte(",")) {
		if string(name) == method && method != "" {
			return nil
		}
	}
	return errAccessDenied
}

// decodeChange reads the values of a change event, in its present form or in
// that of protocol 1.0, which has no member values around them. What has
// another member beside values is taken for the old form.
func decodeChange(data json.RawMessage) (map[string]value, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	values, ok := members["values"]
	if len(members) != 1 || !ok || len(values) == 0 || values[0] != '{' {
		values = data
	}
	var props map[string]value
	err := json.Unmarshal(values, &props)
	if err != nil {
		return nil, err
	}
	return props, nil
}

func decodeAdd(data json.RawMessage) (idx int, v value, err error) {
	var d struct {
		Idx   int   `json:"idx"`
		Value value `json:"value"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return 0, value{}, err
	}
	if !d.Value.proper() {
		return 0, value{}, errInvalidValue
	}
	return d.Idx, d.Value, nil
}

// decodeRemove reads a remove event. A missing idx is 0.
func decodeRemove(data json.RawMessage) (idx int, err error) {
	var d struct {
		Idx int `json:"idx"`
	}
	err = json.Unmarshal(data, &d)
	return d.Idx, err
}

type tokenEvent struct {
	Token json.RawMessage `json:"token"`
	TID   string          `json:"tid"`
}

type resetEvent struct {
	Resources []string `json:"resources"`
	Access    []string `json:"access"`
}

type tokenResetEvent struct {
	TIDs    []string `json:"tids"`
	Subject string   `json:"subject"`
}
