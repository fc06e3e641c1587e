package resgatetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/resclient/resclient-go/res"
)

// Kind is a kind of request that services get.
type Kind string

// The kinds of requests.
const (
	KindAccess Kind = "access"
	KindGet    Kind = "get"
	KindCall   Kind = "call"
	KindAuth   Kind = "auth"
)

// fault is something wrong with the service, for the requests about some
// resources.
type fault struct {
	pattern res.Pattern
	kinds   []Kind // none: all
	effect  effect
	delay   time.Duration

	mu   sync.Mutex
	held []func() // nil after the release
	free bool
}

type effect uint8

const (
	muted effect = iota
	away
	delayed
	holding
)

func (f *fault) concerns(name string, kind Kind) bool {
	return f.pattern.Matches(name) && (len(f.kinds) == 0 || slices.Contains(f.kinds, kind))
}

// Mute makes the service not answer requests about the resources whose names
// match the pattern: only those of the given kinds, if any. What comes while
// it is mute is never answered.
func (s *Service) Mute(p res.Pattern, kinds ...Kind) error {
	return s.addFault(&fault{pattern: p, kinds: kinds, effect: muted})
}

// Unmute ends every Mute of the same pattern.
func (s *Service) Unmute(p res.Pattern) { s.endFaults(p, muted) }

// Leave makes the service be away, for requests about the resources whose
// names match the pattern: the gateway is told at once that nobody is there.
func (s *Service) Leave(p res.Pattern, kinds ...Kind) error {
	return s.addFault(&fault{pattern: p, kinds: kinds, effect: away})
}

// Join ends every Leave of the same pattern. Services that come back usually
// send a [Service.Reset].
func (s *Service) Join(p res.Pattern) { s.endFaults(p, away) }

// Delay makes the service answer requests about the resources whose names
// match the pattern after d, with what is so then. It replaces an earlier
// delay of the same pattern; 0 ends it.
func (s *Service) Delay(p res.Pattern, d time.Duration, kinds ...Kind) error {
	s.endFaults(p, delayed)
	if d <= 0 {
		return nil
	}
	return s.addFault(&fault{pattern: p, kinds: kinds, effect: delayed, delay: d})
}

// Hold keeps back requests about the resources whose names match the pattern
// until release is called, and answers them then, with what is so then.
func (s *Service) Hold(p res.Pattern, kinds ...Kind) (release func(), err error) {
	f := &fault{pattern: p, kinds: kinds, effect: holding}
	if err := s.addFault(f); err != nil {
		return nil, err
	}
	return func() {
		s.removeFault(f)
		f.release()
	}, nil
}

// Fail makes get requests for a resource fail with err. Nil ends it.
func (s *Service) Fail(rid string, err *res.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		delete(s.failing, rid)
		return
	}
	s.failing[rid] = err
}

func (s *Service) addFault(f *fault) error {
	if err := f.pattern.Check(); err != nil {
		return fmt.Errorf("resgatetest: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return nil
}

func (s *Service) endFaults(p res.Pattern, e effect) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool {
		return f.pattern == p && f.effect == e
	})
}

func (s *Service) removeFault(gone *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f == gone })
}

// faultFor gives what is wrong with one request, nil if nothing is. The latest
// fault counts.
func (s *Service) faultFor(name string, kind Kind) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range slices.Backward(s.faults) {
		if f.concerns(name, kind) {
			return f
		}
	}
	return nil
}

// apply does to a request what is wrong: serve is called if and when it is to
// be answered.
func (f *fault) apply(a *answer, serve func()) {
	switch f.effect {
	case muted:
	case away:
		a.send(nil, ErrNoResponders)
	case delayed:
		time.AfterFunc(f.delay, serve)
	case holding:
		f.hold(serve)
	}
}

func (f *fault) hold(serve func()) {
	f.mu.Lock()
	if !f.free {
		f.held = append(f.held, serve)
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	serve()
}

func (f *fault) release() {
	f.mu.Lock()
	held := f.held
	f.held, f.free = nil, true
	f.mu.Unlock()
	for _, serve := range held {
		serve()
	}
}
