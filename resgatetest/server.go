package resgatetest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Errors of the methods of a [Server] that start and end the gateway.
var (
	// ErrRunning is returned by Start and Restart when the gateway runs.
	ErrRunning = errors.New("resgatetest: gateway is running")

	// ErrNotRunning is returned when there is no gateway to do something
	// with.
	ErrNotRunning = errors.New("resgatetest: gateway is not running")

	// ErrFrozen is returned by Stop when the gateway is frozen: the real one
	// would not notice the signal until it is thawed.
	ErrFrozen = errors.New("resgatetest: gateway is frozen")

	// ErrClosed is returned after Close.
	ErrClosed = errors.New("resgatetest: server closed")
)

// How long a restart waits for its address, and how often it looks. Somebody may have it for
// a moment: a process that this one is just starting has all of its open files, the listener
// among them, until it executes its program.
const (
	addressWait = 5 * time.Second
	addressLook = 5 * time.Millisecond
)

// Server is a stand-in for Resgate that listens on a local address. Its
// gateway may be killed, stopped, frozen and started again, always on the same
// address. All methods may be called from several goroutines.
type Server struct {
	cfg     *config
	service *Service
	watch   *watch
	turn    chan struct{} // holds a token while no start or end is under way

	mu     sync.Mutex
	gw     *gateway // nil before the first start
	addr   string   // known from the first start on
	closed bool
}

// New starts a gateway. It panics when an option is not valid or the gateway
// cannot listen, as httptest.NewServer does; to get an error use
// [NewUnstarted].
func New(opts ...Option) *Server {
	s, err := NewUnstarted(opts...)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		panic(err.Error())
	}
	return s
}

// NewUnstarted makes a server whose gateway does not run yet. Services may be
// set up before Start.
func NewUnstarted(opts ...Option) (*Server, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, watch: newWatch(), turn: make(chan struct{}, 1), addr: cfg.addr}
	if cfg.dialBus == nil {
		s.service = cfg.service
		if s.service == nil {
			s.service = NewService()
		}
		cfg.dialBus = func() (Bus, error) { return s.service.bus, nil }
	}
	s.turn <- struct{}{}
	return s, nil
}

// inTurn runs f while no other start or end is under way.
func (s *Server) inTurn(f func() error) error {
	<-s.turn
	defer func() { s.turn <- struct{}{} }()
	return f()
}

// Start starts the gateway of a server made with [NewUnstarted].
func (s *Server) Start() error { return s.inTurn(s.start) }

// Restart starts the gateway again after [Server.Kill] or [Server.Stop], or
// after it has lost its bus. It has the same address, which it waits for up to
// 5 seconds if somebody else has it, and knows nothing of what was before: every
// connection id, token and subscription is new.
func (s *Server) Restart() error { return s.inTurn(s.start) }

func (s *Server) start() error {
	s.mu.Lock()
	gw, addr, closed := s.gw, s.addr, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case gw != nil && !gw.isOver():
		return ErrRunning
	case gw != nil:
		<-gw.ended
	}
	l, err := s.listen(addr)
	for end := time.Now().Add(addressWait); gw != nil && errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(end); {
		time.Sleep(addressLook)
		l, err = s.listen(addr)
	}
	if err != nil {
		return fmt.Errorf("resgatetest: listening: %w", err)
	}
	bus, err := s.cfg.dialBus()
	if err != nil {
		l.Close()
		return fmt.Errorf("resgatetest: connecting to the bus: %w", err)
	}
	var closeBus io.Closer
	if c, ok := bus.(io.Closer); ok && s.cfg.ownBus {
		closeBus = c
	}
	gw, err = newGateway(s.cfg, s.watch, l, bus, closeBus)
	if err != nil {
		l.Close()
		if closeBus != nil {
			closeBus.Close()
		}
		return fmt.Errorf("resgatetest: listening to the bus: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gw, s.addr = gw, l.Addr().String()
	return nil
}

func (s *Server) listen(addr string) (net.Listener, error) {
	if s.cfg.network != nil {
		return s.cfg.network.Listen(addr)
	}
	return net.Listen("tcp", addr)
}

// current gives the gateway that runs.
func (s *Server) current() (*gateway, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.gw == nil, s.gw.isOver():
		return nil, ErrNotRunning
	}
	return s.gw, nil
}

// Kill ends the gateway the way SIGKILL does: connections end without a close
// frame, with a TCP reset where the client has sent what was not read, and the
// address refuses. A frozen gateway may be killed.
func (s *Server) Kill() error {
	return s.inTurn(func() error {
		gw, err := s.current()
		if err != nil {
			return err
		}
		gw.kill()
		return nil
	})
}

// Stop ends the gateway the way SIGTERM does: connections end at once and
// without a close frame, and requests which are out stay unanswered. It waits
// up to 3 seconds for handshakes that are under way; meanwhile others are
// answered with an empty 200. Then the address refuses.
func (s *Server) Stop() error {
	return s.inTurn(func() error {
		gw, err := s.current()
		if err != nil {
			return err
		}
		if gw.gate.isShut() {
			return ErrFrozen
		}
		gw.stop()
		return nil
	})
}

// BeginStop does the first half of [Server.Stop] and leaves the gateway as it
// is while it stops: connections have ended, and handshakes are answered with
// status 200 and an empty body, until Stop, Kill or Close.
func (s *Server) BeginStop() error {
	return s.inTurn(func() error {
		gw, err := s.current()
		if err != nil {
			return err
		}
		gw.beginStop()
		return nil
	})
}

// Freeze makes the gateway hold still the way SIGSTOP does: nothing is read,
// answered or sent, connections stay open and new ones are accepted by the
// system. It does nothing to a gateway that is frozen.
func (s *Server) Freeze() error {
	gw, err := s.current()
	if err != nil {
		return err
	}
	gw.gate.shut()
	return nil
}

// Thaw lets a frozen gateway go on: all that came meanwhile is answered, and
// events come.
func (s *Server) Thaw() error {
	gw, err := s.current()
	if err != nil {
		return err
	}
	gw.gate.open()
	return nil
}

// Drop ends all connections, as a network between gateway and clients may do.
// The gateway goes on.
func (s *Server) Drop() error {
	gw, err := s.current()
	if err != nil {
		return err
	}
	gw.dropSockets()
	return nil
}

// Close ends the gateway, if it runs, and the in-memory service. No goroutine
// is left when it returns, except in handlers that do not return when their
// context ends. It may be called more than once.
func (s *Server) Close() error {
	return s.inTurn(func() error {
		s.mu.Lock()
		gw, closed := s.gw, s.closed
		s.closed = true
		s.mu.Unlock()
		if closed {
			return nil
		}
		if gw != nil {
			gw.kill()
		}
		if s.service != nil && s.cfg.service == nil {
			s.service.Close()
		}
		return nil
	})
}

// URL gives the address for clients, such as "ws://127.0.0.1:41234". It is the
// same for all runs of the gateway.
func (s *Server) URL() string {
	scheme, path := "ws", s.cfg.path
	if s.cfg.tls != nil {
		scheme = "wss"
	}
	if path == "/" {
		path = ""
	}
	return scheme + "://" + s.Addr() + path
}

// Addr gives the host and port the gateway listens on.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Kind says what kind of gateway this is, so that a test run can say which
// one it used.
func (s *Server) Kind() string { return "stand-in" }

// Service gives the in-memory service, or nil when the gateway has a bus of
// its own.
func (s *Server) Service() *Service { return s.service }

// Running reports whether there is a gateway: started, and not killed, stopped
// or at its end for want of its bus. A frozen gateway runs.
func (s *Server) Running() bool {
	_, err := s.current()
	return err == nil
}

// Done gives a channel that is closed when the present run of the gateway has
// ended, for whatever reason. It is nil before the first start.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gw == nil {
		return nil
	}
	return s.gw.ended
}

// Connections gives the open connections, in the order they were made, with
// the direct subscriptions the gateway believes they have.
func (s *Server) Connections() []ConnInfo {
	gw, err := s.current()
	if err != nil {
		return nil
	}
	return gw.connections()
}

// Requests counts the requests handled since the server was made, by type:
// "version", "subscribe", "unsubscribe", "get", "call", "auth", "new", and
// "invalid".
func (s *Server) Requests() map[string]int { return s.watch.counts() }

// tlsListener wraps the gated listener, so that TLS is frozen and killed with
// the rest.
func tlsListener(l net.Listener, cfg *tls.Config) net.Listener {
	if cfg == nil {
		return l
	}
	return tls.NewListener(l, cfg)
}
