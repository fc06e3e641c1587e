package conn_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/resclient/resclient-go/resgatetest"
)

// handshake is what a raw gateway was asked.
type handshake struct {
	*http.Request
	text []byte // as it came
}

// accept is what proves that the gateway has understood the request (RFC 6455, section 4.2.2).
func (h handshake) accept() string {
	sum := sha1.Sum([]byte(h.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// upgrade is the answer of a gateway that opens the WebSocket, with compression if that is
// offered.
func (h handshake) upgrade() string {
	extensions := ""
	if strings.Contains(h.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		extensions = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
	}
	return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + h.accept() + "\r\n" + extensions + "\r\n"
}

// rawGateway listens, reads the request of each handshake and leaves the connection to answer. What
// answer returns is closed behind it.
func rawGateway(t testing.TB, network *resgatetest.Network, addr string, answer func(c net.Conn, r *bufio.Reader, h handshake)) {
	t.Helper()
	l, err := network.Listen(addr)
	if err != nil {
		t.Fatal(err)
	}
	serveRaw(t, l, answer)
}

func serveRaw(t testing.TB, l net.Listener, answer func(c net.Conn, r *bufio.Reader, h handshake)) {
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				var text bytes.Buffer
				r := bufio.NewReader(io.TeeReader(c, &text))
				if request, err := http.ReadRequest(r); err == nil {
					answer(c, r, handshake{request, text.Bytes()})
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
}

// forever writes text until nobody reads it, or, so that a test fails before the
// machine does, until it has written 64 MiB. It returns how much it has written.
func forever(c net.Conn, text string) (written int64) {
	block := bytes.Repeat([]byte(text), 1+4096/len(text))
	for written < 64<<20 {
		n, err := c.Write(block)
		written += int64(n)
		if err != nil {
			break
		}
	}
	return written
}

// discard reads until the end.
func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
