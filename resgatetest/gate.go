package resgatetest

import "sync"

// gate stands between a gateway and the world. Shut, it holds up every
// goroutine of the gateway, as SIGSTOP does; torn down, it ends them, as
// SIGKILL does.
type gate struct {
	dead chan struct{} // closed when the gateway is no more

	mu     sync.Mutex
	thawed chan struct{} // nil while the gate is open; closed when it opens again
	torn   bool
}

func newGate() *gate {
	return &gate{dead: make(chan struct{})}
}

// pass waits while the gate is shut. It reports whether the gateway lives.
func (g *gate) pass() bool {
	for {
		g.mu.Lock()
		thawed, torn := g.thawed, g.torn
		g.mu.Unlock()
		switch {
		case torn:
			return false
		case thawed == nil:
			return true
		}
		select {
		case <-thawed:
		case <-g.dead:
		}
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.thawed == nil {
		g.thawed = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.thawed != nil {
		close(g.thawed)
		g.thawed = nil
	}
}

// tear ends the gateway. It reports whether it was still alive.
func (g *gate) tear() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.torn {
		return false
	}
	g.torn = true
	close(g.dead)
	return true
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.thawed != nil
}
