package tour_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// library is a gateway with a library behind it.
func library() *resgatetest.Server {
	gateway := resgatetest.New()
	service := gateway.Service()
	must(service.SetModel("library.book.1", map[string]any{"title": "Emma", "copies": 2, "note": "torn"}))
	must(service.SetModel("library.book.2", map[string]any{"title": "Dracula", "copies": 1}))
	must(service.SetCollection("library.books", []any{res.Ref("library.book.1")}))
	must(service.SetCollection("library.queue", []any{"ann"}))
	must(service.HandleCall("library.book.1", "borrow", func(r *resgatetest.Request) (any, error) {
		var params struct{ Reader string }
		if err := r.ParseParams(&params); err != nil {
			return nil, err
		}
		return Loan{Due: "tomorrow, " + params.Reader}, nil
	}))
	must(service.HandleCall("library.book.1", "set", func(r *resgatetest.Request) (any, error) {
		var values map[string]json.RawMessage
		if err := r.ParseParams(&values); err != nil {
			return nil, err
		}
		changed := make(map[string]any)
		for name, value := range values {
			changed[name] = value
			if strings.Contains(string(value), `"action"`) {
				changed[name] = res.DeleteAction
			}
		}
		return nil, service.Change("library.book.1", changed)
	}))
	must(service.HandleCall("library.books", "new", func(*resgatetest.Request) (any, error) {
		return resgatetest.Resource("library.book.2"), nil
	}))
	must(service.HandleAuth("auth.user", "login", func(r *resgatetest.Request) (any, error) {
		return nil, r.SetToken(r.Params)
	}))
	return gateway
}

// connected is a client of it.
func connected() (ctx context.Context, client *conn.Client, service *resgatetest.Service, end func()) {
	gateway := library()
	ctx = context.Background()
	client, err := connect(ctx, gateway.URL())
	must(err)
	return ctx, client, gateway.Service(), func() { client.Close(); gateway.Close() }
}

func Example_readBook() {
	ctx, client, _, end := connected()
	defer end()
	fmt.Println(readBook(ctx, client, "library.book.1"))
	// Output: {Emma 2} <nil>
}

func Example_followBook() {
	ctx, client, service, end := connected()
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	fmt.Println(followBook(ctx, client, "library.book.1", func(b Book) {
		fmt.Println(b)
		if b.Copies == 1 {
			cancel()
			return
		}
		must(service.Change("library.book.1", map[string]any{"copies": 1}))
	}))
	// Output:
	// {Emma 2}
	// {Emma 1}
	// conn: watch "library.book.1": context canceled
}

func Example_followShelf() {
	ctx, client, service, end := connected()
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	fmt.Println(followShelf(ctx, client, func(books []Book) {
		fmt.Println(books)
		switch {
		case len(books) == 1:
			must(service.Add("library.books", 1, res.Ref("library.book.2")))
		case books[1].Copies == 1:
			must(service.Change("library.book.2", map[string]any{"copies": 5}))
		default:
			cancel()
		}
	}))
	// Output:
	// [{Emma 2}]
	// [{Emma 2} {Dracula 1}]
	// [{Emma 2} {Dracula 5}]
	// conn: watch "library.books": context canceled
}

func Example_followQueue() {
	ctx, client, service, end := connected()
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	fmt.Println(followQueue(ctx, client, func(args ...any) {
		fmt.Println(args...)
		switch args[0] {
		case "waiting":
			must(service.Add("library.queue", 1, "bob"))
			must(service.Remove("library.queue", 0))
		case "went":
			cancel()
		}
	}))
	// Output:
	// waiting ["ann"]
	// came 1 bob
	// went 0 ann
	// context canceled
}

func Example_borrow() {
	ctx, client, _, end := connected()
	defer end()
	fmt.Println(borrow(ctx, client, "library.book.1", "ann"))
	// Output: {tomorrow, ann} <nil>
}

func Example_restock() {
	ctx, client, _, end := connected()
	defer end()
	must(restock(ctx, client, "library.book.1", 9))
	fmt.Println(client.Get(ctx, "library.book.1"))
	// Output: {"copies":9,"title":"Emma"} <nil>
}

func Example_order() {
	ctx, client, _, end := connected()
	defer end()
	book, err := order(ctx, client, "Dracula")
	must(err)
	fmt.Println(book)
	// Output: subscription to "library.book.2"
}

func Example_logIn() {
	gateway := library()
	defer gateway.Close()
	client, err := logIn(gateway.URL(), "secret")
	must(err)
	defer client.Close()
	must(client.WaitFor(context.Background(), state.Connected))
	fmt.Println(gateway.Requests()["auth"])
	// Output: 1
}

func Example_tellOutages() {
	gateway := library()
	defer gateway.Close()
	connected, lost := make(chan struct{}), make(chan error)
	client, err := tellOutages(gateway.URL(), func(args ...any) {
		switch args[0] {
		case state.Connected:
			close(connected)
		case state.Dialing:
			if cause, ok := args[1].(error); ok {
				select {
				case lost <- cause:
				default: // the attempts that follow
				}
			}
		}
	})
	must(err)
	defer client.Close()
	<-connected
	must(gateway.Kill())
	cause := <-lost
	fmt.Println(cause != nil, errors.Is(cause, conn.ErrClosed))
	// Output: true false
}
