package conn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// connectProxy is an HTTP proxy that knows CONNECT.
type connectProxy struct {
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	refuse string // a status line to answer with instead

	mu       sync.Mutex
	requests []*http.Request
}

func (p *connectProxy) serve(t *testing.T, l net.Listener) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
}

func (p *connectProxy) pass(c net.Conn) {
	defer c.Close()
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	p.mu.Lock()
	p.requests = append(p.requests, r)
	p.mu.Unlock()
	if p.refuse != "" {
		fmt.Fprintf(c, "%s\r\nContent-Length: 4\r\n\r\nnope", p.refuse)
		return
	}
	up, err := p.dial(context.Background(), "tcp", r.Host)
	if err != nil {
		return
	}
	defer up.Close()
	fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { io.Copy(up, c); up.Close() })
	both.Go(func() { io.Copy(c, up); c.Close() })
	both.Wait()
}

func (p *connectProxy) all() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*http.Request(nil), p.requests...)
}

// behindProxy is a world with a proxy in front, and the option to use it.
func behindProxy(t *testing.T, refuse string) (*world, *connectProxy, conn.Option) {
	t.Helper()
	w := newWorld(t)
	l, err := w.network.Listen("proxy:3128")
	w.must(err)
	p := &connectProxy{dial: w.network.Dial, refuse: refuse}
	p.serve(t, l)
	return w, p, conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy:3128", User: url.UserPassword("ann", "secret")}))
}

func TestAProxyIsAskedToConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, through := behindProxy(t, "")
		w.must(w.service.SetModel("a.b", map[string]any{"n": 1}))
		c := w.connected(through)
		read(t, w.subscribe(c, "a.b")).expect(`a.b sync (first) {"n":1}`)
		requests := p.all()
		if len(requests) != 1 || requests[0].Method != http.MethodConnect || requests[0].Host != gatewayAddr {
			t.Fatalf("the proxy was asked %v, want once for the gateway", requests)
		}
		r := http.Request{Header: http.Header{"Authorization": requests[0].Header["Proxy-Authorization"]}}
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "secret" {
			t.Errorf("the proxy was given %q and %q, want the user info of its URL", user, password)
		}
		c.Close()
	})
}

func TestAProxyWithoutAPortIsAskedAtPort80(t *testing.T) {
	for host, proxy := range map[string]string{"proxy": "proxy", "[::1]": "::1"} {
		synctest.Test(t, func(t *testing.T) {
			dialled := make(chan string, 1)
			c, err := conn.New("ws://"+gatewayAddr, conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "http", Host: host})),
				conn.WithNetDial(func(ctx context.Context, _, addr string) (net.Conn, error) {
					dialled <- addr
					<-ctx.Done()
					return nil, ctx.Err()
				}))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := <-dialled, net.JoinHostPort(proxy, "80"); got != want {
				t.Errorf("%s was dialled, want %s", got, want)
			}
			c.Close()
		})
	}
}

func TestWithoutAProxyFunctionThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p, _ := behindProxy(t, "")
		c := w.connected(conn.WithProxy(nil))
		if n := len(p.all()); n != 0 {
			t.Errorf("the proxy was asked %d times", n)
		}
		c.Close()
	})
}

func TestAProxyThatRefuses(t *testing.T) {
	for _, line := range []string{"HTTP/1.1 407 Proxy Authentication Required", "HTTP/1.1 407"} {
		synctest.Test(t, func(t *testing.T) {
			w, _, through := behindProxy(t, line)
			var seen transitions
			c := w.client(through, conn.WithHooks(conn.Hooks{Transition: seen.hook}))
			time.Sleep(3 * time.Second)
			c.Close()
			<-c.Done()
			var refused *conn.HandshakeError
			cause := seen.all()[1].Cause
			if !errors.As(cause, &refused) || refused.Status != 407 || string(refused.Body) != "nope" || refused.Proxy != "http://proxy:3128" {
				t.Fatalf("%q gives %v, want a handshake error of the proxy", line, cause)
			}
			if text := cause.Error(); text != "dial ws://gateway:8080: the proxy http://proxy:3128 answered with HTTP status 407" {
				t.Errorf("the error is %q", text)
			}
			if n := c.Stats().Generation; n < 3 {
				t.Errorf("%d dials in 3 s, want that it goes on trying", n)
			}
		})
	}
}

func TestAProxyThatDoesNotAnswerIsLeftInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		l, err := w.network.Listen("proxy:3128")
		w.must(err)
		defer l.Close() // accepts, and that is all
		c := w.client(conn.WithDialTimeout(2*time.Second), conn.WithProxy(http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy:3128"})))
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 2100*time.Millisecond)
		defer cancel()
		if err := c.WaitFor(ctx, state.Connected); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the last attempt: dial") {
			t.Errorf("after %v: %v, want that the attempt has failed", time.Since(start), err)
		}
	})
}

// The environment is read once per process, so the test runs itself in another one.
func TestTheEnvironmentNamesTheProxy(t *testing.T) {
	if os.Getenv("RESCLIENT_PROXIED") != "" {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		c, err := conn.Dial(ctx, "ws://gateway.example:8080")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		return
	}
	gateway := resgatetest.New()
	defer gateway.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	p := &connectProxy{dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, gateway.Addr())
	}}
	p.serve(t, l)
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheEnvironmentNamesTheProxy$")
	cmd.Env = append(os.Environ(), "RESCLIENT_PROXIED=1", "HTTP_PROXY=http://"+l.Addr().String(), "NO_PROXY=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if requests := p.all(); len(requests) != 1 || requests[0].Host != "gateway.example:8080" {
		t.Errorf("the proxy was asked %v, want once for the gateway", requests)
	}
}

func TestABadProxyInTheEnvironmentKeepsItsPassword(t *testing.T) {
	if os.Getenv("RESCLIENT_PROXIED") != "" {
		fmt.Println("ERROR:", firstFailure(t, "ws://gateway.example:8080"))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestABadProxyInTheEnvironmentKeepsItsPassword$")
	cmd.Env = append(os.Environ(), "RESCLIENT_PROXIED=1", "HTTP_PROXY=ann:secret@a b", "NO_PROXY=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text := string(out); strings.Contains(text, "secret") || !strings.Contains(text, "ERROR: conn: still dialing") || !strings.Contains(text, "proxy") {
		t.Errorf("the error is\n%s\nwant one about the proxy, without the password", text)
	}
}
