//go:build unix

package conn_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
)

// standInVariable makes the test program a stand-in gateway.
const standInVariable = "RESCLIENT_TEST_STAND_IN"

// beStandIn serves a model until its input ends, with its parent at the latest.
func beStandIn() {
	gateway := resgatetest.New()
	defer gateway.Close()
	if err := gateway.Service().SetModel("a.b", map[string]any{"n": 1}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(gateway.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startStandIn starts a stand-in gateway that is a process.
func startStandIn(t *testing.T) (url string, process *os.Process) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), standInVariable+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill() // also while it is stopped
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line), cmd.Process
}

// A stand-in that is frozen by its own means may do so in a way that pleases the client. A
// process that is stopped is as the system does it, for idle and for busy clients.
func TestAStoppedProcessIsLeftForTheNextInTheList(t *testing.T) {
	urls, processes := make([]string, 2), make(map[string]*os.Process)
	for i := range urls {
		url, process := startStandIn(t)
		urls[i], processes[url] = url, process
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	departed := make(departures, 100)
	c, err := conn.Dial(ctx, urls[0], append(quickPings(departed), conn.WithGateways(urls[1]), conn.WithMaxDelay(100*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := c.Subscribe(ctx, "a.b")
	if err != nil {
		t.Fatal(err)
	}
	events := read(t, s)
	events.expect(`a.b sync (first) {"n":1}`)
	for _, busy := range []bool{false, true} {
		left, stopped := c.Stats().Gateway, time.Now()
		if err := processes[left].Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if busy { // with what the gateway does not answer
			for range 10 {
				go c.Call(ctx, "a.b", "m", nil, nil)
			}
		}
		waitUntil(ctx, t, "the client is in sync at the other gateway", func() bool {
			s := c.Stats()
			return s.InSync && s.Gateway != left
		})
		departed.expectSoonAfter(t, stopped)
		events.expect(silence...)
		if err := processes[left].Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
}
