package conn_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// secretive returns the options of a client that is given secrets wherever there is room
// for one.
func secretive(t *testing.T, said *confessions, addr string, hooks conn.Hooks) []conn.Option {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(&url.URL{Scheme: "http", Host: strings.TrimSuffix(addr, ":8080")}, []*http.Cookie{{Name: "session", Value: secretCookie}})
	return []conn.Option{
		conn.WithLogger(said.logger()),
		conn.WithHooks(said.hooks(hooks)),
		conn.WithHeader(http.Header{"X-Token": {secretHeader}}),
		conn.WithCookieJar(jar),
		conn.WithDialTimeout(time.Second),
		conn.WithVersionTimeout(time.Second),
		conn.WithRequestTimeout(time.Second),
		conn.WithPing(time.Second, time.Second),
	}
}

// secretClient makes such a client. Once with is done, it is closed, and has said all that it says.
func secretClient(t *testing.T, said *confessions, addr string, hooks conn.Hooks, with func(*conn.Client), opts ...conn.Option) {
	t.Helper()
	c, err := conn.New(secretURL(addr), append(secretive(t, said, addr, hooks), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	with(c)
	said.client(c)
	c.Close()
	<-c.Done()
	said.client(c)
	said.fail("waiting for a closed client", c.WaitFor(context.Background(), state.Connected))
}

// waitFails lets a client try for a while.
func waitFails(said *confessions) func(*conn.Client) {
	return func(c *conn.Client) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		said.fail("waiting for a connection", c.WaitFor(ctx, state.Connected))
		said.fail("waiting to be in sync", c.WaitInSync(ctx))
	}
}

func TestNoSecretIsRepeatedWhileAllGoesWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said confessions
		w := newWorld(t, resgatetest.WithHeaderAuth("auth.session.cookie"))
		var seen []string
		w.must(w.service.HandleAuth("auth.session", "cookie", func(r *resgatetest.Request) (any, error) {
			seen = append(seen, fmt.Sprint(r.Header, r.URI))
			return nil, nil
		}))
		w.must(w.service.HandleAuth("auth.session", "login", func(r *resgatetest.Request) (any, error) {
			seen = append(seen, string(r.Params))
			return map[string]any{"token": secretResult}, nil
		}))
		w.must(w.service.SetModel("a.b", map[string]any{"n": secretContent}))
		w.must(w.service.SetCollection("a.list", []any{secretContent}))
		w.must(w.service.HandleCall("a.b", "m", func(r *resgatetest.Request) (any, error) { return secretResult, nil }))
		login := conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
			said.say("a session", s)
			err := s.Auth(ctx, "auth.session", "login", map[string]string{"password": secretParams}, nil)
			said.fail("logging in", s.Call(ctx, "a.b", "none", secretParams, nil))
			return err
		}}
		secretClient(t, &said, gatewayAddr, login, func(c *conn.Client) {
			ctx := context.Background()
			w.await(c, state.Connected)
			sub := w.subscribe(c, "a.b")
			list := w.subscribe(c, "a.list")
			said.say("a subscription", sub)

			var number int
			var when time.Time
			said.fail("a call", c.Call(ctx, "a.b", "m", secretParams, nil))
			said.fail("a call with a result of another kind", c.Call(ctx, "a.b", "m", secretParams, &number))
			said.fail("a call with a result that makes no sense", c.Call(ctx, "a.b", "m", secretParams, &struct{}{}))
			said.fail("a call of no method", c.Call(ctx, "a.b", "none", secretParams, nil))
			said.fail("a call with params that are no JSON", c.Call(ctx, "a.b", "m", json.RawMessage("{"+secretParams), nil))
			said.fail("a call with params that have no JSON", c.Call(ctx, "a.b", "m", map[string]any{secretParams: func() {}}, nil))
			said.fail("auth", c.Auth(ctx, "auth.session", "login", secretParams, &when))
			said.fail("a call of a resource id that is none", c.Call(ctx, "a..b", "m", secretParams, nil))
			_, err := c.CallResource(ctx, "a.b", "m", secretParams)
			said.fail("a call for a resource", err)
			said.fail("set", c.Set(ctx, "a.b", map[string]any{"n": secretParams}))

			w.must(w.service.Mute("a.>"))
			said.fail("a call without an answer", c.Call(ctx, "a.b", "m", secretParams, nil))
			short, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			said.fail("a call that is left", c.Call(short, "a.b", "m", secretParams, nil))
			lost := make(chan error)
			go func() { lost <- c.Call(ctx, "a.b", "m", secretParams, nil) }()
			synctest.Wait()
			w.must(w.gateway.Kill())
			said.fail("a call that is lost", <-lost)
			said.client(c)
			short, cancel = context.WithTimeout(ctx, time.Second)
			defer cancel()
			said.fail("a call without a connection", c.Call(short, "a.b", "m", secretParams, nil))
			said.fail("waiting", sub.WaitSync(short))
			_, err = c.Get(short, "a.c")
			said.fail("a get without a connection", err)

			w.service.Unmute("a.>")
			w.must(w.gateway.Restart())
			w.await(c, state.Connected)
			sub.Close()
			list.Close()
			go func() { lost <- c.Call(ctx, "a.b", "m", secretParams, nil) }()
			said.fail("a call", <-lost)
		}, conn.WithNetDial(w.network.Dial))
		said.check(t, 500)
		for _, secret := range []string{"Hunter-User", secretHeader, secretCookie, secretQuery, secretParams} {
			if secret == "Hunter-User" { // in its Authorization header
				r := http.Request{Header: http.Header{}}
				r.SetBasicAuth(secretUser, secretPassword)
				secret = r.Header.Get("Authorization")
			}
			if !strings.Contains(strings.Join(seen, "\n"), secret) {
				t.Errorf("the gateway has not been given %s, so nothing was at stake", secret)
			}
		}
		for _, word := range []string{"connection lost", "connecting failed", "a.b", "ws://gateway:8080"} {
			if said.count(word) == 0 {
				t.Errorf("nothing says %q", word)
			}
		}
	})
}

// echoes are answers that repeat the request.
var echoes = []string{
	"{request}", "HTTP/1.1 401 {request}", "HTTP/1.1 401 Unauthorized\r\nX-Echo: y\r\n\r\n{request}", "HTTP/1.1 401 Unauthorized\r\n{request}",
	"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere:8080/?{request}", "HTTP/1.1 200 x\r\nContent-Length: {request}", "HTTP/1.1 200 x\r\nTransfer-Encoding: {request}",
	"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n{request}", "HTTP/{request}", "HTTP/1.1 {request}", "HTTP/1.1 101 x\r\nUpgrade: {request}",
	"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate; {request}",
}

func TestNoSecretIsRepeatedThatAGatewayRepeats(t *testing.T) {
	for _, echo := range echoes {
		synctest.Test(t, func(t *testing.T) {
			var said confessions
			network := resgatetest.NewNetwork()
			rawGateway(t, network, gatewayAddr, func(c net.Conn, _ *bufio.Reader, h handshake) { _, _ = c.Write(h.fill([]byte(echo))) })
			secretClient(t, &said, gatewayAddr, conn.Hooks{}, waitFails(&said), conn.WithNetDial(network.Dial))
			said.check(t, 50)
		})
	}
}

func TestNoSecretIsRepeatedThatAProxyRepeats(t *testing.T) {
	for _, echo := range append(echoes, "HTTP/1.1 407 x\r\n\r\n{request}") {
		synctest.Test(t, func(t *testing.T) {
			var said confessions
			network := resgatetest.NewNetwork()
			rawGateway(t, network, "proxy:3128", func(c net.Conn, _ *bufio.Reader, h handshake) { _, _ = c.Write(h.fill([]byte(echo))) })
			secretClient(t, &said, gatewayAddr, conn.Hooks{}, waitFails(&said), conn.WithNetDial(network.Dial),
				conn.WithProxy(http.ProxyURL(secretProxy)))
			said.check(t, 50)
		})
	}
}

func TestNoSecretIsRepeatedWhenADialFails(t *testing.T) {
	refused := func(scheme string) func(*http.Request) (*url.URL, error) {
		return http.ProxyURL(&url.URL{Scheme: scheme, Host: "proxy:3128", User: secretProxy.User})
	}
	unescaped := "http://u:" + secretPassword + "x y@proxy"
	for name, opt := range map[string]conn.Option{
		"refused":                 conn.WithProxy(nil),
		"proxy refused":           conn.WithProxy(refused("http")),
		"socks proxy refused":     conn.WithProxy(refused("socks5")),
		"proxy of a strange kind": conn.WithProxy(refused("ftp")),
		"proxy without a scheme":  conn.WithProxy(func(*http.Request) (*url.URL, error) { return url.Parse(secretUser + ":" + secretPassword + "@proxy") }),
		"proxy with a bad URL":    conn.WithProxy(func(*http.Request) (*url.URL, error) { return url.Parse(unescaped) }),
		"header that is not allowed": conn.WithHeader(http.Header{
			"Sec-Websocket-Key": {secretHeader}, "Upgrade": {secretHeader}}),
		"header that cannot be sent": conn.WithHeader(http.Header{"X-Token": {secretHeader + "\r\nX: y"}, "Bad name": {secretHeader}}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said confessions
				network := resgatetest.NewNetwork()
				secretClient(t, &said, gatewayAddr, conn.Hooks{}, waitFails(&said), conn.WithNetDial(network.Dial), opt)
				said.check(t, 50)
			})
		})
	}
}

// Frames of a gateway that repeats what it was told, and is not understood. Names are shown, such as
// those of properties, so none of them is a secret here.
func TestNoSecretIsRepeatedFromFramesThatMakeNoSense(t *testing.T) {
	const s = secretContent
	for _, frame := range []string{
		s, `"` + s + `"`, `["` + s + `"]`, `{"id":"` + s + `"}`, `{"event":"` + s + `"}`, `{"event":"a.b","data":` + s + `}`,
		`{"event":"a.b.change","data":{"values":{"v":{"action":"` + s + `"}}}}`, `{"event":"a.b.change","data":{"values":{"v":["` + s + `"]}}}`,
		`{"event":"a.b.change","data":{"values":{"v":{"rid":true,"x":"` + s + `"}}}}`, `{"event":"a.b.change","data":"` + s + `"}`,
		`{"event":"a.b.add","data":{"idx":"` + s + `","value":1}}`, `{"event":"a.b.remove","data":{"idx":"` + s + `"}}`,
		`{"id":18,"result":"` + s + `"}`, `{"id":18,"result":{"models":{"a.b":"` + s + `"}}}`, `{"id":18,"result":{"collections":{"a.b":{"x":"` + s + `"}}}}`,
		`{"id":18,"error":"` + s + `"}`, `{"id":18,"error":{"code":{"x":"` + s + `"}}}`, `{"id":17,"result":{"protocol":["` + s + `"]}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			var said confessions
			network := resgatetest.NewNetwork()
			rawGateway(t, network, gatewayAddr, func(c net.Conn, r *bufio.Reader, h handshake) {
				h.open(c, h.upgrade())
				_, _ = io.WriteString(c, textFrame(frame))
				time.Sleep(time.Millisecond)
				_, _ = io.WriteString(c, "\x88"+string(rune(2+len(s)))+"\x03\xf0"+s) // closes with the secret as the reason
				_ = discard(r)
			})
			secretClient(t, &said, gatewayAddr, conn.Hooks{}, func(c *conn.Client) {
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				if err := c.WaitFor(ctx, state.Connected); err != nil {
					t.Error(err)
				}
				_, err := c.Subscribe(ctx, "a.b")
				said.fail("subscribing", err)
				time.Sleep(3 * time.Second)
				if c.Stats().Generation < 2 {
					t.Error("the connection was not lost")
				}
			}, conn.WithNetDial(network.Dial))
			said.check(t, 50)
		})
	}
}

// A hook that refuses says why in its own words; those of the client have no secret.
func TestNoSecretIsRepeatedWhenTheClientGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said confessions
		w := newWorld(t)
		give := conn.Hooks{Authenticate: func(ctx context.Context, s *conn.Session) error {
			return backoff.Permanent(s.Auth(ctx, "auth", "login", secretParams, nil))
		}}
		secretClient(t, &said, gatewayAddr, give, func(c *conn.Client) {
			w.await(c, state.Closed)
			_, err := c.Subscribe(context.Background(), "a.b")
			said.fail("subscribing", err)
			said.fail("calling", c.Call(context.Background(), "a.b", "m", secretParams, nil))
		}, conn.WithNetDial(w.network.Dial))
		said.check(t, 50)
		if said.count("authenticate: hook: ") == 0 {
			t.Error("nothing says why it gave up")
		}
	})
}

func TestARefusalIsNotFollowedElsewhere(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		synctest.Test(t, func(t *testing.T) {
			network := resgatetest.NewNetwork()
			answer := fmt.Sprintf("HTTP/1.1 %d x\r\nLocation: ws://elsewhere:8080/\r\nContent-Length: 0\r\n\r\n", status)
			rawGateway(t, network, gatewayAddr, func(c net.Conn, _ *bufio.Reader, _ handshake) { _, _ = io.WriteString(c, answer) })
			rawGateway(t, network, "elsewhere:8080", func(_ net.Conn, _ *bufio.Reader, h handshake) { t.Errorf("elsewhere was asked %q", h.text) })
			var said confessions
			secretClient(t, &said, gatewayAddr, conn.Hooks{}, waitFails(&said), conn.WithNetDial(network.Dial))
			if said.count(fmt.Sprint(status)) == 0 {
				t.Errorf("nothing says that the status was %d", status)
			}
		})
	}
}

func TestAnAuthorizationOfTheProgramComesBeforeUserInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		asked := make(chan string, 100)
		rawGateway(t, network, "a:8080", func(_ net.Conn, _ *bufio.Reader, h handshake) { asked <- h.Header.Get("Authorization") })
		hook := conn.Hooks{BeforeDial: func(_ context.Context, a *conn.Attempt) error {
			a.Header.Set("Authorization", "hook, in place of "+a.Header.Get("Authorization"))
			return nil
		}}
		bearer := conn.WithHeader(http.Header{"Authorization": {"Bearer 1"}})
		for _, test := range []struct {
			want string
			opts []conn.Option
		}{
			{"Basic YW5uOjE=", nil},
			{"Bearer 1", []conn.Option{bearer}},
			{"hook, in place of Basic YW5uOjE=", []conn.Option{conn.WithHooks(hook)}},
			{"hook, in place of Bearer 1", []conn.Option{conn.WithHooks(hook), bearer}},
		} {
			c, err := conn.New("ws://ann:1@a:8080", append(test.opts, conn.WithNetDial(network.Dial))...)
			if err != nil {
				t.Fatal(err)
			}
			if got := <-asked; got != test.want {
				t.Errorf("the gateway was asked with %q, want %q", got, test.want)
			}
			c.Close()
			for len(asked) > 0 {
				<-asked
			}
		}
	})
}

func TestTheUserInfoOfAGatewayIsForThatGatewayOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		asked := make(chan string, 100)
		for _, addr := range []string{"a:8080", "b:8080", "c:8080"} {
			rawGateway(t, network, addr, func(c net.Conn, _ *bufio.Reader, h handshake) {
				user, password, _ := h.BasicAuth()
				asked <- addr + " " + user + " " + password
			})
		}
		c, err := conn.New("ws://ann:1@a:8080", conn.WithGateways("ws://bob:2@b:8080", "ws://c:8080"), conn.WithNetDial(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		c.Close()
		close(asked)
		got := map[string]bool{}
		for a := range asked {
			got[a] = true
		}
		if len(got) != 3 || !got["a:8080 ann 1"] || !got["b:8080 bob 2"] || !got["c:8080  "] {
			t.Errorf("the gateways were given %v", got)
		}
	})
}
