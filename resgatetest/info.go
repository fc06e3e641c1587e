package resgatetest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// ConnInfo is what the gateway believes of one connection.
type ConnInfo struct {
	Number        int            // counted from 1 over the life of the server
	CID           string         // the connection id that services see
	RemoteAddr    string         // of the client
	Protocol      string         // such as "1.2.3"; "1.1.1" until the client has sent its version
	Subscriptions map[string]int // direct subscriptions by resource id; only those above 0
}

// connInfo is the part of a connection that others may look at.
type connInfo struct {
	mu   sync.Mutex
	info ConnInfo
	open bool // the handshake is done
}

func newConnInfo(c *conn, r *http.Request) *connInfo {
	i := &connInfo{info: ConnInfo{
		Number: c.number, CID: c.cid, RemoteAddr: r.RemoteAddr,
		Subscriptions: make(map[string]int),
	}}
	i.setProtocol(c.protocol)
	return i
}

func (i *connInfo) setOpen() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open = true
}

func (i *connInfo) setProtocol(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.info.Protocol = protocolString(n)
}

func protocolString(n int) string {
	return fmt.Sprintf("%d.%d.%d", n/1_000_000, n/1000%1000, n%1000)
}

// count notes that there are n direct subscriptions on a resource.
func (i *connInfo) count(rid string, n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n > 0 {
		i.info.Subscriptions[rid] = n
	} else {
		delete(i.info.Subscriptions, rid)
	}
}

func (i *connInfo) snapshot() (info ConnInfo, open bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	info = i.info
	info.Subscriptions = maps.Clone(info.Subscriptions)
	return info, i.open
}

// watch counts what happens over all runs of the gateway.
type watch struct {
	mu       sync.Mutex
	conns    int
	requests map[string]int
}

func newWatch() *watch {
	return &watch{requests: make(map[string]int)}
}

func (w *watch) nextConn() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns++
	return w.conns
}

func (w *watch) count(kind string) {
	switch kind {
	case "version", "subscribe", "unsubscribe", "get", "call", "auth", "new":
	default:
		kind = "invalid"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests[kind]++
}

func (w *watch) counts() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.requests)
}

// connections gives the open connections in the order they came.
func (gw *gateway) connections() []ConnInfo {
	var all []ConnInfo
	for _, c := range gw.allConns() {
		if info, open := c.info.snapshot(); open {
			all = append(all, info)
		}
	}
	slices.SortFunc(all, func(a, b ConnInfo) int { return cmp.Compare(a.Number, b.Number) })
	return all
}
