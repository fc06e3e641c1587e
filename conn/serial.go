package conn

import "sync"

// serial runs functions of the program one after the other, in the order in which
// they were added, in a goroutine that exists only while there is something to
// run. Adding one never waits.
type serial struct {
	spawn func(func())

	mu      sync.Mutex
	waiting []task
	head    int // waiting[:head] have been taken
	running bool
	classes [taskClasses]struct {
		waiting int
		bytes   int // that wait with them
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

// How many calls of a hook may wait for it, and how many bytes with them. One call may have more.
// A reset of a service may change all that a client has, so frames come in bursts.
const (
	hookLimit  = 1024
	frameLimit = 4096
	hookBytes  = 64 << 20
)

// full reports whether no more of a class may wait, but for the bytes.
func (class taskClass) full(waiting int) bool {
	switch class {
	case transitionTask:
		return waiting >= hookLimit
	case frameTask:
		return waiting >= frameLimit
	}
	return false
}

type task struct {
	class taskClass
	bytes int
	run   func()
}

// add runs f after what was added before, or drops it when too many hooks of its
// class wait.
func (s *serial) add(class taskClass, f func()) { s.addLarge(class, 0, f) }

// addLarge is add for what keeps so many bytes.
func (s *serial) addLarge(class taskClass, bytes int, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.classes[class]
	if class.full(c.waiting) || c.waiting > 0 && c.bytes+bytes > hookBytes {
		c.dropped++
		return
	}
	c.waiting++
	c.bytes += bytes
	if s.head > len(s.waiting)/2 { // so that what was taken does not pile up
		s.waiting, s.head = append([]task(nil), s.waiting[s.head:]...), 0
	}
	s.waiting = append(s.waiting, task{class, bytes, f})
	if !s.running {
		s.running = true
		s.spawn(s.run)
	}
}

// run runs what waits. A function may end its goroutine with runtime.Goexit; another
// one goes on.
func (s *serial) run() {
	done := false
	defer func() {
		if !done {
			s.spawn(s.run)
		}
	}()
	for {
		t, ok := s.take()
		if done = !ok; done {
			return
		}
		t.run()
	}
}

// take returns the next task; without one, the goroutine ends.
func (s *serial) take() (t task, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head == len(s.waiting) {
		s.waiting, s.head, s.running = nil, 0, false
		return task{}, false
	}
	t = s.waiting[s.head]
	s.waiting[s.head] = task{}
	s.head++
	s.classes[t.class].waiting--
	s.classes[t.class].bytes -= t.bytes
	return t, true
}

func (s *serial) drops(class taskClass) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.classes[class].dropped
}
