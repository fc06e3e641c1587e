package natstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// Ports from firstPort on, below those that systems usually give out by themselves. One of
// these would be given to somebody else now and then, before a process has taken it or
// while it is down.
const (
	firstPort = 20_000
	ports     = 10_000
)

// freeAddr returns a host:port of this machine on which nobody listens.
func freeAddr() (addr string, err error) {
	for range 100 {
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(ports)))
		var l net.Listener
		if l, err = net.Listen("tcp", addr); err == nil {
			return addr, l.Close()
		}
	}
	return "", fmt.Errorf("natstest: find a free port: %w", err)
}

// tryHandshake reports whether a gateway takes a WebSocket connection at url
// now.
func tryHandshake(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var dialer websocket.Dialer // asks no proxy
	ws, _, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	return ws.Close()
}

// binaryKind asks the binary for its name and version, as in
// "resgate 1.8.0 (process)".
func binaryKind(binary string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("natstest: ask gateway for its version: %w", err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	words := strings.Fields(line)
	if len(words) != 2 {
		return "", fmt.Errorf("natstest: %q says %q for its version", binary, line)
	}
	return words[0] + " " + strings.TrimPrefix(words[1], "v") + " (process)", nil
}
