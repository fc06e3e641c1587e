package natstest

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// startTimeout bounds the wait for something that starts on this machine.
const startTimeout = 10 * time.Second

// Server is a NATS server inside this process. It listens on 127.0.0.1.
//
// Its methods may be called from several goroutines.
type Server struct {
	opts server.Options // as it and url are once the server has started, they stay
	url  string

	mu      sync.Mutex
	running *server.Server // nil while shut down
}

// StartNATS starts a NATS server on a free port of 127.0.0.1. It writes no
// log, handles no signals and stores nothing. Each configure function may
// change the options of the server before it starts, for instance MaxPayload.
func StartNATS(configure ...func(*server.Options)) (*Server, error) {
	s := &Server{opts: server.Options{
		Host:   "127.0.0.1",
		Port:   server.RANDOM_PORT,
		NoLog:  true,
		NoSigs: true,
	}}
	for _, c := range configure {
		c(&s.opts)
	}
	if err := s.Restart(); err != nil {
		return nil, err
	}
	s.url = s.running.ClientURL()
	if addr, ok := s.running.Addr().(*net.TCPAddr); ok { // else it does not listen
		s.opts.Port = addr.Port
	}
	return s, nil
}

// URL returns the address of the server, such as nats://127.0.0.1:4222. It
// stays the same when the server is restarted.
func (s *Server) URL() string { return s.url }

// Shutdown stops the server: every connection to it ends, and its port
// refuses new ones. It returns when that is done, and does nothing when the
// server is stopped already.
func (s *Server) Shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdown()
}

// Restart starts the server again on the same port, after a Shutdown if it
// is running.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdown()
	opts := s.opts // the server changes the options it is given
	ns, err := server.NewServer(&opts)
	if err != nil {
		return fmt.Errorf("natstest: configure NATS server: %w", err)
	}
	ns.Start()
	s.running = ns
	if !ns.ReadyForConnections(startTimeout) {
		s.shutdown()
		return errors.New("natstest: NATS server does not start to listen")
	}
	return nil
}

func (s *Server) shutdown() {
	if s.running == nil {
		return
	}
	s.running.Shutdown()
	s.running.WaitForShutdown()
	s.running = nil
}
