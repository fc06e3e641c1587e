package resgatetest

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
)

// directLimit is how many direct subscriptions a connection may have on one
// resource.
const directLimit = 256

// conn is a client's connection. Its worker handles requests, answers of
// services and events one by one, and writes; reading goes on meanwhile, so
// what the client does not read yet waits in box.
type conn struct {
	gw        *gateway
	number    int // counted from 1, for hooks
	cid       string
	handshake *handshake
	ws        *websocket.Conn
	box       *mailbox
	info      *connInfo

	// Owned by the worker of box.
	protocol int
	token    json.RawMessage // nil until the first token event
	tid      string
	entries  map[string]*entry // by resource id as spelled
}

func newConn(gw *gateway, number int, r *http.Request) *conn {
	c := &conn{
		gw: gw, number: number, cid: newCID(), box: newMailbox(),
		handshake: &handshake{Header: r.Header, Host: r.Host, RemoteAddr: r.RemoteAddr, URI: r.RequestURI},
		protocol:  gw.cfg.firstProtocol(),
		entries:   make(map[string]*entry),
	}
	c.info = newConnInfo(c, r)
	return c
}

// newCID makes a connection id: 20 letters and digits.
func newCID() string {
	id := make([]byte, 12)
	rand.Read(id)
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id))
}

// expand fills the connection id into a resource id.
func (c *conn) expand(rid string) string {
	return strings.ReplaceAll(rid, "{cid}", c.cid)
}

// read hands what the client sends to the worker, until the connection ends.
// Requests read before the end are still handled.
func (c *conn) read() {
	for {
		_, frame, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		c.gw.seen(c, FromClient, frame)
		c.box.post(func() { c.handle(frame) })
	}
}

// dispose ends all the connection holds.
func (c *conn) dispose() {
	c.box.close()
	for _, e := range c.entries {
		e.drop()
	}
	c.entries = nil
}

func (c *conn) send(message any) {
	frame := encode(message)
	c.gw.seen(c, ToClient, frame)
	c.ws.WriteMessage(websocket.TextMessage, frame)
}

func (c *conn) sendEvent(rid, name string, data any) {
	c.send(eventMessage{Event: rid + "." + name, Data: data})
}

// entry gives the entry of a resource id, made when first needed.
func (c *conn) entry(rid string) *entry {
	if e := c.entries[rid]; e != nil {
		return e
	}
	e := newEntry(c, rid)
	c.entries[rid] = e
	return e
}

func (c *conn) forget(e *entry) {
	if c.entries[e.rid] == e {
		delete(c.entries, e.rid)
	}
}

// subscribe adds a direct subscription and has then called with the access
// answer. Of a new entry access is asked for first, and then the resource.
func (c *conn) subscribe(rid string, then func(*entry, *access)) error {
	e := c.entry(rid)
	if e.direct >= directLimit {
		return errLimitExceeded
	}
	e.direct++
	c.info.count(rid, e.direct)
	e.withAccess(func(a *access) { then(e, a) })
	e.load()
	return nil
}

// unsubscribe takes n direct subscriptions away.
func (c *conn) unsubscribe(e *entry, n int) {
	if e.direct+e.indirect+e.sentRefs == 0 {
		return
	}
	e.direct -= n
	c.info.count(e.rid, e.direct)
	e.sweep()
}

func (c *conn) requestAccess(e *entry, answer func(*access)) {
	payload := encode(serviceRequest{Token: c.token, Query: e.query, CID: c.cid})
	c.request(e.name, "access."+e.name, payload, func(data []byte, err error) {
		if err != nil {
			answer(&access{err: asRPC(err)})
			return
		}
		answer(decodeAccess(data))
	})
}

// request asks a service and has the answer handled by the worker.
func (c *conn) request(name, subject string, payload []byte, answer func(data []byte, err error)) {
	cache := c.gw.cache
	cache.box.post(func() {
		cache.request(name, subject, payload, func(data []byte, err error) {
			c.box.post(func() { answer(data, err) })
		})
	})
}

// setToken takes a token event. The first token of a connection makes nobody
// ask for access again, every later one does.
func (c *conn) setToken(token json.RawMessage, tid string) {
	first := c.token == nil
	c.token, c.tid = token, tid
	if first {
		return
	}
	for _, rid := range slices.Sorted(maps.Keys(c.entries)) {
		c.entries[rid].reaccess()
	}
}

// tokenReset asks the service to authenticate the connection anew, if its
// token is one of those meant. The answer does not matter: a new token comes
// as an event.
func (c *conn) tokenReset(tids []string, subject string) {
	if c.tid == "" || !slices.Contains(tids, c.tid) {
		return
	}
	payload := encode(serviceRequest{Token: c.token, CID: c.cid, handshake: c.handshake})
	cache := c.gw.cache
	cache.box.post(func() {
		cache.ask(subject, payload, func([]byte, error) {})
	})
}
