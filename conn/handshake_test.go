package conn_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// refusingGateway answers every handshake with what answer writes.
func refusingGateway(t *testing.T, network *resgatetest.Network, answer http.HandlerFunc) {
	t.Helper()
	l, err := network.Listen(gatewayAddr)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

func TestARefusedHandshakeIsToldWithStatusHeaderAndBody(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusFound, http.StatusOK} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := resgatetest.NewNetwork()
				asked := 0
				refusingGateway(t, network, func(rw http.ResponseWriter, r *http.Request) {
					asked++
					rw.Header().Set("X-Echo", r.Header.Get("Authorization"))
					rw.Header().Set("Location", "http://elsewhere:8080/") // which is not followed
					rw.WriteHeader(status)
					if status != http.StatusOK { // a gateway that is stopping says nothing more
						fmt.Fprint(rw, "no good: "+r.Header.Get("Authorization")+strings.Repeat("x", 2000))
					}
				})
				var seen transitions
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				_, err := conn.Dial(ctx, "ws://"+gatewayAddr, conn.WithNetDial(network.Dial),
					conn.WithHeader(http.Header{"Authorization": {"Bearer secret"}}), conn.WithHooks(conn.Hooks{Transition: seen.hook}))
				synctest.Wait()
				for what, err := range map[string]error{"Dial": err, "the transition": seen.all()[1].Cause} {
					var refused *conn.HandshakeError
					if !errors.As(err, &refused) {
						t.Fatalf("%s says %v, want a handshake error", what, err)
					}
					if refused.Status != status || refused.Header.Get("X-Echo") != "Bearer secret" || refused.Gateway != "ws://"+gatewayAddr {
						t.Errorf("%s has %+v, want status %d and the header", what, *refused, status)
					}
					if wantBody := status != http.StatusOK; wantBody != strings.HasPrefix(string(refused.Body), "no good: Bearer") || len(refused.Body) > 1024 {
						t.Errorf("%s has the body %q, want its first kilobyte", what, refused.Body)
					}
					if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, fmt.Sprint(status)) {
						t.Errorf("%s is %q, want the status and no secret", what, text)
					}
				}
				if asked < 2 {
					t.Errorf("tried %d times within 3 s, want that it goes on trying", asked)
				}
			})
		})
	}
}

func TestAGatewayThatIsStoppingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.BeginStop())
		var seen transitions
		c := w.client(conn.WithHooks(conn.Hooks{Transition: seen.hook}))
		time.Sleep(time.Second)
		w.must(w.gateway.Stop())
		w.must(w.gateway.Restart())
		w.await(c, state.Connected)
		var refused *conn.HandshakeError
		if cause := seen.all()[1].Cause; !errors.As(cause, &refused) || refused.Status != http.StatusOK {
			t.Errorf("the first attempt met %v, want the empty 200 of a gateway that is stopping", cause)
		}
	})
}

func TestDialFailedMakesARefusalFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		status := http.StatusServiceUnavailable
		refusingGateway(t, network, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status) })
		var judged []int
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithHooks(conn.Hooks{
			DialFailed: func(_ context.Context, err error) error {
				var refused *conn.HandshakeError
				if !errors.As(err, &refused) {
					t.Errorf("the hook is given %v", err)
					return nil
				}
				judged = append(judged, refused.Status)
				if len(judged) == 3 {
					status = http.StatusUnauthorized
				}
				if refused.Status == http.StatusUnauthorized {
					return backoff.Permanent(err)
				}
				return nil
			},
		}))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.WaitFor(context.Background(), state.Connected)
		var refused *conn.HandshakeError
		if !errors.Is(err, conn.ErrClosed) || !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
			t.Errorf("got %v, want closed because of status 401", err)
		}
		if fmt.Sprint(judged) != "[503 503 503 401]" {
			t.Errorf("judged %v, want three refusals that are tried again and one that is final", judged)
		}
	})
}

func TestDialFailedThatDoesNotReturnIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		c, err := conn.New("ws://"+gatewayAddr, conn.WithNetDial(network.Dial), conn.WithDialTimeout(time.Second),
			conn.WithHooks(conn.Hooks{DialFailed: func(ctx context.Context, _ error) error {
				<-ctx.Done()
				time.Sleep(time.Minute)
				return backoff.Permanent(errors.New("too late"))
			}}))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if s := c.Stats(); s.State != state.Dialing || s.Generation < 4 {
			t.Errorf("%v after %d dials, want that it goes on", s.State, s.Generation)
		}
		c.Close()
		<-c.Done()
	})
}

func TestCookiesAreKeptFromOneHandshakeToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, resgatetest.WithHeaderAuth("auth.session.cookie"))
		var got []string
		w.must(w.service.HandleAuth("auth.session", "cookie", func(r *resgatetest.Request) (any, error) {
			got = append(got, r.Header.Get("Cookie"))
			r.SetMeta(0, http.Header{"Set-Cookie": {fmt.Sprintf("visit=%d; Path=/", len(got))}})
			return nil, nil
		}))
		jar, err := cookiejar.New(nil)
		w.must(err)
		c := w.connected(conn.WithCookieJar(jar))
		c.Reconnect()
		w.await(c, state.Connected)
		if fmt.Sprint(got) != "[ visit=1]" {
			t.Errorf("the handshakes had the cookies %q, want none and the one that was set", got)
		}
	})
}

func TestCompressionIsOffered(t *testing.T) {
	for _, test := range []struct {
		name            string
		gateway, client bool
	}{{"both", true, true}, {"only the client", false, true}, {"only the gateway", true, false}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var gatewayOpts []resgatetest.Option
				var clientOpts []conn.Option
				if test.gateway {
					gatewayOpts = append(gatewayOpts, resgatetest.WithCompression())
				}
				if test.client {
					clientOpts = append(clientOpts, conn.WithCompression())
				}
				w := newWorld(t, gatewayOpts...)
				w.must(w.service.SetModel("a.b", map[string]any{"text": strings.Repeat("again and again ", 10_000)}))
				read := &counting{dial: w.network.Dial}
				c := w.connected(append(clientOpts, conn.WithNetDial(read.connect))...)
				w.subscribe(c, "a.b")
				if compressed := read.bytes.Load() < 20_000; compressed != (test.gateway && test.client) {
					t.Errorf("%d bytes came for a model of 160,000", read.bytes.Load())
				}
			})
		})
	}
}
