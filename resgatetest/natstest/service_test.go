package natstest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// serve puts an in-memory service on the NATS server.
func serve(t *testing.T, ns *natstest.Server, svc *resgatetest.Service) (stop func()) {
	t.Helper()
	stop, err := natstest.Serve(connect(t, ns), svc.Bus())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return stop
}

func newService(t *testing.T) *resgatetest.Service {
	t.Helper()
	svc := resgatetest.NewService()
	t.Cleanup(func() { must(t, svc.Close) })
	return svc
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestServedServiceIsTheSameAsInMemory(t *testing.T) {
	ns := startNATS(t)
	svc := newService(t)
	check(t,
		svc.SetModel("test.model", map[string]any{"v": 1}),
		svc.SetCollection("test.list", []any{"a", res.Ref("test.model")}),
		svc.HandleCall("test.model", "run", func(r *resgatetest.Request) (any, error) {
			r.Timeout(time.Minute)
			for v := 2; v < 100; v++ {
				check(t, svc.Change("test.model", map[string]any{"v": v}))
			}
			return map[string]any{"params": r.Params}, nil
		}),
		svc.HandleAuth("auth.user", "login", func(r *resgatetest.Request) (any, error) {
			return nil, r.SetToken("user")
		}),
		svc.HandleAccess("test.secret", func(r *resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: string(r.Token) == `"user"`}, nil
		}),
		svc.SetModel("test.secret", map[string]any{"s": "x"}))
	serve(t, ns, svc)
	c := dial(t, start(t, ns))

	c.send("subscribe.test.list", "null")
	c.want(`{"result":{"models":{"test.model":{"v":1}},"collections":{"test.list":["a",{"rid":"test.model"}]}},"id":2}`)
	c.send("call.test.model.run", `[true]`)
	for v := 2; v < 100; v++ {
		c.want(changed(v))
	}
	c.want(`{"result":{"payload":{"params":[true]}},"id":3}`)
	check(t, svc.Add("test.list", 0, "new"), svc.Remove("test.list", 1), svc.Event("test.list", "ping", 1))
	c.want(`{"event":"test.list.add","data":{"idx":0,"value":"new"}}`,
		`{"event":"test.list.remove","data":{"idx":1}}`,
		`{"event":"test.list.ping","data":1}`)
	list, _ := svc.Collection("test.list")
	if got := fmt.Sprint(list); got != "[new test.model]" {
		t.Errorf("the service has %v, want [new test.model]", got)
	}

	c.send("subscribe.test.secret", "null")
	c.wantError("system.accessDenied")
	c.send("auth.auth.user.login", "null")
	c.want(`{"result":{"payload":null},"id":5}`)
	c.send("subscribe.test.secret", "null")
	c.want(`{"result":{"models":{"test.secret":{"s":"x"}}},"id":6}`)
	c.send("subscribe.test.none", "null")
	c.wantError("system.notFound")
}

func TestServedServiceFailsAsInMemory(t *testing.T) {
	ns := startNATS(t)
	svc := newService(t)
	check(t, svc.Mute("test.mute"), svc.Leave("test.away"),
		svc.SetModel("test.away", nil), svc.SetModel("test.mute", nil))
	serve(t, ns, svc)
	c := dial(t, start(t, ns))
	c.send("call.test.away.run", "null")
	c.wantError("system.notFound")
	c = dial(t, start(t, ns, natstest.WithTimeout(time.Millisecond)))
	c.send("subscribe.test.mute", "null")
	c.wantError("system.timeout")
}

func TestServiceThatComesBackBringsGatewaysUpToDate(t *testing.T) {
	ns := startNATS(t)
	svc := newService(t)
	check(t, svc.SetModel("test.model", map[string]any{"v": 1}))
	stop := serve(t, ns, svc)
	c := dial(t, start(t, ns))
	c.send("subscribe.test.model", "null")
	c.want(model)

	stop()
	c.send("call.test.model.set", "null")
	c.wantError("system.notFound")
	check(t, svc.Change("test.model", map[string]any{"v": 2})) // nobody hears it
	serve(t, ns, svc)
	c.want(changed(2))
}

func TestServedQueryResource(t *testing.T) {
	ns := startNATS(t)
	svc := newService(t)
	svc.NormalizeQuery("test.model", func(string) string { return "q=1" })
	check(t, svc.SetModel("test.model?q=1", map[string]any{"v": 1}))
	serve(t, ns, svc)
	c := dial(t, start(t, ns))
	c.send("subscribe.test.model?q=one", "null")
	c.want(`{"result":{"models":{"test.model?q=one":{"v":1}}},"id":2}`)
	check(t, svc.Change("test.model?q=1", map[string]any{"v": 2}))
	c.want(`{"event":"test.model?q=one.change","data":{"values":{"v":2}}}`)
}
