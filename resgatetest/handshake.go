package resgatetest

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

func (gw *gateway) handle(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.RequestURI == "*":
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
	case r.URL.Path == gw.cfg.path:
		gw.handshake(w, r)
	default:
		writeError(w, http.StatusNotFound, errNotFound)
	}
}

// handshake makes a WebSocket connection of a request and serves it. A
// gateway that is stopping answers with an empty 200.
func (gw *gateway) handshake(w http.ResponseWriter, r *http.Request) {
	c, err := gw.admit(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if c == nil {
		return
	}
	defer gw.dismiss(c)
	header := make(http.Header)
	if gw.cfg.headerAuth != nil && gw.allowsOrigin(r) {
		if !gw.headerAuth(w, c, header) {
			return
		}
	}
	ws, err := gw.upgrader.Upgrade(w, r, header)
	if err != nil {
		return
	}
	gw.opened(c, ws)
	c.read()
	abandon(ws.NetConn())
}

func (gw *gateway) opened(c *conn, ws *websocket.Conn) {
	gw.mu.Lock()
	defer gw.mu.Unlock()
	c.ws = ws
	c.info.setOpen()
}

func abandon(nc net.Conn) {
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	if s, ok := nc.(*socket); ok {
		s.abandon()
	}
}

// allowsOrigin reports whether a request may come from the web page it comes
// from. What is no browser names no page.
func (gw *gateway) allowsOrigin(r *http.Request) bool {
	origin := r.Header["Origin"]
	if len(gw.cfg.origins) == 0 || len(origin) == 0 || origin[0] == "null" {
		return true
	}
	return slices.ContainsFunc(gw.cfg.origins, func(allowed string) bool {
		return strings.EqualFold(allowed, origin[0])
	})
}

// headerAuth has the service authenticate the connection by its handshake. It
// adds the service's headers to those of the 101. It reports whether the
// handshake goes on; if not it has answered.
func (gw *gateway) headerAuth(w http.ResponseWriter, c *conn, header http.Header) bool {
	type outcome struct {
		answer callAnswer
		err    error
	}
	done := make(chan outcome, 1)
	c.box.post(func() {
		auth := gw.cfg.headerAuth
		c.authenticate(auth.rid, auth.method, nil, true, func(a callAnswer, err error) {
			done <- outcome{a, err}
		})
	})
	var o outcome
	select {
	case o = <-done:
	case <-gw.gate.dead:
		panic(http.ErrAbortHandler)
	}
	status := o.answer.meta.refusal()
	if status == 0 {
		o.answer.meta.addTo(header)
		return true
	}
	o.answer.meta.addTo(w.Header())
	if status < 400 {
		if o.answer.rid != "" && w.Header().Get("Location") == "" {
			w.Header().Set("Location", apiPath(o.answer.rid))
		}
		w.WriteHeader(status)
		return false
	}
	if o.err == nil {
		o.err = statusError(status)
	}
	writeError(w, status, asRPC(o.err))
	return false
}

// statusError is the error in the body of a response whose service gave a
// status and no error.
func statusError(status int) *rpcError {
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusProxyAuthRequired:
		return errAccessDenied
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return errForbidden
	case http.StatusNotFound, http.StatusGone:
		return errNotFound
	case http.StatusMethodNotAllowed:
		return newError("system.methodNotAllowed", "Method not allowed")
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return errTimeout
	case http.StatusNotImplemented:
		return newError("system.notImplemented", "Not implemented")
	case http.StatusServiceUnavailable:
		return errServiceUnavailable
	}
	if status >= 500 {
		return newError("system.internalError", "Internal error")
	}
	return errBadRequest
}

// apiPath is where the HTTP API of the gateway has a resource.
func apiPath(rid string) string {
	return "/api/" + strings.ReplaceAll(url.PathEscape(rid), ".", "/")
}

func writeError(w http.ResponseWriter, status int, err *rpcError) {
	body := encode(err)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}
