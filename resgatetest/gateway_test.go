package resgatetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestStoppingGatewayAnswersHandshakesWithNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		must(t, srv.BeginStop())
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v", err)
		}
		if _, err := dial(srv); !errors.Is(err, websocket.ErrBadHandshake) {
			t.Errorf("dialling a stopping gateway: %v", err)
		}
		must(t, srv.Stop())
		must(t, srv.Restart())
		subscribed(mustDial(t, dial, srv))
	})
}

func TestStoppingGatewaySays200(t *testing.T) {
	srv := newsServer(t)
	must(t, srv.BeginStop())
	_, resp, err := websocket.DefaultDialer.Dial(srv.URL(), nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", resp, err)
	}
	if body, _ := io.ReadAll(resp.Body); len(body) > 0 {
		t.Errorf("the body is %q", body)
	}
}

func TestDroppedConnectionLeavesTheGatewayRunning(t *testing.T) {
	everywhere(t, func(t *testing.T, dial func(*resgatetest.Server) (*client, error), opts ...resgatetest.Option) {
		srv := newsServer(t, opts...)
		c := mustDial(t, dial, srv)
		subscribed(c)
		must(t, srv.Drop())
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v", err)
		}
		subscribed(mustDial(t, dial, srv))
	})
}

func TestMethodsSayWhatIsWrong(t *testing.T) {
	srv, err := resgatetest.NewUnstarted()
	must(t, err)
	defer srv.Close()
	if err := srv.Kill(); !errors.Is(err, resgatetest.ErrNotRunning) {
		t.Errorf("killing before the start: %v", err)
	}
	if srv.Done() != nil || srv.Running() {
		t.Error("it runs before the start")
	}
	must(t, srv.Start())
	if err := srv.Restart(); !errors.Is(err, resgatetest.ErrRunning) {
		t.Errorf("restarting while it runs: %v", err)
	}
	must(t, srv.Freeze())
	must(t, srv.Freeze())
	if err := srv.Stop(); !errors.Is(err, resgatetest.ErrFrozen) {
		t.Errorf("stopping while frozen: %v", err)
	}
	if !srv.Running() {
		t.Error("a frozen gateway does not run")
	}
	must(t, srv.Thaw())
	must(t, srv.Stop())
	<-srv.Done()
	for name, f := range map[string]func() error{
		"stop": srv.Stop, "begin stop": srv.BeginStop, "freeze": srv.Freeze, "thaw": srv.Thaw, "drop": srv.Drop,
	} {
		if err := f(); !errors.Is(err, resgatetest.ErrNotRunning) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
	must(t, srv.Close())
	must(t, srv.Close())
	if err := srv.Restart(); !errors.Is(err, resgatetest.ErrClosed) {
		t.Errorf("restarting after close: %v", err)
	}
	if srv.Connections() != nil {
		t.Error("a closed server has connections")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opt := range map[string]resgatetest.Option{
		"path":        resgatetest.WithPath("ws"),
		"timeout":     resgatetest.WithTimeout(0),
		"legacy":      resgatetest.WithLegacy("1.2"),
		"future":      resgatetest.WithLegacy("1.3.0"),
		"header auth": resgatetest.WithHeaderAuth("login"),
		"bus":         resgatetest.WithBus(nil),
		"bus dialer":  resgatetest.WithBusDialer(nil),
		"service":     resgatetest.WithService(nil),
	} {
		if _, err := resgatetest.NewUnstarted(opt); err == nil {
			t.Errorf("%s: nonsense is taken", name)
		}
	}
}

func TestAddressInUseIsAnError(t *testing.T) {
	srv := newsServer(t)
	other, err := resgatetest.NewUnstarted(resgatetest.WithAddr(srv.Addr()))
	must(t, err)
	defer other.Close()
	if err := other.Start(); err == nil {
		t.Error("two servers have one address")
	}
}

func TestARestartWaitsAMomentForItsAddress(t *testing.T) {
	for _, test := range []struct {
		taken time.Duration
		works bool
	}{{time.Second, true}, {time.Minute, false}} {
		inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
			srv := newsServer(t, resgatetest.WithNetwork(n, "gateway:80"))
			must(t, srv.Kill())
			other, err := n.Listen("gateway:80")
			must(t, err)
			time.AfterFunc(test.taken, func() { other.Close() })
			if err := srv.Restart(); (err == nil) != test.works || !test.works && !errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("with an address that is taken for %v: %v", test.taken, err)
			}
			time.Sleep(test.taken)
		})
	}
}

func TestGatewayEndsWithItsBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		var buses []*scriptBus
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"), resgatetest.WithBusDialer(func() (resgatetest.Bus, error) {
			b := newScriptBus(func(string) bool { return true })
			buses = append(buses, b)
			return closingBus{b}, nil
		}))
		defer srv.Close()
		c := dialNetwork(t, n, srv)
		c.send(askVersion)
		c.expect(gotVersion)
		c.send(askSubscribe)
		synctest.Wait()
		buses[0].lose()
		<-srv.Done()
		if err := c.end(); !endOfStream(err) {
			t.Errorf("the connection ends with %v", err)
		}
		must(t, srv.Restart())
		if len(buses) != 2 {
			t.Errorf("%d buses were dialled", len(buses))
		}
		c.ws.Close()
	})
}

// closingBus belongs to the gateway, which closes it.
type closingBus struct{ *scriptBus }

func (b closingBus) Close() error {
	b.close()
	return nil
}

func TestOlderGatewayDoesNotKnowVersion(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"), resgatetest.WithLegacy("1.1.1"))
		defer srv.Close()
		svc := srv.Service()
		must(t, svc.SetModel("m", map[string]any{"s": res.SoftRef("soft"), "d": []int{1}}))
		must(t, svc.HandleCall("m", "get", func(*resgatetest.Request) (any, error) { return "bare", nil }))
		c := dialNetwork(t, n, srv)
		defer c.ws.Close()
		c.send(askVersion)
		c.expect(`{"error":{"code":"system.invalidRequest","message":"Invalid request"},"id":1}`)
		c.send(`{"id":2,"method":"subscribe.m"}`)
		c.expect(`{"result":{"models":{"m":{"s":"soft","d":"[Data]"}}},"id":2}`)
		c.send(`{"id":3,"method":"subscribe.m"}`)
		c.expect(`{"result":{},"id":3}`)
		c.send(`{"id":4,"method":"unsubscribe.m","params":{"count":2}}`)
		c.expect(`{"id":4}`)
		c.send(`{"id":5,"method":"call.m.get"}`)
		c.expect(`{"result":"bare","id":5}`)
		if n := srv.Connections()[0].Subscriptions["m"]; n != 1 {
			t.Errorf("%d subscriptions are left, want 1: the count is not looked at", n)
		}
	})
}

func TestOlderGatewayNamesItsProtocol(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *resgatetest.Server, _ *resgatetest.Service, c *client) {
		c.send(askVersion)
		c.expect(`{"result":{"protocol":"1.2.1"},"id":1}`)
		if p := srv.Connections()[0].Protocol; p != "1.2.1" {
			t.Errorf("the connection has protocol %s", p)
		}
	}, resgatetest.WithLegacy("1.2.1"))
}

func TestRidsThatNATSDoesNotTakeEndTheGateway(t *testing.T) {
	inNetwork(t, func(t *testing.T, n *resgatetest.Network) {
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"))
		defer srv.Close()
		for size := 4050; size <= 4095; size++ {
			if !srv.Running() {
				must(t, srv.Restart())
			}
			rid := "test." + strings.Repeat("x", size-len("test."))
			c := dialNetwork(t, n, srv)
			c.send(`{"id":2,"method":"subscribe.` + rid + `"}`)
			synctest.Wait()
			deadly := size >= 4057 && size <= 4063 || size >= 4086 && size <= 4088
			if srv.Running() == deadly {
				t.Errorf("with a rid of %d bytes the gateway runs: %v", size, srv.Running())
			}
			if !deadly {
				want := `{"error":{"code":"system.notFound","message":"Not found"},"id":2}`
				if size >= 4064 {
					want = `{"error":{"code":"system.subjectTooLong","message":"Subject too long"},"id":2}`
				}
				c.expect(want)
			}
			c.ws.Close()
		}
	})
}

func TestTLSConnectionsDieWithoutAWord(t *testing.T) {
	cert := selfSigned(t)
	srv := newsServer(t, resgatetest.WithTLS(&tls.Config{Certificates: []tls.Certificate{cert}}))
	if !strings.HasPrefix(srv.URL(), "wss://") {
		t.Errorf("the URL is %s", srv.URL())
	}
	d := &websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	c := dialWith(t, d, srv)
	subscribed(c)
	must(t, srv.Kill())
	if err := c.end(); !endOfStream(err) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the connection ends with %v", err)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestCompressionIsAgreedOnlyWhenAskedFor(t *testing.T) {
	for _, tt := range []struct {
		opts []resgatetest.Option
		want string
	}{
		{nil, ""},
		{[]resgatetest.Option{resgatetest.WithCompression()}, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	} {
		srv := newsServer(t, tt.opts...)
		d := &websocket.Dialer{EnableCompression: true}
		ws, resp, err := d.Dial(srv.URL(), nil)
		must(t, err)
		if got := resp.Header.Get("Sec-Websocket-Extensions"); got != tt.want {
			t.Errorf("the extension is %q, want %q", got, tt.want)
		}
		subscribed(&client{t: t, ws: ws})
		ws.Close()
	}
}

// Kill, restart, freeze and thaw come from several goroutines while clients
// come and go: nothing hangs, nothing is left, no data race.
func TestFaultsUnderLoad(t *testing.T) {
	srv := newsServer(t)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ws, _, err := (&websocket.Dialer{HandshakeTimeout: 50 * time.Millisecond}).Dial(srv.URL(), nil)
				if err != nil {
					continue
				}
				ws.WriteMessage(websocket.TextMessage, []byte(askVersion))
				for id := range 50 {
					ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"id":%d,"method":"subscribe.news.today"}`, id))
				}
				ws.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				for err == nil {
					_, _, err = ws.ReadMessage()
				}
				ws.Close()
			}
		})
	}
	svc := srv.Service()
	for i := range 60 {
		svc.Change("news.today", map[string]any{"headline": i})
		switch i % 6 {
		case 0:
			srv.Freeze()
		case 1:
			srv.Thaw()
		case 2:
			srv.Kill()
		case 3, 5:
			srv.Restart()
		case 4:
			srv.Stop()
		}
		srv.Connections()
		<-time.After(2 * time.Millisecond)
	}
	close(stop)
	clients.Wait()
	must(t, srv.Close())
}
