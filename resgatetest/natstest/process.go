package natstest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
)

const (
	// stopTimeout bounds the wait for a process that was told to stop.
	stopTimeout = 10 * time.Second
	// dialTimeout bounds one attempt to reach a process that starts.
	dialTimeout = time.Second
	// dialInterval is the time from one attempt to the next.
	dialInterval = 5 * time.Millisecond
)

// process is a Gateway that is a Resgate process.
type process struct {
	config
	kind string
	addr string // host:port for clients

	mu     sync.Mutex
	cmd    *exec.Cmd     // the process of the last start
	exited chan struct{} // closed when it has been waited for
	frozen bool
	closed bool
}

// startProcess starts the binary on a free port.
func startProcess(c config) (Gateway, error) {
	kind, err := binaryKind(c.binary)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p := &process{config: c, kind: kind, addr: addr}
	if err := p.start(); err != nil {
		return nil, err
	}
	return p, nil
}

// URL implements [Gateway].
func (p *process) URL() string { return "ws://" + p.addr }

// Kind implements [Gateway].
func (p *process) Kind() string { return p.kind }

// Done implements [Gateway].
func (p *process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

// Kill implements [Gateway].
func (p *process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.check(); err != nil {
		return err
	}
	return p.kill()
}

// Stop implements [Gateway].
func (p *process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.check(); err != nil {
		return err
	}
	if p.frozen {
		return resgatetest.ErrFrozen
	}
	if err := p.signal("stop", terminate); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("natstest: gateway still runs %v after it was told to stop", stopTimeout), p.kill())
	}
}

// Restart implements [Gateway].
func (p *process) Restart() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch err := p.check(); {
	case err == nil:
		return resgatetest.ErrRunning
	case errors.Is(err, resgatetest.ErrNotRunning):
		return p.start()
	default:
		return err
	}
}

// Freeze implements [Gateway].
func (p *process) Freeze() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.check(); err != nil || p.frozen {
		return err
	}
	p.frozen = true
	return p.signal("freeze", freeze)
}

// Thaw implements [Gateway].
func (p *process) Thaw() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.check(); err != nil {
		return err
	}
	p.frozen = false
	return p.signal("thaw", thaw)
}

// Close implements [Gateway].
func (p *process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.kill()
}

// start runs the binary and returns when it answers a WebSocket handshake.
func (p *process) start() error {
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return err
	}
	args := []string{
		"--addr", host,
		"--port", port,
		"--nats", p.natsURL,
		"--reqtimeout", strconv.FormatInt(p.timeout.Milliseconds(), 10),
	}
	if p.compression {
		args = append(args, "--wscompression")
	}
	cmd := exec.Command(p.binary, args...)
	cmd.Stdout, cmd.Stderr = p.output, p.output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("natstest: start gateway: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = cmd.Wait() // how it ended is of no interest: tests kill it
	}()
	p.cmd, p.exited, p.frozen = cmd, exited, false
	if err := p.awaitHandshake(); err != nil {
		return errors.Join(err, p.kill())
	}
	return nil
}

// awaitHandshake dials until the process takes a WebSocket connection.
func (p *process) awaitHandshake() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	again := time.NewTicker(dialInterval)
	defer again.Stop()
	for {
		err := tryHandshake(ctx, p.URL())
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("natstest: gateway ended while starting: %v", p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("natstest: gateway takes no connections after %v: %w", startTimeout, err)
		case <-again.C:
		}
	}
}

// check says why there is no process to do something with.
func (p *process) check() error {
	if p.closed {
		return resgatetest.ErrClosed
	}
	select {
	case <-p.exited:
		return resgatetest.ErrNotRunning
	default:
		return nil
	}
}

// kill ends the process, frozen or not, and waits until it is gone.
func (p *process) kill() error {
	if err := p.signal("kill", (*os.Process).Kill); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// signal sends the process a signal; one that has ended is left in peace.
func (p *process) signal(what string, send func(*os.Process) error) error {
	if err := send(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("natstest: %s gateway: %w", what, err)
	}
	return nil
}
