//go:build unix

package main

import (
	"bytes"
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
)

func TestTheProgram(t *testing.T) {
	binary := build(t)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, binary string)
	}{
		{"ends with status 0 when it is terminated, after the call that is out", endsAfterCalls},
		{"ends with status 0 in an outage", endsInAnOutage},
		{"ends with status 1 when a call is cut off", endsInTheMiddleOfACall},
		{"ends with status 2 when it is configured wrongly", refusesItsConfiguration},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, binary) })
	}
}

func endsAfterCalls(t *testing.T, binary string) {
	gateway := newsGateway(t)
	called, release := make(chan struct{}), make(chan struct{})
	must(t, gateway.Service().HandleCall(resource, "publish", func(*resgatetest.Request) (any, error) {
		close(called)
		<-release
		return "done", nil
	}))
	p := execute(t, binary, gateway.URL())
	untilAnswer(t, p.base+"/readyz", 200, "in sync")

	must(t, gateway.Kill())
	untilAnswer(t, p.base+"/readyz", 503, "not in sync")
	must(t, gateway.Restart())
	untilAnswer(t, p.base+"/readyz", 200, "in sync")
	p.await("INFO connected", "WARN connection lost", "INFO connected")

	answers := make(chan string, 1)
	go func() {
		response, err := http.Post(p.base+"/news", "application/json", strings.NewReader(`{"message":"Snow"}`))
		if err != nil {
			answers <- err.Error()
			return
		}
		_, text := read(t, response)
		answers <- text
	}()
	<-called
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	untilAnswer(t, p.base+"/readyz", 503, "shutting down")
	untilAnswer(t, p.base+"/healthz", 200, "")
	close(release)
	if got := <-answers; got != "\"done\"\n" {
		t.Errorf("the call that was out is answered with %q", got)
	}
	if err := p.wait(); err != nil {
		t.Errorf("it ends with %v, want status 0", err)
	}
	p.await("INFO connected", "WARN connection lost", "INFO connected", "INFO stopping", "INFO closed", "INFO stopped")
}

func endsInAnOutage(t *testing.T, binary string) {
	gateway := newsGateway(t)
	p := execute(t, binary, gateway.URL())
	untilAnswer(t, p.base+"/readyz", 200, "in sync")
	must(t, gateway.Kill())
	untilAnswer(t, p.base+"/readyz", 503, "not in sync")
	p.await("WARN connection lost")
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.wait(); err != nil {
		t.Errorf("it ends with %v, want status 0", err)
	}
	p.await("WARN connection lost", "INFO stopping", "INFO stopped")
}

func endsInTheMiddleOfACall(t *testing.T, binary string) {
	gateway := newsGateway(t)
	called, release := make(chan struct{}), make(chan struct{})
	must(t, gateway.Service().HandleCall(resource, "publish", func(*resgatetest.Request) (any, error) {
		close(called)
		<-release
		return nil, nil
	}))
	defer close(release)
	p := execute(t, binary, gateway.URL(), "-shutdown", "100ms")
	untilAnswer(t, p.base+"/readyz", 200, "in sync")
	answered := make(chan int, 1)
	go func() {
		response, err := http.Post(p.base+"/news", "application/json", strings.NewReader(`{"message":"Snow"}`))
		if err != nil {
			answered <- 0
			return
		}
		status, _ := read(t, response)
		answered <- status
	}()
	<-called
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	exit, ok := errors.AsType[*exec.ExitError](p.wait())
	if !ok || exit.ExitCode() != 1 {
		t.Errorf("it ends with %v, want status 1", exit)
	}
	if got := <-answered; got != http.StatusBadGateway {
		t.Errorf("the call that was out is answered with status %d, want %d: nobody knows what became of it", got, http.StatusBadGateway)
	}
	p.await("INFO stopping", "ERROR failed")
}

func refusesItsConfiguration(t *testing.T, binary string) {
	for _, args := range [][]string{{"-log", "xml"}, {"-nonsense"}} {
		err := exec.CommandContext(t.Context(), binary, args...).Run()
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != 2 {
			t.Errorf("with %q it ends with %v, want status 2", args, err)
		}
	}
}

// program is the service as a process, with its log so far.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	base string
	log  chan string   // level and message
	seen []string      // of the log, by await
	done chan struct{} // closed when the log has ended
}

// execute runs the program, and returns when it listens.
func execute(t *testing.T, binary, gateway string, args ...string) *program {
	t.Helper()
	args = append([]string{"-gateway", gateway, "-listen", "127.0.0.1:0", "-log", "json"}, args...)
	p := &program{t: t, cmd: exec.Command(binary, args...), log: make(chan string, 1000), done: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	must(t, err)
	must(t, p.cmd.Start())
	t.Cleanup(func() { p.cmd.Process.Kill(); <-p.done })
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	addresses := make(chan string, 1)
	go func() {
		defer close(p.done)
		defer close(p.log)
		readLog(stderr, func(line logLine) {
			p.log <- line.Level + " " + line.Msg
			if line.Msg == "serving" {
				addresses <- line.Address
			}
		})
	}()
	select {
	case address := <-addresses:
		p.base = "http://" + address
	case <-p.done:
		t.Fatalf("the program does not serve: %v", p.cmd.Wait())
	}
	return p
}

// wait waits for the end of the program, and returns what it ended with.
func (p *program) wait() error {
	<-p.done // what it has written is read
	return p.cmd.Wait()
}

// await waits until the log has the lines, in this order. The client logs in a goroutine of
// its own: what the probes say may be in the log only later.
func (p *program) await(lines ...string) {
	p.t.Helper()
	for at := 0; len(lines) > 0; at++ {
		if at == len(p.seen) && !p.read() {
			p.t.Fatalf("the log has no line %q where it should be:\n%s", lines[0], strings.Join(p.seen, "\n"))
		}
		if p.seen[at] == lines[0] {
			lines = lines[1:]
		}
	}
}

// read waits for another line, and reports whether there was one.
func (p *program) read() bool {
	select {
	case line, more := <-p.log:
		if more {
			p.seen = append(p.seen, line)
		}
		return more
	case <-time.After(patience):
		return false
	}
}

// build compiles the program.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "service")
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return binary
}
