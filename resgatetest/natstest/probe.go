package natstest

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"

	"github.com/gorilla/websocket"
)

// freeAddr returns a host:port of this machine on which nobody listens.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("natstest: find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
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
