package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
)

func (s *service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /news", s.read)
	mux.HandleFunc("POST /news", s.publish)
	mux.HandleFunc("GET /healthz", s.alive)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.client.Stats())
	})
	return mux
}

// alive says no when only another process can help. An outage is no such case: the
// client is on its way back, and a new process would have forgotten the news.
func (s *service) alive(w http.ResponseWriter, _ *http.Request) {
	h := s.client.Health()
	probe(w, h.State != state.Closed || h.ShuttingDown, h.String())
}

// ready says no while what /news says may be old, and when the service is about to end.
func (s *service) ready(w http.ResponseWriter, _ *http.Request) {
	s.board.mu.Lock()
	current := s.board.known && !s.board.stale
	s.board.mu.Unlock()
	h := s.client.Health()
	switch {
	case h.ShuttingDown || !h.InSync:
		probe(w, false, h.String())
	case !current: // a first subscription does not count in Health
		probe(w, false, "no news, or none that are up to date")
	default:
		probe(w, true, h.String())
	}
}

func probe(w http.ResponseWriter, good bool, text string) {
	if !good {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, text)
}

// read answers from the state of the service: in an outage too, and nobody is asked.
func (s *service) read(w http.ResponseWriter, _ *http.Request) {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	if !s.board.known {
		http.Error(w, "no news yet", http.StatusServiceUnavailable)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"news": s.board.latest, "stale": s.board.stale, "changed": s.board.changed.UTC(), "changes": s.board.changes,
	})
}

// publish calls a method of the service behind the gateway.
func (s *service) publish(w http.ResponseWriter, r *http.Request) {
	var params struct {
		Message string `json:"message"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&params); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var result json.RawMessage
	if err := s.client.Call(r.Context(), resource, "publish", params, &result); err != nil {
		s.log.Warn("not published", "cause", err)
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	answer(w, http.StatusOK, result)
}

// statusOf says in HTTP what a call has come to. What nobody knows is a 502: the call
// may have been carried out, and whoever asked must decide if it may be repeated.
func statusOf(err error) int {
	switch {
	case errors.Is(err, res.ErrAccessDenied):
		return http.StatusForbidden
	case errors.Is(err, res.ErrNotFound), errors.Is(err, res.ErrMethodNotFound):
		return http.StatusNotFound
	case errors.Is(err, res.ErrInvalidParams):
		return http.StatusBadRequest
	case errors.Is(err, conn.ErrNotConnected), errors.Is(err, conn.ErrQueueFull), errors.Is(err, conn.ErrShuttingDown):
		return http.StatusServiceUnavailable // it was never sent
	}
	return http.StatusBadGateway
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // whoever asked has gone if this fails
}

// check gets a URL of a service that runs, and is nil if it answers 200.
func check(ctx context.Context, out io.Writer, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, strings.TrimSpace(string(text)))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
