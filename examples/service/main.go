// Command service is a service as one would deploy it, to copy from. It follows the
// model news.today into a state of its own, and serves that over HTTP for as long as it
// runs, whatever becomes of the gateway:
//
//	GET  /news     the latest news, and whether they may be old
//	POST /news     {"message":"…"}: has them published, which is a call
//	GET  /healthz  alive: 200 until the client has given up
//	GET  /readyz   ready: 200 while the news are up to date, 503 in an outage
//	GET  /stats    the client's figures
//
// Every flag can be given in the environment, see -help. On SIGTERM it is not ready
// any more, lets calls come to their end, and ends with status 0.
//
//	go run ./examples/quickstart -stay
//	go run ./examples/service -gateway ws://127.0.0.1:PORT
//
// With -check it is a client of itself, for containers that have no other:
//
//	service -check http://127.0.0.1:8081/readyz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/lmittmann/tint"

	"github.com/resclient/resclient-go/conn"
)

func main() {
	cfg, err := parse(os.Args[1:], os.Getenv, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2) // it has been said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if cfg.check != "" {
		err = check(ctx, os.Stdout, cfg.check)
	} else {
		err = run(ctx, cfg, cfg.logger(os.Stderr))
	}
	if err != nil {
		cfg.logger(os.Stderr).Error("failed", tint.Err(err))
		os.Exit(1)
	}
}

// service is what runs.
type service struct {
	config config
	log    *slog.Logger
	client *conn.Client
	board  board
}

// run serves until ctx ends, or the client gives up.
func run(parent context.Context, cfg config, log *slog.Logger) error {
	listener, err := net.Listen("tcp", cfg.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	client, err := conn.New(cfg.gateways[0], // and not Dial: we start even if the gateway does not
		conn.WithGateways(cfg.gateways[1:]...),
		conn.WithLogger(log),
		conn.WithType[news](resource))
	if err != nil {
		listener.Close()
		return err
	}
	s := &service{config: cfg, log: log, client: client}
	server := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}

	ctx, fail := context.WithCancelCause(parent)
	var running sync.WaitGroup
	running.Go(func() { fail(s.follow(ctx)) })
	running.Go(func() { fail(server.Serve(listener)) })
	log.Info("serving", "address", listener.Addr().String(), "resource", resource)
	<-ctx.Done()
	log.Info("stopping", "reason", context.Cause(ctx), "deadline", cfg.shutdown)
	err = s.stop(server)
	running.Wait()
	if parent.Err() == nil { // nobody has asked us to stop
		return context.Cause(ctx)
	}
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// stop ends the service. The client is shut down first, so that the probes answer while
// calls come to their end: /readyz says that nothing more should be sent here.
func (s *service) stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.config.shutdown)
	defer cancel()
	calls := s.client.Shutdown(ctx)
	answers, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	requests := server.Shutdown(answers) // what the calls were for is answered
	if requests != nil {
		requests = fmt.Errorf("requests were not answered yet: %w", errors.Join(requests, server.Close()))
	}
	<-s.client.Done() // its last line is in the log
	return errors.Join(calls, requests)
}
