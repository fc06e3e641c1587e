package natstest

import (
	"fmt"
	"io"
	"os"
	"time"
)

// BinaryVariable is the environment variable that names the Resgate binary
// [New] starts. It starts the stand-in when the variable is empty or unset.
const BinaryVariable = "RESGATE_BIN"

// Gateway is a gateway on a NATS server, as [New] starts it: the stand-in, a
// [resgatetest.Server], or a Resgate process. Both behave the same. Methods
// may be called from several goroutines; they return when what they do is
// done. They return [resgatetest.ErrNotRunning] when there is no gateway to do
// it with, which is also the case when it has lost its NATS server, and
// [resgatetest.ErrClosed] after Close.
type Gateway interface {
	// URL returns the address for clients, such as ws://127.0.0.1:8080. It
	// stays the same when the gateway is restarted.
	URL() string

	// Kind says which gateway this is: "stand-in", or what a process says of
	// itself, such as "resgate 1.8.0 (process)".
	Kind() string

	// Done returns a channel that is closed when the gateway has ended, for
	// whatever reason. After a restart it is another one.
	Done() <-chan struct{}

	// Kill ends the gateway without warning (SIGKILL), also while it is
	// frozen: connections end without a close frame and the address refuses.
	Kill() error

	// Stop ends the gateway in order (SIGTERM), which clients see as they see
	// Kill. It returns [resgatetest.ErrFrozen] when the gateway is frozen.
	Stop() error

	// Restart starts the gateway again on the same address, with nothing
	// carried over. It returns [resgatetest.ErrRunning] when it still runs.
	Restart() error

	// Freeze makes the gateway hold still (SIGSTOP): connections stay open
	// and the system accepts new ones, but nothing is read or answered. It
	// does nothing to a gateway that is frozen.
	Freeze() error

	// Thaw makes a frozen gateway go on (SIGCONT).
	Thaw() error

	// Close ends the gateway, whatever state it is in. No process, goroutine
	// or open port is left when it returns. It may be called more than once.
	Close() error
}

type config struct {
	natsURL string
	binary  string // empty: the stand-in
	timeout time.Duration
	output  io.Writer

	compression bool
}

// Option changes what [New] starts.
type Option func(*config)

// WithBinary names the Resgate binary to start in place of the one in
// RESGATE_BIN. An empty path stands for the stand-in, whatever the
// environment says.
func WithBinary(path string) Option {
	return func(c *config) { c.binary = path }
}

// WithTimeout sets how long the gateway waits for the answer of a service,
// in whole milliseconds of at least one. The default is 3 s.
func WithTimeout(d time.Duration) Option {
	return func(c *config) { c.timeout = d }
}

// WithCompression makes the gateway take up an offer of permessage-deflate
// (Resgate's --wscompression).
func WithCompression() Option {
	return func(c *config) { c.compression = true }
}

// WithOutput gives what a Resgate process writes to standard output and
// standard error to w. Nothing is written after Close. The default discards
// it. The stand-in writes nothing.
func WithOutput(w io.Writer) Option {
	return func(c *config) { c.output = w }
}

// New starts a gateway on the NATS server at natsURL, and on a free port of
// 127.0.0.1 for clients. It returns when clients can connect.
//
// When the environment variable RESGATE_BIN holds the path of a Resgate
// binary, New starts that as a process, otherwise the stand-in of package
// resgatetest. A test should log Kind, so that its output says what it ran
// against.
func New(natsURL string, opts ...Option) (Gateway, error) {
	c := config{
		natsURL: natsURL,
		binary:  os.Getenv(BinaryVariable),
		timeout: 3 * time.Second,
	}
	for _, o := range opts {
		o(&c)
	}
	if c.timeout < time.Millisecond {
		return nil, fmt.Errorf("natstest: timeout is %v, must be at least 1ms", c.timeout)
	}
	if c.binary == "" {
		return startStandIn(c)
	}
	return startProcess(c)
}
