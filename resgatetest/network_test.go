package resgatetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/resgatetest"
)

// pair gives both ends of a connection.
func pair(t *testing.T, n *resgatetest.Network) (client, server net.Conn) {
	t.Helper()
	l, err := n.Listen("host:1")
	must(t, err)
	defer l.Close()
	client, err = n.Dial(t.Context(), "tcp", "host:1")
	must(t, err)
	server, err = l.Accept()
	must(t, err)
	return client, server
}

func inNetwork(t *testing.T, test func(t *testing.T, n *resgatetest.Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, resgatetest.NewNetwork()) })
}

func TestDiallingNobodyIsRefused(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		_, err := n.Dial(t.Context(), "tcp", "host:1")
		var op *net.OpError
		if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("dialling: %v", err)
		}
		l, err := n.Listen("host:1")
		must(t, err)
		if _, err := n.Listen("host:1"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("listening twice: %v", err)
		}
		waiting, err := n.Dial(t.Context(), "tcp", "host:1")
		must(t, err)
		must(t, l.Close())
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepting on a closed listener: %v", err)
		}
		if _, err := waiting.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("reading from what was never accepted: %v", err)
		}
		if _, err := n.Dial(t.Context(), "tcp", "host:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a closed address: %v", err)
		}
		if _, err := n.Listen("host"); err == nil {
			t.Error("an address without a port is taken")
		}
	})
}

func TestConnectionEndsLikeTCP(t *testing.T) {
	tests := []struct {
		name  string
		end   func(client, server net.Conn)
		want  []byte // read before the end
		err   error
		write error
	}{
		{"closed", func(_, s net.Conn) { s.Close() }, nil, io.EOF, syscall.EPIPE},
		{"closed after a write", func(_, s net.Conn) { s.Write([]byte("bye")); s.Close() }, []byte("bye"), io.EOF, syscall.EPIPE},
		{"closed with something unread", func(c, s net.Conn) { c.Write([]byte("x")); s.Close() }, nil, syscall.ECONNRESET, syscall.ECONNRESET},
		{"reset", func(_, s net.Conn) { s.(interface{ SetLinger(int) error }).SetLinger(0); s.Close() }, nil, syscall.ECONNRESET, syscall.ECONNRESET},
		{"half closed", func(_, s net.Conn) { s.(interface{ CloseWrite() error }).CloseWrite() }, nil, io.EOF, nil},
		{"closed by ourselves", func(c, _ net.Conn) { c.Close() }, nil, net.ErrClosed, net.ErrClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
				client, server := pair(t, n)
				tt.end(client, server)
				var got bytes.Buffer
				b := make([]byte, 2)
				k, err := client.Read(b)
				for ; err == nil; k, err = client.Read(b) {
					got.Write(b[:k])
				}
				if !errors.Is(err, tt.err) || !bytes.Equal(got.Bytes(), tt.want) {
					t.Errorf("read %q, then %v; want %q, then %v", got.Bytes(), err, tt.want, tt.err)
				}
				if _, err := client.Write([]byte("x")); !errors.Is(err, tt.write) {
					t.Errorf("writing: %v, want %v", err, tt.write)
				}
			})
		})
	}
}

func TestDeadlinesEndWaiting(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		client, _ := pair(t, n)
		start := time.Now()
		client.SetReadDeadline(start.Add(time.Second))
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("reading: %v after %v", err, time.Since(start))
		}
		client.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { client.SetReadDeadline(time.Now()) })
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("reading with a deadline set meanwhile: %v after %v", err, time.Since(start))
		}
		client.SetWriteDeadline(time.Now().Add(time.Second))
		written, err := client.Write(make([]byte, 10<<20))
		if !errors.Is(err, os.ErrDeadlineExceeded) || written == 0 || written == 10<<20 {
			t.Errorf("writing to who does not read: %d bytes, %v", written, err)
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v is no time out", err)
		}
	})
}

func TestLargeWritesArriveWhole(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		client, server := pair(t, n)
		sent := bytes.Repeat([]byte("0123456789"), 200_000)
		go func() {
			client.Write(sent)
			client.Close()
		}()
		got, err := io.ReadAll(server)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
}

func TestCutNetworkIsSilent(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"))
		defer srv.Close()
		must(t, srv.Service().SetModel("news.today", map[string]any{"headline": "Rain"}))
		c := dialNetwork(t, n, srv)
		defer c.ws.Close()
		subscribed(c)

		n.Cut("gateway:80")
		must(t, srv.Service().Change("news.today", map[string]any{"headline": "Sun"}))
		c.send(`{"id":3,"method":"version"}`)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dial(ctx, "tcp", "gateway:80"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dialling over a cut network: %v", err)
		}
		if got := srv.Requests()["version"]; got != 1 {
			t.Errorf("the gateway got %d version requests over a cut network", got)
		}
		n.Heal("gateway:80")
		c.expect(`{"event":"news.today.change","data":{"values":{"headline":"Sun"}}}`, `{"result":{"protocol":"1.2.3"},"id":3}`)
	})
}

func TestHoursOfRestartsTakeNoTime(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"))
		defer srv.Close()
		must(t, srv.Service().SetModel("news.today", map[string]any{"headline": "Rain"}))
		for range 50 {
			c := dialNetwork(t, n, srv)
			subscribed(c)
			time.Sleep(time.Hour)
			must(t, srv.Kill())
			c.end()
			c.ws.Close()
			time.Sleep(time.Minute)
			must(t, srv.Restart())
		}
	})
}
