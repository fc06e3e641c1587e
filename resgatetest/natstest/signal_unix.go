//go:build unix

package natstest

import (
	"errors"
	"os"
	"syscall"
)

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// freeze returns when the last thread of p has stopped: the signal alone
// leaves some of them running for a moment.
func freeze(p *os.Process) error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		_, err := syscall.Wait4(p.Pid, nil, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ECHILD): // it ended just now
			return os.ErrProcessDone
		default:
			return err
		}
	}
}

func thaw(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
