package conformance_test

import (
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/wire"
)

// proxy stands between clients and the gateway. It can change, keep back and make
// up frames.
type proxy struct {
	w       *world
	url     string
	gateway string // its URL
	edit    func(*leg, *parcel)
	stop    func()

	mu   sync.Mutex
	legs []*leg
}

// leg is one connection through the proxy.
type leg struct {
	number              int // counts from 1
	toClient, toGateway *side

	mu       sync.Mutex
	requests map[uint64]wire.Request // that have passed, by id
}

// side is one of the two sockets of a leg.
type side struct {
	mu sync.Mutex
	ws *websocket.Conn
}

func (s *side) send(frame string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.ws.WriteMessage(websocket.TextMessage, []byte(frame)) // or the socket has ended
}

// parcel is a frame on its way. An edit may change the frame or drop it, or keep it
// and deliver it later.
type parcel struct {
	frame    string
	up       bool          // from the client to the gateway
	request  *wire.Request // what it is, or what it answers; nil for events
	to       *side
	withheld bool
}

// drop keeps the parcel from being delivered. It may be delivered later.
func (p *parcel) drop() { p.withheld = true }

func (p *parcel) deliver() { p.to.send(p.frame) }

// is reports whether the parcel is a request of a type about a resource, or the
// answer to one.
func (p *parcel) is(up bool, kind wire.RequestType, rid string) bool {
	return p.up == up && p.request != nil && p.request.Type == kind && p.request.RID == rid
}

// newProxy starts a proxy. Edit sees every frame; nil leaves all as they are.
func (w *world) newProxy(edit func(*leg, *parcel)) *proxy {
	w.t.Helper()
	l := w.listen()
	p := &proxy{w: w, url: "ws://" + l.Addr().String(), gateway: w.gateway.URL(), edit: edit}
	server := &http.Server{Handler: p}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	}()
	p.stop = func() {
		_ = server.Close()
		for _, leg := range p.all() {
			leg.close()
		}
		<-served
	}
	w.t.Cleanup(p.stop)
	return p
}

func (p *proxy) all() []*leg {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.legs)
}

// latest returns the latest connection.
func (p *proxy) latest() *leg {
	all := p.all()
	return all[len(all)-1]
}

// ServeHTTP connects a client to the gateway, and lasts as long as both do.
func (p *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	dialer := websocket.Dialer{NetDialContext: p.w.dial}
	up, response, err := dialer.DialContext(r.Context(), p.gateway, nil)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	_ = response.Body.Close()
	upgrader := websocket.Upgrader{}
	down, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		_ = up.Close()
		return
	}
	l := &leg{toClient: &side{ws: down}, toGateway: &side{ws: up}, requests: make(map[uint64]wire.Request)}
	p.mu.Lock()
	p.legs = append(p.legs, l)
	l.number = len(p.legs)
	p.mu.Unlock()

	var both sync.WaitGroup
	both.Go(func() { p.pass(l, l.toClient, l.toGateway, true) })
	both.Go(func() { p.pass(l, l.toGateway, l.toClient, false) })
	both.Wait()
}

func (l *leg) close() {
	_ = l.toClient.ws.Close()
	_ = l.toGateway.ws.Close()
}

// pass passes on what comes from one side to the other, until one of them ends.
func (p *proxy) pass(l *leg, from, to *side, up bool) {
	defer l.close()
	for {
		_, frame, err := from.ws.ReadMessage()
		if err != nil {
			return
		}
		parcel := &parcel{frame: string(frame), up: up, to: to, request: l.request(frame, up)}
		if p.edit != nil {
			p.edit(l, parcel)
		}
		if !parcel.withheld {
			parcel.deliver()
		}
	}
}

// request returns the request that a frame is, or answers.
func (l *leg) request(frame []byte, up bool) *wire.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	if up {
		r, err := wire.ParseRequest(frame)
		if err != nil {
			return nil
		}
		l.requests[r.ID] = r
		return &r
	}
	m, err := wire.Parse(frame)
	if err != nil {
		return nil
	}
	if a, ok := m.(*wire.Response); ok {
		if r, ok := l.requests[a.ID]; ok {
			return &r
		}
	}
	return nil
}
