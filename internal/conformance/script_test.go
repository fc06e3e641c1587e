package conformance_test

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/wire"
)

// script is the gateway's end of a client's connections: it collects the requests,
// and says what it is told to.
type script struct {
	server *http.Server

	mu       sync.Mutex
	requests []wire.Request
	sockets  []*websocket.Conn
	gone     int         // sockets that the client has closed
	serves   *truth      // answers by itself from now on
	failure  func(error) // of what the client must not send
}

// newScript listens on an address of the world's network.
func newScript(w *world, addr string) *script {
	l, err := w.network.Listen(addr)
	w.must(err)
	s := &script{failure: func(err error) { w.t.Error(err) }}
	s.server = &http.Server{Handler: http.HandlerFunc(s.handle)}
	go s.server.Serve(l)
	w.t.Cleanup(s.end)
	return s
}

func (s *script) handle(rw http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{}
	ws, err := upgrader.Upgrade(rw, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	s.mu.Lock()
	s.sockets = append(s.sockets, ws)
	s.mu.Unlock()
	for {
		_, frame, err := ws.ReadMessage()
		if err != nil {
			break
		}
		request, err := wire.ParseRequest(frame)
		if err != nil {
			s.failure(fmt.Errorf("%s: %w", frame, err))
			continue
		}
		s.take(ws, request)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone++
}

func (s *script) take(ws *websocket.Conn, q wire.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serves == nil {
		s.requests = append(s.requests, q)
		return
	}
	result := `{}`
	switch q.Type {
	case wire.TypeVersion:
		result = `{"protocol":"1.2.3"}`
	case wire.TypeSubscribe, wire.TypeGet:
		result = s.serves.result(q.RID)
	}
	_ = ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"result":%s,"id":%d}`, result, q.ID))
}

// serve answers everything from a truth, on this connection and later ones.
func (s *script) serve(t *truth) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serves = t
}

// taken returns the requests since the last call.
func (s *script) taken() []wire.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

// say writes a message.
func (s *script) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.sockets[len(s.sockets)-1].WriteMessage(websocket.TextMessage, []byte(text))
}

// left reports whether the client has closed the connection.
func (s *script) left() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone > 0
}

// end closes every socket, without a close frame, and refuses others.
func (s *script) end() {
	s.server.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ws := range s.sockets {
		ws.Close()
	}
}
