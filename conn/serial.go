package conn

import "sync"

// serial runs functions of the program one after the other, in the order in which
// they were added, in a goroutine that exists only while there is something to
// run. Adding one never waits.
type serial struct {
	spawn func(func())

	mu      sync.Mutex
	waiting []task
	running bool
	classes [taskClasses]struct {
		waiting int
		dropped uint64
	}
}

// taskClass separates what must not be dropped because of too much of another.
type taskClass uint8

const (
	transitionTask taskClass = iota // the Transition hook, and log lines
	frameTask                       // the Frame hook
	policyTask                      // questions to back-offs: as many as there are subscriptions
	taskClasses
)

// hookLimit is how many calls of a hook may wait for it.
const hookLimit = 1024

type task struct {
	class taskClass
	run   func()
}

// add runs f after what was added before, or drops it when too many hooks of its
// class wait.
func (s *serial) add(class taskClass, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.classes[class]
	if c.waiting >= hookLimit && class != policyTask {
		c.dropped++
		return
	}
	c.waiting++
	s.waiting = append(s.waiting, task{class, f})
	if !s.running {
		s.running = true
		s.spawn(s.run)
	}
}

func (s *serial) run() {
	for {
		batch := s.take()
		if len(batch) == 0 {
			return
		}
		for _, t := range batch {
			t.run()
			s.ran(t)
		}
	}
}

// take returns what waits; without anything, the goroutine ends.
func (s *serial) take() []task {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.waiting
	s.waiting = nil
	s.running = len(batch) > 0
	return batch
}

func (s *serial) ran(t task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.classes[t.class].waiting--
}

func (s *serial) drops(class taskClass) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.classes[class].dropped
}
