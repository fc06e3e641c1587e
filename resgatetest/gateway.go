package resgatetest

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// How long a stopping gateway waits for its connections, and how long one that
// a client has ended is left open. The real gateway leaves it to its garbage
// collector.
const (
	stopWait   = 3 * time.Second
	lingerTime = 10 * time.Second
)

// gateway is one run of the gateway, from its start until it is killed or
// stopped. It stands for one process: nothing of it is left for the next run.
type gateway struct {
	cfg      *config
	watch    *watch
	gate     *gate
	cache    *cache
	listener net.Listener
	http     *http.Server
	upgrader websocket.Upgrader
	silence  func()    // stops the messages of the bus
	closeBus io.Closer // nil unless the bus is the gateway's own
	ended    chan struct{}

	handlers sync.WaitGroup // requests being served: one per connection
	workers  sync.WaitGroup

	mu       sync.Mutex
	stopping bool
	over     bool // nothing new is taken in
	conns    map[string]*conn
	sockets  map[*socket]struct{}
}

// newGateway starts a gateway which listens on l.
func newGateway(cfg *config, w *watch, l net.Listener, bus Bus, closeBus io.Closer) (*gateway, error) {
	gw := &gateway{
		cfg: cfg, watch: w,
		closeBus: closeBus,
		gate:     newGate(),
		ended:    make(chan struct{}),
		conns:    make(map[string]*conn),
		sockets:  make(map[*socket]struct{}),
	}
	gw.upgrader = websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 1024,
		CheckOrigin:       gw.allowsOrigin,
		EnableCompression: cfg.compression,
	}
	gw.cache = newCache(gw, bus)
	silence, err := bus.Listen(func(subject string, payload []byte) {
		gw.cache.box.post(func() { gw.cache.message(subject, payload) })
	})
	if err != nil {
		return nil, err
	}
	gw.silence = silence
	gw.workers.Go(func() { gw.cache.box.run(gw.gate) })
	gw.workers.Go(func() { gw.watchBus(bus) })
	gw.serve(l)
	return gw, nil
}

func (gw *gateway) serve(l net.Listener) {
	gw.listener = tlsListener(gw.gated(l), gw.cfg.tls)
	gw.http = &http.Server{
		Handler:  http.HandlerFunc(gw.handle),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	gw.workers.Go(func() { gw.http.Serve(gw.listener) })
}

// watchBus ends the gateway when it has lost its bus.
func (gw *gateway) watchBus(bus Bus) {
	select {
	case <-bus.Lost():
		gw.lose()
	case <-gw.gate.dead:
	}
}

// lose ends the gateway from inside.
func (gw *gateway) lose() {
	go gw.kill()
}

// kill ends the gateway at once and waits until nothing of it is left.
func (gw *gateway) kill() {
	if !gw.gate.tear() {
		<-gw.ended
		return
	}
	gw.mu.Lock()
	gw.over = true
	conns := gw.conns
	gw.conns = nil
	gw.mu.Unlock()

	gw.listener.Close()
	gw.dropSockets()
	gw.http.Close()
	for _, c := range conns {
		c.box.close()
	}
	gw.cache.box.close()
	gw.silence()
	gw.handlers.Wait()
	gw.workers.Wait()
	gw.cache.end()
	if gw.closeBus != nil {
		gw.closeBus.Close()
	}
	close(gw.ended)
}

// beginStop makes the gateway end its connections and take no more.
func (gw *gateway) beginStop() {
	gw.mu.Lock()
	gw.stopping = true
	var open []*conn
	for _, c := range gw.conns {
		if c.ws != nil {
			open = append(open, c)
		}
	}
	gw.mu.Unlock()
	for _, c := range open {
		c.ws.Close()
	}
}

// stop ends the gateway the way SIGTERM does. It waits a while for
// connections whose handshake is not done.
func (gw *gateway) stop() {
	gw.beginStop()
	done := make(chan struct{})
	go func() {
		gw.handlers.Wait()
		close(done)
	}()
	timeout := time.NewTimer(stopWait)
	defer timeout.Stop()
	select {
	case <-done:
	case <-timeout.C:
	case <-gw.gate.dead:
	}
	gw.kill()
	<-done
}

// admit makes a connection of a request. It is nil when the gateway is
// stopping, and an error when it is no more.
func (gw *gateway) admit(r *http.Request) (*conn, error) {
	gw.mu.Lock()
	defer gw.mu.Unlock()
	switch {
	case gw.over:
		return nil, errors.New("gateway is dead")
	case gw.stopping:
		return nil, nil
	}
	c := newConn(gw, gw.watch.nextConn(), r)
	gw.conns[c.cid] = c
	gw.handlers.Add(1)
	gw.workers.Go(func() { c.box.run(gw.gate) })
	return c, nil
}

// dismiss ends a connection once its worker has done what it has in hand.
func (gw *gateway) dismiss(c *conn) {
	defer gw.handlers.Done()
	done := make(chan struct{})
	if c.box.post(func() { c.dispose(); close(done) }) {
		select {
		case <-done:
		case <-gw.gate.dead:
		}
	}
	gw.mu.Lock()
	delete(gw.conns, c.cid)
	gw.mu.Unlock()
}

func (gw *gateway) isOver() bool {
	select {
	case <-gw.gate.dead:
		return true
	default:
		return false
	}
}

func (gw *gateway) connByCID(cid string) *conn {
	gw.mu.Lock()
	defer gw.mu.Unlock()
	return gw.conns[cid]
}

func (gw *gateway) allConns() []*conn {
	gw.mu.Lock()
	defer gw.mu.Unlock()
	all := make([]*conn, 0, len(gw.conns))
	for _, c := range gw.conns {
		all = append(all, c)
	}
	return all
}

func (gw *gateway) seen(c *conn, dir Direction, frame []byte) {
	if f := gw.cfg.frames; f != nil {
		f(Frame{Conn: c.number, Direction: dir, Data: frame})
	}
}

func (gw *gateway) count(kind string) { gw.watch.count(kind) }
