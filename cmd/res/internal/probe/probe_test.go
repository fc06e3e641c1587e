package probe_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/cmd/res/internal/probe"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestARouteIsReadFromAURL(t *testing.T) {
	for _, test := range []struct {
		url     string
		address string
		secure  bool
		auth    string
	}{
		{"ws://a", "a:80", false, ""},
		{"wss://a/path?q", "a:443", true, ""},
		{"ws://a:8080", "a:8080", false, ""},
		{"wss://[::1]:8443", "[::1]:8443", true, ""},
		{"ws://user:password@a", "a:80", false, "Basic dXNlcjpwYXNzd29yZA=="},
	} {
		r, err := probe.NewRoute(test.url, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if r.Address() != test.address || r.Secure() != test.secure || r.Header.Get("Authorization") != test.auth {
			t.Errorf("%s leads to %s, secure %t, with Authorization %q; want %s, %t and %q",
				test.url, r.Address(), r.Secure(), r.Header.Get("Authorization"), test.address, test.secure, test.auth)
		}
		if r.URL.User != nil {
			t.Errorf("%s: the user info is still in the URL", test.url)
		}
	}
}

func TestWhatIsNoGatewaysURLIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, test := range []struct{ url, want string }{
		{"http://hunter2@a", "ws://"},
		{"hunter2", "ws://"},
		{"ws://", "no host"},
		{"ws://user:hunter2%@a", "no URL"},
		{"ws://a:port", "no URL"},
	} {
		_, err := probe.NewRoute(test.url, nil, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: error is %v, want one with %q and no secret", test.url, err, test.want)
		}
	}
}

func TestAnAuthorizationHeaderGoesBeforeUserInfo(t *testing.T) {
	given := http.Header{"Authorization": {"Bearer x"}}
	r, err := probe.NewRoute("ws://user:password@a", given, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer x" {
		t.Errorf("Authorization is %q, want the one that was given", got)
	}
	r.Header.Set("Authorization", "other")
	if given.Get("Authorization") != "Bearer x" {
		t.Error("the header that was given has changed")
	}
}

func TestALinkAsksAndPings(t *testing.T) {
	for _, test := range []struct {
		name       string
		protocol   string
		compressed bool
		opts       []resgatetest.Option
	}{
		{"a gateway", probe.Protocol, false, nil},
		{"one that compresses", probe.Protocol, true, []resgatetest.Option{resgatetest.WithCompression()}},
		{"one from before versions", probe.LegacyProtocol, false, []resgatetest.Option{resgatetest.WithLegacy("1.1.1")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			link := open(t, resgatetest.New(test.opts...))
			for range 2 {
				protocol, took, err := link.Version(t.Context())
				if err != nil || protocol != test.protocol || took <= 0 {
					t.Errorf("it speaks %q, as it said after %v, with error %v; want %q", protocol, took, err, test.protocol)
				}
			}
			if took, err := link.Ping(t.Context()); err != nil || took <= 0 {
				t.Errorf("it answers a ping after %v with error %v", took, err)
			}
			if link.Compressed() != test.compressed {
				t.Errorf("it compresses: %t, want %t", link.Compressed(), test.compressed)
			}
		})
	}
}

func TestALinkLogsIn(t *testing.T) {
	gateway := resgatetest.New()
	err := gateway.Service().HandleAuth("auth", "login", func(r *resgatetest.Request) (any, error) {
		if string(r.Params) != `{"password":"sesame"}` {
			return nil, res.ErrAccessDenied
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	link := open(t, gateway)
	if _, err := link.Auth(t.Context(), "auth", "login", []byte(`{"password":"sesame"}`)); err != nil {
		t.Errorf("the right password: %v", err)
	}
	if _, err := link.Auth(t.Context(), "auth", "login", []byte(`{"password":"open"}`)); !errors.Is(err, res.ErrAccessDenied) {
		t.Errorf("the wrong password: %v, want %v", err, res.ErrAccessDenied)
	}
	if _, err := link.Auth(t.Context(), "auth", "nothing", nil); err == nil {
		t.Error("a method that does not exist: no error")
	}
}

func TestAFrozenGatewayEndsWithTheContext(t *testing.T) {
	gateway := resgatetest.New()
	link := open(t, gateway)
	if err := gateway.Freeze(); err != nil {
		t.Fatal(err)
	}
	route := routeTo(t, gateway.URL(), nil)
	for name, do := range map[string]func(context.Context) error{
		"a version request": func(ctx context.Context) error { _, _, err := link.Version(ctx); return err },
		"a ping":            func(ctx context.Context) error { _, err := link.Ping(ctx); return err },
		"opening another":   func(ctx context.Context) error { _, err := route.Open(ctx); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := do(ctx)
		cancel()
		if timeout := net.Error(nil); !errors.Is(err, context.DeadlineExceeded) && !(errors.As(err, &timeout) && timeout.Timeout()) {
			t.Errorf("%s: error is %v, want that the time is over", name, err)
		}
	}
}

func TestAnAnswerThatIsNoWebSocketIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte(strings.Repeat("x", 5000)))
	}))
	defer server.Close()
	route := routeTo(t, strings.Replace(server.URL, "http", "ws", 1), nil)
	_, err := route.Open(t.Context())
	refused, ok := errors.AsType[*probe.RefusedError](err)
	if !ok {
		t.Fatalf("error is %v, want that it was refused", err)
	}
	if refused.Status != http.StatusTeapot || len(refused.Body) != 1024 || refused.Proxy != "" || refused.Gateway != route.Address() {
		t.Errorf("refused with status %d, %d bytes, proxy %q and gateway %q", refused.Status, len(refused.Body), refused.Proxy, refused.Gateway)
	}
	if strings.Contains(err.Error(), "xxx") {
		t.Errorf("the error %q repeats the answer", err)
	}
}

func TestAnAnswerThatIsNoHTTPIsNotRepeated(t *testing.T) {
	for answer, want := range map[string]string{
		"INFO {\"token\":\"hunter2\"}\r\n\r\n":           "not HTTP",
		"HTTP/1.1 hunter2\r\n\r\n":                       "not HTTP",
		"HTTP/1.1 101 Fine\r\nAuthorization hunter2\r\n": "not HTTP",
		"HTTP/1.1 101 hunter2":                           "EOF",
		"":                                               "EOF",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, answer)
		}()
		_, err = routeTo(t, "ws://"+l.Addr().String(), nil).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("answered with %q, the error is %v, want %s", answer, err, want)
		}
		l.Close()
		<-done
	}
}

func TestTheStepsBelowTheWebSocketStandAlone(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	trusted := &tls.Config{RootCAs: x509.NewCertPool()}
	trusted.RootCAs.AddCert(server.Certificate())
	route := routeTo(t, strings.Replace(server.URL, "https", "wss", 1), trusted)

	if addresses, err := probe.Resolve(t.Context(), "127.0.0.1"); err != nil || len(addresses) != 1 || addresses[0] != "127.0.0.1" {
		t.Errorf("127.0.0.1 is %v, with error %v", addresses, err)
	}
	if _, err := route.Connect(t.Context(), route.Address()); err != nil {
		t.Errorf("TCP: %v", err)
	}
	if _, err := route.Tunnel(t.Context()); err != nil {
		t.Errorf("without a proxy a tunnel is a connection: %v", err)
	}
	state, err := route.Handshake(t.Context())
	if err != nil || state.Version != tls.VersionTLS13 || len(state.PeerCertificates) == 0 {
		t.Errorf("TLS: version %x, %d certificates, error %v", state.Version, len(state.PeerCertificates), err)
	}
	stranger := routeTo(t, route.URL.String(), nil)
	if _, err := stranger.Handshake(t.Context()); !errors.As(err, new(x509.UnknownAuthorityError)) {
		t.Errorf("TLS with an authority that is not trusted: %v", err)
	}
	server.Close()
	if _, err := route.Connect(t.Context(), route.Address()); err == nil {
		t.Error("TCP to where nobody listens: no error")
	}
}

func TestAProxyIsAskedToConnect(t *testing.T) {
	proxy := &url.URL{Scheme: "http", Host: "proxy:3128", User: url.UserPassword("user", "password")}
	for _, test := range []struct {
		name, answer string
		status       int
		works        bool
	}{
		{"connects", "HTTP/1.1 200 OK\r\n\r\n", 0, true},
		{"connects, in its own words", "HTTP/1.0 299 fine\r\nVia: me\r\n\r\n", 0, true},
		{"refuses without a reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, false},
		{"wants a password", "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 407, false},
		{"ends the connection", "", 0, false},
		{"is none", "SSH-2.0-OpenSSH\r\n\r\n", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			asked := make(chan *http.Request, 1)
			go func() {
				defer theirs.Close()
				request, err := http.ReadRequest(bufio.NewReader(theirs))
				if err != nil {
					t.Error(err)
				}
				asked <- request
				theirs.Write([]byte(test.answer))
			}()
			err := probe.Ask(t.Context(), ours, proxy, "gateway:8080")
			ours.Close()
			request := <-asked
			if request.Method != http.MethodConnect || request.Host != "gateway:8080" || request.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNzd29yZA==" {
				t.Errorf("it was asked to %s %s with %v", request.Method, request.Host, request.Header)
			}
			if (err == nil) != test.works {
				t.Fatalf("error is %v; it works: %t", err, test.works)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), "http://proxy:3128") || strings.Contains(err.Error(), "password") {
				t.Errorf("error %q, want the proxy named without its password", err)
			}
			if refused, ok := errors.AsType[*probe.RefusedError](err); ok != (test.status != 0) || ok && refused.Status != test.status {
				t.Errorf("error is %#v, want status %d", err, test.status)
			}
		})
	}
}

func TestAProxyThatDoesNotAnswerEndsWithTheContext(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	defer ours.Close()
	go http.ReadRequest(bufio.NewReader(theirs))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := probe.Ask(ctx, ours, &url.URL{Scheme: "http", Host: "proxy"}, "gateway:80"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want %v", err, context.DeadlineExceeded)
	}
}

func TestAProxyListensWhereItsURLSays(t *testing.T) {
	for text, want := range map[string]string{
		"http://proxy": "proxy:80", "socks5://proxy": "proxy:1080", "http://proxy:3128": "proxy:3128", "http://[::1]": "[::1]:80",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := probe.HostPort(u); got != want {
			t.Errorf("%s listens at %s, want %s", text, got, want)
		}
	}
}

// open opens a link to a gateway. Both are closed with the test.
func open(t *testing.T, gateway *resgatetest.Server) *probe.Link {
	t.Helper()
	t.Cleanup(func() { gateway.Close() })
	link, err := routeTo(t, gateway.URL(), nil).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close() })
	return link
}

func routeTo(t *testing.T, rawURL string, cfg *tls.Config) *probe.Route {
	t.Helper()
	route, err := probe.NewRoute(rawURL, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return route
}
