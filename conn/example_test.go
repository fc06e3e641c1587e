package conn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// newsGateway is a gateway with a news service, for the examples.
func newsGateway() *resgatetest.Server {
	gateway := resgatetest.New()
	check(gateway.Service().SetModel("news.today", map[string]any{"headline": "Rain", "edition": 1}))
	check(gateway.Service().SetCollection("news.archive", []any{"Snow", "Wind"}))
	check(gateway.Service().HandleCall("news.today", "publish", func(r *resgatetest.Request) (any, error) {
		var p struct{ Headline string }
		if err := r.ParseParams(&p); err != nil {
			return nil, err
		}
		check(gateway.Service().Change("news.today", map[string]any{"headline": p.Headline, "edition": 2}))
		return map[string]int{"edition": 2}, nil
	}))
	check(gateway.Service().HandleAuth("auth.user", "login", func(r *resgatetest.Request) (any, error) {
		return "welcome", r.SetToken(map[string]string{"user": "ann"})
	}))
	return gateway
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleDial() {
	gateway := newsGateway()
	defer gateway.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := conn.Dial(ctx, gateway.URL())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.State())
	// Output: connected
}

// New does not wait: the client is of use at once, and connects when it can.
func ExampleNew() {
	gateway := newsGateway()
	defer gateway.Close()

	c, err := conn.New(gateway.URL())
	if err != nil {
		log.Fatal(err) // the URL or an option makes no sense
	}
	defer c.Close()
	r, err := c.Get(context.Background(), "news.today")
	fmt.Println(r, err)
	// Output: {"edition":1,"headline":"Rain"} <nil>
}

func ExampleClient_Subscribe() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	news, err := c.Subscribe(ctx, "news.today")
	check(err)
	for ev := range news.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			fmt.Println("have", ev.Resource)
			check(gateway.Service().Change("news.today", map[string]any{"headline": "Sun"}))
		case *subs.Change:
			fmt.Println(ev.Value("headline"), "was", ev.Old("headline"))
			news.Close() // ends the loop
		}
	}
	fmt.Println(news.Err())
	// Output:
	// have {"edition":1,"headline":"Rain"}
	// Sun was Rain
	// the subscription is closed
}

// The gateway is killed and comes back. The feed goes on with what it has missed.
func ExampleSubscription_Events_reconnect() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	archive, err := c.Subscribe(ctx, "news.archive")
	check(err)
	for ev := range archive.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			fmt.Printf("sync (%v): %v\n", ev.Reason, ev.Resource)
			if ev.Reason == subs.SyncReconnect {
				archive.Close()
				continue
			}
			check(gateway.Kill())
			check(gateway.Service().Add("news.archive", 0, "Hail"))
			check(gateway.Restart())
		case *subs.Stale:
			fmt.Println("stale")
		case *subs.Add:
			fmt.Println("missed:", ev.Value)
		}
	}
	// Output:
	// sync (first): ["Snow","Wind"]
	// stale
	// missed: Hail
	// sync (reconnect): ["Hail","Snow","Wind"]
}

func ExampleWithHandler() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	done := make(chan struct{})
	_, err = c.Subscribe(ctx, "news.today", conn.WithHandler(func(ev subs.Event) {
		fmt.Println(ev)
		close(done)
	}))
	check(err)
	<-done
	// Output: news.today sync (first) {"edition":1,"headline":"Rain"}
}

func ExampleClient_Get() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	r, err := c.Get(ctx, "news.today")
	check(err)
	var news struct {
		Headline string
		Edition  int
	}
	check(r.Decode(&news))
	fmt.Println(news.Edition, news.Headline)

	_, err = c.Get(ctx, "news.tomorrow")
	fmt.Println(errors.Is(err, res.ErrNotFound), err)
	// Output:
	// 1 Rain
	// true conn: get "news.tomorrow": Not found (system.notFound)
}

func ExampleClient_Call() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	var published struct{ Edition int }
	err = c.Call(ctx, "news.today", "publish", map[string]string{"headline": "Sun"}, &published)
	fmt.Println(published.Edition, err)
	// Output: 2 <nil>
}

func ExampleClient_Auth() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	var greeting string
	err = c.Auth(ctx, "auth.user", "login", map[string]string{"name": "ann"}, &greeting)
	fmt.Println(greeting, err)
	// Output: welcome <nil>
}

// What has to be done on every connection belongs into the Authenticate hook.
func ExampleHooks() {
	gateway := newsGateway()
	defer gateway.Close()
	connected := make(chan struct{})
	c, err := conn.New(gateway.URL(), conn.WithHooks(conn.Hooks{
		Authenticate: func(ctx context.Context, s *conn.Session) error {
			return s.Auth(ctx, "auth.user", "login", map[string]string{"name": "ann"}, nil)
		},
		Transition: func(t state.Transition) {
			fmt.Printf("%v -> %v\n", t.From, t.To)
			if t.To == state.Connected {
				close(connected)
			}
		},
	}))
	check(err)
	<-connected
	c.Close()
	<-c.Done()
	// Output:
	// new -> dialing
	// dialing -> resubscribing
	// resubscribing -> connected
	// connected -> closed
}

func ExampleClient_WaitFor() {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	c, err := conn.New("ws://127.0.0.1:1") // nobody listens there
	check(err)
	defer c.Close()
	err = c.WaitFor(ctx, state.Connected)
	fmt.Println(errors.Is(err, context.DeadlineExceeded)) // the client goes on trying
	// Output: true
}

func ExampleClient_WaitInSync() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()
	_, err = c.Subscribe(ctx, "news.today")
	check(err)
	c.Reconnect()
	check(c.WaitInSync(ctx)) // nothing that is subscribed is stale
	fmt.Println(c.Stats().Subscriptions, c.Stats().Stale)
	// Output: 1 0
}

func ExampleClient_Close() {
	gateway := newsGateway()
	defer gateway.Close()
	c, err := conn.Dial(context.Background(), gateway.URL())
	check(err)
	c.Close()
	<-c.Done() // hooks and handlers have returned, too
	fmt.Println(c.Call(context.Background(), "news.today", "publish", nil, nil))
	// Output: conn: call "news.today" "publish": the client is closed
}

// A program that is told to stop lets its calls come to their end, for ten seconds at the most.
func ExampleClient_Shutdown() {
	gateway := newsGateway()
	defer gateway.Close()
	c, err := conn.Dial(context.Background(), gateway.URL())
	check(err)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Shutdown(ctx); err != nil {
		log.Print(err) // calls were cut off
	}
	fmt.Println(c.State(), c.Call(ctx, "news.today", "publish", nil, nil))
	// Output: closed conn: call "news.today" "publish": the client is closed
}

func ExampleClient_Health() {
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()
	_, err = c.Subscribe(ctx, "news.today")
	check(err)
	fmt.Println(c.Health().InSync)

	check(gateway.Kill())
	check(c.WaitFor(ctx, state.Dialing))
	h := c.Health()
	fmt.Println(h.InSync, h.State, h.StaleRIDs)
	// Output:
	// true
	// false dialing [news.today]
}

func ExampleClient_Stats() {
	gateway := newsGateway()
	defer gateway.Close()
	c, err := conn.Dial(context.Background(), gateway.URL())
	check(err)
	defer c.Close()
	s := c.Stats()
	fmt.Fprintln(os.Stdout, s.State, s.Protocol, s.Generation, s.Subscriptions)
	// Output: connected 1.2.3 1 0
}
