package main

import "sync"

// running is a group of goroutines whose errors are of interest.
type running struct {
	group sync.WaitGroup
	mu    sync.Mutex
	errs  []error
}

// Go runs f in a goroutine.
func (r *running) Go(f func() error) {
	r.group.Go(func() {
		if err := f(); err != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.errs = append(r.errs, err)
		}
	})
}

// wait waits until all have returned, and returns what they did.
func (r *running) wait() []error {
	r.group.Wait()
	return r.errs
}
