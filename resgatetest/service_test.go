package resgatetest_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

// inBubble runs a test with a server, a service and a client that has sent its
// version, all in memory and with a clock of their own.
func inBubble(t *testing.T, test func(t *testing.T, srv *resgatetest.Server, svc *resgatetest.Service, c *client), opts ...resgatetest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		srv := resgatetest.New(append(opts, resgatetest.WithNetwork(n, "gateway:80"))...)
		defer srv.Close()
		c := dialNetwork(t, n, srv)
		defer c.ws.Close()
		c.send(askVersion)
		c.read()
		test(t, srv, srv.Service(), c)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSetModelTellsTheDifference(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("m", map[string]any{"a": 1, "b": "x", "c": true}))
		c.send(`{"id":2,"method":"subscribe.m"}`)
		c.expect(`{"result":{"models":{"m":{"a":1,"b":"x","c":true}}},"id":2}`)
		must(t, svc.SetModel("m", map[string]any{"a": 1, "b": "y", "d": res.SoftRef("n")}))
		c.expect(`{"event":"m.change","data":{"values":{"b":"y","c":{"action":"delete"},"d":{"rid":"n","soft":true}}}}`)
		must(t, svc.SetModel("m", map[string]any{"a": 1, "b": "y", "d": res.SoftRef("n")}))
		must(t, svc.Event("m", "nothing", nil))
		c.expect(`{"event":"m.nothing","data":null}`)
	})
}

func TestSetCollectionTellsTheDifference(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetCollection("l", []any{"a", "b", "c"}))
		c.send(`{"id":2,"method":"subscribe.l"}`)
		c.expect(`{"result":{"collections":{"l":["a","b","c"]}},"id":2}`)
		must(t, svc.SetCollection("l", []any{"x", "a", "c", res.DataValue[[]int]{Data: []int{1}}}))
		c.expect(
			`{"event":"l.remove","data":{"idx":1}}`,
			`{"event":"l.add","data":{"idx":0,"value":"x"}}`,
			`{"event":"l.add","data":{"idx":3,"value":{"data":[1]}}}`,
		)
		must(t, svc.Remove("l", 0))
		must(t, svc.Add("l", 1, res.Ref("l")))
		c.expect(
			`{"event":"l.remove","data":{"idx":0}}`,
			`{"event":"l.add","data":{"idx":1,"value":{"rid":"l"}}}`,
		)
		list, ok := svc.Collection("l")
		if !ok || fmt.Sprint(list) != "[a l c [1]]" {
			t.Errorf("the service has %v, %v", list, ok)
		}
	})
}

func TestResourceBecomesAnotherKind(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("m", nil))
		c.send(`{"id":2,"method":"subscribe.m"}`)
		c.expect(`{"result":{"models":{"m":{}}},"id":2}`)
		must(t, svc.SetCollection("m", nil))
		c.expect(
			`{"event":"m.delete","data":null}`,
			`{"event":"m.unsubscribe","data":{"reason":{"code":"system.deleted","message":"Deleted"}}}`,
		)
		c.send(`{"id":3,"method":"subscribe.m"}`)
		c.expect(`{"result":{"collections":{"m":[]}},"id":3}`)
		must(t, svc.Delete("m"))
		c.read()
		c.read()
		c.send(`{"id":4,"method":"subscribe.m"}`)
		c.expect(`{"error":{"code":"system.notFound","message":"Not found"},"id":4}`)
	})
}

func TestSilentChangeIsToldByAReset(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("test.m", map[string]any{"a": 1}))
		must(t, svc.SetCollection("test.l", []any{1}))
		c.send(`{"id":2,"method":"subscribe.test.m"}`)
		c.send(`{"id":3,"method":"subscribe.test.l"}`)
		c.read()
		c.read()
		must(t, svc.SetModelSilently("test.m", map[string]any{"a": 2}))
		must(t, svc.SetCollectionSilently("test.l", []any{2}))
		must(t, svc.Reset([]string{"test.m"}, nil))
		c.expect(`{"event":"test.m.change","data":{"values":{"a":2}}}`)
		must(t, svc.Reset([]string{"test.>"}, nil))
		c.expect(`{"event":"test.l.remove","data":{"idx":0}}`, `{"event":"test.l.add","data":{"idx":0,"value":2}}`)
		svc.DeleteSilently("test.m")
		must(t, svc.Reset([]string{"test.*"}, nil))
		c.expect(`{"event":"test.m.delete","data":null}`)
	})
}

func TestQueryResourcesHaveTheirOwnEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		svc.NormalizeQuery("books", func(query string) string { return strings.ToLower(query) })
		must(t, svc.SetCollection("books?from=0", []any{"a"}))
		must(t, svc.SetCollection("books?from=1", []any{"b"}))
		c.send(`{"id":2,"method":"subscribe.books?from=0"}`)
		c.expect(`{"result":{"collections":{"books?from=0":["a"]}},"id":2}`)
		c.send(`{"id":3,"method":"subscribe.books?FROM=1"}`)
		c.expect(`{"result":{"collections":{"books?FROM=1":["b"]}},"id":3}`)
		must(t, svc.Add("books?from=1", 0, "c"))
		c.expect(`{"event":"books?FROM=1.add","data":{"idx":0,"value":"c"}}`)
		must(t, svc.SetCollection("books?from=0", []any{"z"}))
		c.expect(`{"event":"books?from=0.remove","data":{"idx":0}}`, `{"event":"books?from=0.add","data":{"idx":0,"value":"z"}}`)
	})
}

func TestFaultsOfTheService(t *testing.T) {
	const model = `{"result":{"models":{"test.m":{"a":1}}},"id":2}`
	subscribe := `{"id":2,"method":"subscribe.test.m"}`
	tests := []struct {
		name  string
		fault func(svc *resgatetest.Service)
		want  string
		after time.Duration
	}{
		{"mute", func(svc *resgatetest.Service) { svc.Mute("test.>") },
			`{"error":{"code":"system.timeout","message":"Request timeout"},"id":2}`, 3 * time.Second},
		{"mute for get only", func(svc *resgatetest.Service) { svc.Mute("test.m", resgatetest.KindGet) },
			`{"error":{"code":"system.timeout","message":"Request timeout"},"id":2}`, 3 * time.Second},
		{"mute elsewhere", func(svc *resgatetest.Service) { svc.Mute("other.>") }, model, 0},
		{"mute for calls", func(svc *resgatetest.Service) { svc.Mute("test.m", resgatetest.KindCall) }, model, 0},
		{"not mute any more", func(svc *resgatetest.Service) { svc.Mute("test.>"); svc.Unmute("test.>") }, model, 0},
		{"away", func(svc *resgatetest.Service) { svc.Leave(">") },
			`{"error":{"code":"system.notFound","message":"Not found"},"id":2}`, 0},
		{"back again", func(svc *resgatetest.Service) { svc.Leave(">"); svc.Join(">") }, model, 0},
		{"slow", func(svc *resgatetest.Service) { svc.Delay("test.m", time.Second) }, model, time.Second},
		{"too slow", func(svc *resgatetest.Service) { svc.Delay("test.m", time.Minute) },
			`{"error":{"code":"system.timeout","message":"Request timeout"},"id":2}`, 3 * time.Second},
		{"not slow any more", func(svc *resgatetest.Service) { svc.Delay("test.m", time.Second); svc.Delay("test.m", 0) }, model, 0},
		{"failing", func(svc *resgatetest.Service) { svc.Fail("test.m", &res.Error{Code: "test.bad", Message: "Bad"}) },
			`{"error":{"code":"test.bad","message":"Bad"},"id":2}`, 0},
		{"not failing any more", func(svc *resgatetest.Service) {
			svc.Fail("test.m", res.ErrNotFound)
			svc.Fail("test.m", nil)
		}, model, 0},
		{"held for a while", func(svc *resgatetest.Service) {
			release, _ := svc.Hold("test.m", resgatetest.KindAccess)
			time.AfterFunc(2*time.Second, release)
		}, model, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
				must(t, svc.SetModel("test.m", map[string]any{"a": 1}))
				tt.fault(svc)
				start := time.Now()
				c.send(subscribe)
				c.expect(tt.want)
				if took := time.Since(start); took != tt.after {
					t.Errorf("the answer came after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

// A get that is denied gives back what an unsubscribe has taken meanwhile, so the gateway
// counts one less than nothing, and has nothing to end.
func TestNoSubscriptionEndsBelowZero(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("p", map[string]any{"m": res.Ref("m")}))
		must(t, svc.SetModel("m", map[string]any{"a": 1}))
		c.send(`{"id":2,"method":"subscribe.p"}`)
		c.expect(`{"result":{"models":{"m":{"a":1},"p":{"m":{"rid":"m"}}}},"id":2}`)
		must(t, svc.HandleAccess("m", func(*resgatetest.Request) (resgatetest.Access, error) { return resgatetest.Access{}, nil }))
		release, err := svc.Hold("m", resgatetest.KindAccess)
		must(t, err)
		c.send(`{"id":3,"method":"get.m"}`)
		c.send(`{"id":4,"method":"unsubscribe.m"}`)
		c.expect(`{"id":4}`)
		release()
		c.expect(`{"error":{"code":"system.accessDenied","message":"Access denied"},"id":3}`)
		must(t, svc.Delete("m"))
		must(t, svc.Event("p", "next", nil))
		c.expect(`{"event":"m.delete","data":null}`, `{"event":"p.next","data":null}`)
	})
}

func TestHandlersAnswerAndFail(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.HandleCall("test.>", "echo", func(r *resgatetest.Request) (any, error) { return r.Params, nil }))
		must(t, svc.HandleCall("test.m", "params", func(r *resgatetest.Request) (any, error) {
			var params struct{ N int }
			return nil, r.ParseParams(&params)
		}))
		must(t, svc.HandleCall("test.m", "own", func(*resgatetest.Request) (any, error) {
			return nil, fmt.Errorf("wrapped: %w", &res.Error{Code: "test.own", Message: "Own", Data: []byte(`{"n":1}`)})
		}))
		must(t, svc.HandleCall("test.m", "other", func(*resgatetest.Request) (any, error) { return nil, errors.New("oops") }))
		must(t, svc.HandleCall("test.m", "long", func(r *resgatetest.Request) (any, error) {
			r.Timeout(time.Minute)
			time.Sleep(30 * time.Second)
			return "done", nil
		}))
		must(t, svc.HandleCall("test.m", "rid", func(r *resgatetest.Request) (any, error) { return r.RID, nil }))
		for _, tt := range []struct{ ask, want string }{
			{`{"id":2,"method":"call.test.x.echo","params":[1]}`, `{"result":{"payload":[1]},"id":2}`},
			{`{"id":2,"method":"call.test.x.echo"}`, `{"result":{"payload":null},"id":2}`},
			{`{"id":2,"method":"call.test.m.params","params":"x"}`, `{"error":{"code":"system.invalidParams","message":"Invalid parameters"},"id":2}`},
			{`{"id":2,"method":"call.test.m.own"}`, `{"error":{"code":"test.own","message":"Own","data":{"n":1}},"id":2}`},
			{`{"id":2,"method":"call.test.m.other"}`, `{"error":{"code":"system.internalError","message":"Internal error: oops"},"id":2}`},
			{`{"id":2,"method":"call.test.m.unknown"}`, `{"error":{"code":"system.methodNotFound","message":"Method not found"},"id":2}`},
			{`{"id":2,"method":"auth.test.m.unknown"}`, `{"error":{"code":"system.methodNotFound","message":"Method not found"},"id":2}`},
			{`{"id":2,"method":"call.test.m.rid"}`, `{"result":{"payload":"test.m"},"id":2}`},
			{`{"id":2,"method":"call.test.m.long"}`, `{"result":{"payload":"done"},"id":2}`},
		} {
			c.send(tt.ask)
			if got := c.readWithin(time.Hour); !sameJSON(got, tt.want) {
				t.Errorf("%s:\ngot  %s\nwant %s", tt.ask, got, tt.want)
			}
		}
	})
}

func TestEventsOfAHandlerComeBeforeItsAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("m", map[string]any{"n": 0}))
		must(t, svc.HandleCall("m", "set", func(r *resgatetest.Request) (any, error) {
			for n := 1; n <= 3; n++ {
				if err := svc.Change("m", map[string]any{"n": n}); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}))
		c.send(`{"id":2,"method":"subscribe.m"}`)
		c.read()
		c.send(`{"id":3,"method":"call.m.set"}`)
		c.expect(
			`{"event":"m.change","data":{"values":{"n":1}}}`,
			`{"event":"m.change","data":{"values":{"n":2}}}`,
			`{"event":"m.change","data":{"values":{"n":3}}}`,
			`{"result":{"payload":null},"id":3}`,
		)
	})
}

func TestAccessIsLostAndTokensAreSet(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *resgatetest.Server, svc *resgatetest.Service, c *client) {
		must(t, svc.SetModel("m", map[string]any{"n": 0}))
		must(t, svc.HandleAccess("m", func(r *resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: string(r.Token) == `"in"`}, nil
		}))
		cid := srv.Connections()[0].CID
		must(t, svc.SetToken(cid, "in", ""))
		synctest.Wait()
		c.send(`{"id":2,"method":"subscribe.m"}`)
		c.expect(`{"result":{"models":{"m":{"n":0}}},"id":2}`)
		must(t, svc.Reaccess("m"))
		must(t, svc.SetToken(cid, nil, ""))
		c.expect(`{"event":"m.unsubscribe","data":{"reason":{"code":"system.accessDenied","message":"Access denied"}}}`)
	})
}

func TestMistakesOfATestAreErrors(t *testing.T) {
	svc := resgatetest.NewService()
	defer svc.Close()
	must(t, svc.SetModel("m", nil))
	must(t, svc.SetCollection("l", nil))
	big := strings.Repeat("x", 1<<20)
	for what, err := range map[string]error{
		"a model with a channel":      svc.SetModel("x", map[string]any{"a": make(chan int)}),
		"a model with a delete":       svc.SetModel("x", map[string]any{"a": res.DeleteAction}),
		"no resource id":              svc.SetModel("a..b", nil),
		"change of nothing":           svc.Change("none", nil),
		"change of a collection":      svc.Change("l", nil),
		"add to a model":              svc.Add("m", 0, 1),
		"add out of bounds":           svc.Add("l", 1, 1),
		"remove out of bounds":        svc.Remove("l", 0),
		"remove from a model":         svc.Remove("m", 0),
		"delete of nothing":           svc.Delete("none"),
		"an event name with a dot":    svc.Event("m", "a.b", nil),
		"a payload that is no JSON":   svc.Event("m", "a", func() {}),
		"an event over 1 MiB":         svc.Change("m", map[string]any{"a": big}),
		"a pattern that is none":      svc.Mute("a*"),
		"a handler for no method":     svc.HandleCall("m", "a.b", nil),
		"a handler for no pattern":    svc.HandleAccess("", nil),
		"a token that is no JSON":     svc.SetToken("x", func() {}, ""),
		"a delay for no pattern":      svc.Delay("a..b", time.Second),
		"an auth handler for nothing": svc.HandleAuth(">.>", "x", nil),
	} {
		if err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	if m, _ := svc.Model("m"); len(m) != 0 {
		t.Errorf("a change that failed was made: %v", m)
	}
	if _, ok := svc.Model("l"); ok {
		t.Error("a collection is taken for a model")
	}
}

func TestTwoGatewaysShareAService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		svc := resgatetest.NewService()
		defer svc.Close()
		must(t, svc.SetModel("news.today", map[string]any{"headline": "Rain"}))
		var clients []*client
		for _, addr := range []string{"a:80", "b:80"} {
			srv := resgatetest.New(resgatetest.WithNetwork(n, addr), resgatetest.WithService(svc))
			defer srv.Close()
			c := dialNetwork(t, n, srv)
			defer c.ws.Close()
			subscribed(c)
			clients = append(clients, c)
		}
		must(t, svc.Change("news.today", map[string]any{"headline": "Sun"}))
		for _, c := range clients {
			c.expect(`{"event":"news.today.change","data":{"values":{"headline":"Sun"}}}`)
		}
	})
}

func TestHandshakeIsAuthenticatedByTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		srv := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"), resgatetest.WithHeaderAuth("login.header"))
		defer srv.Close()
		must(t, srv.Service().HandleAuth("login", "header", func(r *resgatetest.Request) (any, error) {
			if !r.IsHTTP || r.Header.Get("Authorization") != "secret" {
				r.SetMeta(http.StatusUnauthorized, nil)
				return nil, res.ErrAccessDenied
			}
			r.SetMeta(0, http.Header{"x-user": {"ann"}})
			return nil, r.SetToken("ann")
		}))
		d := &websocket.Dialer{NetDialContext: n.Dial}
		if _, resp, err := d.Dial(srv.URL(), nil); err == nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("without the secret: %v, %v", resp, err)
		}
		ws, resp, err := d.Dial(srv.URL(), http.Header{"Authorization": {"secret"}})
		if err != nil || resp.Header.Get("X-User") != "ann" {
			t.Fatalf("with the secret: %v, %v", resp, err)
		}
		ws.Close()
	})
}

func TestFramesAndRequestsCanBeWatched(t *testing.T) {
	frames := make(chan resgatetest.Frame, 100)
	srv := newsServer(t, resgatetest.WithFrames(func(f resgatetest.Frame) { frames <- f }))
	c := dial(t, srv)
	subscribed(c)
	var got []string
	for range 4 {
		f := <-frames
		got = append(got, fmt.Sprintf("%d %s %s", f.Conn, f.Direction, f.Data))
	}
	slices.Sort(got)
	want := []string{
		"1 from client " + askVersion, "1 from client " + askSubscribe,
		"1 to client " + gotVersion, "1 to client " + gotSubscribe,
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("watched %q", got)
	}
	if n := srv.Requests(); n["version"] != 1 || n["subscribe"] != 1 || len(n) != 2 {
		t.Errorf("requests: %v", n)
	}
	info := srv.Connections()
	if len(info) != 1 || info[0].Subscriptions["news.today"] != 1 || info[0].Protocol != "1.2.3" || info[0].RemoteAddr != c.ws.LocalAddr().String() {
		t.Errorf("connections: %+v", info)
	}
}
