package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/wire"
)

// A service serves a site over plain NATS, and writes all the time. Its site outlives it,
// as a database would, and is written to also while the service is down.
//
// NATS forgets a message rather than delivering it late, and tells nobody. So a service
// that begins anew on a NATS connection begins a new run of its site and sends a
// system.reset before anything else; and it never goes on with a connection that failed.
type service struct {
	number int
	nats   *natsCluster

	mu      sync.Mutex // events and answers go out in the order of what they tell
	site    *site
	nc      *nats.Conn // nil while it is not connected
	down    bool       // it is to be so
	mute    bool       // it takes requests and does not answer
	writes  int
	runs    int
	resetAt time.Time      // of the last reset
	calls   map[string]int // how often each call has come
	turn    chan struct{}  // has a token when down has changed
}

func newService(number, resources int, cluster *natsCluster) *service {
	return &service{
		number: number,
		nats:   cluster,
		site:   newSite(fmt.Sprintf("site.%d", number), resources),
		calls:  make(map[string]int),
		turn:   make(chan struct{}, 1),
	}
}

// run serves until ctx ends.
func (s *service) run(ctx context.Context) {
	for ctx.Err() == nil {
		if s.isDown() {
			s.pause(ctx, time.Second)
			continue
		}
		lost, stop, err := s.connect(ctx)
		if err != nil {
			s.pause(ctx, 50*time.Millisecond)
			continue
		}
		select {
		case <-lost:
		case <-s.turn:
		case <-ctx.Done():
		}
		stop()
	}
}

// pause waits until something has changed, and not longer than d.
func (s *service) pause(ctx context.Context, d time.Duration) {
	select {
	case <-s.turn:
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (s *service) isDown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

// setDown ends the service without a goodbye, or has it start again.
func (s *service) setDown(down bool) {
	s.mu.Lock()
	s.down = down
	s.mu.Unlock()
	select {
	case s.turn <- struct{}{}:
	default:
	}
}

func (s *service) setMute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
}

// connect begins anew on a NATS node that is ready.
func (s *service) connect(ctx context.Context) (lost <-chan struct{}, stop func(), err error) {
	closed := make(chan struct{})
	node := s.nats.ready(s.number)
	if node == nil {
		return nil, nil, errNoNode
	}
	nc, err := nats.Connect(node.url(), nats.NoReconnect(), nats.Timeout(time.Second),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		return nil, nil, err
	}
	stop = func() {
		s.mu.Lock()
		s.nc = nil
		s.mu.Unlock()
		nc.Close()
		<-closed
	}
	if err := errors.Join(s.listen(nc), ctx.Err()); err != nil {
		stop()
		return nil, nil, err
	}
	s.begin(nc)
	return closed, stop, nil
}

func (s *service) listen(nc *nats.Conn) error {
	for _, kind := range []string{"access", "get", "call"} {
		for _, subject := range []string{kind + "." + s.site.name, kind + "." + s.site.name + ".>"} {
			if _, err := nc.Subscribe(subject, s.answer); err != nil {
				return err
			}
		}
	}
	return nc.FlushTimeout(time.Second)
}

// begin starts a new run.
func (s *service) begin(nc *nats.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nc = nc
	s.reset()
}

// anew starts a new run on the connection that there is: after this no event is missing.
func (s *service) anew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nc != nil {
		s.reset()
	}
}

func (s *service) reset() {
	s.runs++
	s.resetAt = time.Now()
	s.site.run = s.runs
	s.publish("system.reset", map[string]any{"resources": []string{s.site.name, s.site.name + ".>"}})
}

// publish needs the lock. A connection that takes no message is given up.
func (s *service) publish(subject string, payload any) {
	data, err := json.Marshal(payload)
	if err == nil {
		err = s.nc.Publish(subject, data)
	}
	if err != nil {
		s.nc.Close()
	}
}

// answer serves a gateway's request.
func (s *service) answer(request *nats.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute || s.nc == nil {
		return
	}
	kind, rid, _ := strings.Cut(request.Subject, ".")
	answer := map[string]any{"result": map[string]any{"get": true, "call": "*"}}
	switch kind {
	case "get":
		answer = s.get(rid)
	case "call":
		answer = s.call(request.Data)
	}
	s.publish(request.Reply, answer)
}

func (s *service) get(rid string) map[string]any {
	c, found := s.site.content(rid)
	if !found {
		return map[string]any{"error": res.ErrNotFound}
	}
	if c.kind == wire.KindModel {
		model := make(map[string]json.RawMessage, len(c.props))
		for name, v := range c.props {
			model[name] = json.RawMessage(v)
		}
		return map[string]any{"result": map[string]any{"model": model}}
	}
	collection := make([]json.RawMessage, len(c.items))
	for i, v := range c.items {
		collection[i] = json.RawMessage(v)
	}
	return map[string]any{"result": map[string]any{"collection": collection}}
}

// callParams tell one call of one client from all others.
type callParams struct {
	ID string `json:"id"`
}

// call notes that a call has come: whoever made it must not have sent it twice.
func (s *service) call(data []byte) map[string]any {
	var request struct {
		Params callParams `json:"params"`
	}
	if err := json.Unmarshal(data, &request); err != nil || request.Params.ID == "" {
		return map[string]any{"error": res.ErrInvalidParams}
	}
	s.calls[request.Params.ID]++
	return map[string]any{"result": request.Params}
}

// write writes perSecond times a second until ctx ends.
func (s *service) write(ctx context.Context, perSecond float64, rng *rand.Rand) {
	const often = 20 * time.Millisecond
	tick := time.NewTicker(often)
	defer tick.Stop()
	began, done := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			due := int(perSecond * time.Since(began).Seconds())
			due = min(due, done+int(perSecond)) // after a standstill of this process
			for ; done < due; done++ {
				s.writeOnce(rng)
			}
		}
	}
}

func (s *service) writeOnce(rng *rand.Rand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	for _, ev := range s.site.write(rng) {
		if s.nc != nil {
			s.publish("event."+ev.rid+"."+ev.name, ev.payload)
		}
	}
}

func (s *service) lastReset() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resetAt
}

// written returns how many writes there were, and how many runs.
func (s *service) written() (writes, runs int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes, s.runs
}

// truth returns the site's resources as they are now: those that the root reaches.
func (s *service) truth() map[string]content {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]content)
	for todo := []string{s.site.name}; len(todo) > 0; {
		rid := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, seen := all[rid]; seen {
			continue
		}
		c, _ := s.site.content(rid)
		all[rid] = c
		todo = append(todo, c.references()...)
	}
	return all
}

// executed returns how often each call has come.
func (s *service) executed() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int, len(s.calls))
	for id, n := range s.calls {
		all[id] = n
	}
	return all
}
