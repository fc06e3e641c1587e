package conn_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
)

// socksProxy is a proxy that speaks SOCKS 5 and wants a password (RFC 1928, RFC 1929).
type socksProxy struct {
	net.Conn
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

func (p socksProxy) take(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(p, b); err != nil {
		panic(err)
	}
	return b
}

// serve plays one connection, and returns what the proxy was asked.
func (p socksProxy) serve() (asked string) {
	defer p.Close()
	p.take(int(p.take(2)[1]))    // the methods that the client knows
	_, _ = p.Write([]byte{5, 2}) // user name and password
	user := p.take(int(p.take(2)[1]))
	password := p.take(int(p.take(1)[0]))
	_, _ = p.Write([]byte{1, 0})
	host := p.take(int(p.take(5)[4])) // to connect to a host by its name
	port := binary.BigEndian.Uint16(p.take(2))
	asked = fmt.Sprintf("%s:%s for %s:%d", user, password, host, port)
	up, err := p.dial(context.Background(), "tcp", net.JoinHostPort(string(host), fmt.Sprint(port)))
	if err != nil {
		_, _ = p.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}) // refused
		return asked
	}
	defer up.Close()
	_, _ = p.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	var both sync.WaitGroup
	both.Go(func() { io.Copy(up, p); up.Close() })
	both.Go(func() { io.Copy(p, up); p.Close() })
	both.Wait()
	return asked
}

func TestASOCKSProxyConnectsToTheGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		l, err := w.network.Listen("proxy:1080")
		w.must(err)
		defer l.Close()
		asked := make(chan string, 1)
		go func() {
			c, err := l.Accept()
			if err == nil {
				asked <- socksProxy{c, w.network.Dial}.serve()
			}
		}()
		c := w.connected(conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "socks5", Host: "proxy:1080", User: url.UserPassword("ann", "secret")})))
		read(t, w.subscribe(c, "a.b")).expect(`a.b sync (first) {"n":1}`)
		c.Close()
		if got, want := <-asked, "ann:secret for "+gatewayAddr; got != want {
			t.Errorf("the proxy was asked %q, want %q", got, want)
		}
	})
}

func TestASOCKSProxyThatDoesNotAnswerIsLeftInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l, err := w.network.Listen("proxy:1080")
		w.must(err)
		defer l.Close()
		var seen transitions
		c := w.client(conn.WithHandshakeTimeout(2*time.Second), conn.WithHooks(conn.Hooks{Transition: seen.hook}),
			conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "socks5", Host: "proxy:1080"})))
		time.Sleep(2*time.Second - time.Millisecond)
		synctest.Wait()
		if n := len(seen.all()); n != 1 {
			t.Errorf("%v, want one dial that waits", seen.all())
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if list := seen.all(); len(list) != 2 || !timedOut(list[1].Cause) {
			t.Errorf("%v, want that the dial has timed out", list)
		}
		c.Close()
	})
}
