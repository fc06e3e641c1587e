package resgatetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"syscall"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

func ok(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// dialClient connects a client to a gateway of the example's.
func dialClient(gateway *resgatetest.Server, opts ...conn.Option) *conn.Client {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := conn.Dial(ctx, gateway.URL(), opts...)
	ok(err)
	return c
}

func ExampleNew() {
	gateway := resgatetest.New() // listens on a free port of 127.0.0.1
	defer gateway.Close()
	ok(gateway.Service().SetModel("news.today", map[string]any{"headline": "Rain"}))

	c := dialClient(gateway)
	defer c.Close()
	r, err := c.Get(context.Background(), "news.today")
	fmt.Println(r, err)
	// Output: {"headline":"Rain"} <nil>
}

func ExampleServer_Kill() {
	gateway := resgatetest.New()
	defer gateway.Close()
	c := dialClient(gateway)
	defer c.Close()
	ctx := context.Background()

	ok(gateway.Kill()) // connections die without a close frame, the port refuses
	ok(c.WaitFor(ctx, state.Dialing))
	fmt.Println(c.State())
	ok(gateway.Restart()) // on the same address, with no memory of before
	ok(c.WaitFor(ctx, state.Connected))
	fmt.Println(c.State())
	// Output:
	// dialing
	// connected
}

func ExampleServer_Freeze() {
	gateway := resgatetest.New()
	defer gateway.Close()
	ok(gateway.Service().SetModel("news.today", map[string]any{"headline": "Rain"}))
	c := dialClient(gateway)
	defer c.Close()

	ok(gateway.Freeze()) // accepts everything and answers nothing
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Get(ctx, "news.today")
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	ok(gateway.Thaw()) // goes on where it was
	r, err := c.Get(context.Background(), "news.today")
	fmt.Println(r, err)
	// Output:
	// true
	// {"headline":"Rain"} <nil>
}

func ExampleServer_Stop() {
	gateway := resgatetest.New()
	defer gateway.Close()
	c := dialClient(gateway)
	defer c.Close()
	ok(gateway.Stop()) // as a gateway that is told to end
	ok(c.WaitFor(context.Background(), state.Dialing))
	fmt.Println(c.State(), gateway.Running())
	// Output: dialing false
}

// A gateway on an in-memory network runs inside testing/synctest, with fake time.
func ExampleNewNetwork() {
	network := resgatetest.NewNetwork()
	gateway := resgatetest.New(resgatetest.WithNetwork(network, "gateway:8080"))
	defer gateway.Close()

	c := dialClient(gateway, conn.WithNetDial(network.Dial))
	defer c.Close()
	fmt.Println(gateway.URL(), c.State())
	_, err := network.Dial(context.Background(), "tcp", "elsewhere:80")
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	// Output:
	// ws://gateway:8080 connected
	// true
}

func ExampleServer_Connections() {
	gateway := resgatetest.New()
	defer gateway.Close()
	ok(gateway.Service().SetModel("news.today", map[string]any{}))
	c := dialClient(gateway)
	defer c.Close()
	for range 3 {
		_, err := c.Subscribe(context.Background(), "news.today")
		ok(err)
	}
	info := gateway.Connections()[0]
	fmt.Println(info.Protocol, info.Subscriptions, gateway.Requests()["subscribe"])
	// Output: 1.2.3 map[news.today:1] 1
}

func ExampleService_Change() {
	gateway := resgatetest.New()
	defer gateway.Close()
	news := gateway.Service()
	ok(news.SetModel("news.today", map[string]any{"headline": "Rain", "draft": true}))
	ok(news.SetCollection("news.archive", []any{"Snow", res.Ref("news.today")}))

	ok(news.Change("news.today", map[string]any{"headline": "Sun", "draft": res.DeleteAction}))
	ok(news.Add("news.archive", 0, "Wind"))
	ok(news.Remove("news.archive", 1))
	ok(news.Event("news.today", "printed", map[string]int{"copies": 7}))

	c := dialClient(gateway)
	defer c.Close()
	for _, rid := range []string{"news.today", "news.archive"} {
		r, err := c.Get(context.Background(), rid)
		fmt.Println(r, err)
	}
	// Output:
	// {"headline":"Sun"} <nil>
	// ["Wind",{"rid":"news.today"}] <nil>
}

func ExampleService_HandleAccess() {
	gateway := resgatetest.New()
	defer gateway.Close()
	ok(gateway.Service().SetModel("news.secret", map[string]any{}))
	ok(gateway.Service().HandleAccess("news.*", func(*resgatetest.Request) (resgatetest.Access, error) {
		return resgatetest.Access{Get: false}, nil
	}))
	c := dialClient(gateway)
	defer c.Close()
	_, err := c.Subscribe(context.Background(), "news.secret")
	fmt.Println(errors.Is(err, res.ErrAccessDenied))
	// Output: true
}
