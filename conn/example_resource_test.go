package conn_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/subs"
)

// libraryGateway is a gateway with a library: a collection of references to books.
func libraryGateway() *resgatetest.Server {
	gateway := resgatetest.New()
	library := gateway.Service()
	check(library.SetModel("book.1", map[string]any{"title": "Emma"}))
	check(library.SetModel("book.2", map[string]any{"title": "Dracula"}))
	check(library.SetCollection("library.books", []any{res.Ref("book.1")}))
	check(library.HandleCall("library.books", "new", func(*resgatetest.Request) (any, error) {
		return resgatetest.Resource("book.2"), library.Add("library.books", 1, res.Ref("book.2"))
	}))
	check(library.HandleCall("book.1", "set", func(r *resgatetest.Request) (any, error) {
		var values map[string]json.RawMessage
		if err := r.ParseParams(&values); err != nil {
			return nil, err
		}
		return nil, library.Change("book.1", map[string]any{"title": values["title"]})
	}))
	return gateway
}

// libraryClient is a client of it.
func libraryClient(opts ...conn.Option) (c *conn.Client, library *resgatetest.Service, end func()) {
	gateway := libraryGateway()
	c, err := conn.Dial(context.Background(), gateway.URL(), opts...)
	check(err)
	return c, gateway.Service(), func() { c.Close(); gateway.Close() }
}

func ExampleClient_CallResource() {
	c, _, end := libraryClient()
	defer end()
	book, err := c.CallResource(context.Background(), "library.books", "new", map[string]string{"title": "Dracula"})
	check(err)
	defer book.Close()
	for ev := range book.Events(context.Background()) {
		fmt.Println(ev)
		break
	}
	// Output: book.2 sync (first) {"title":"Dracula"}
}

func ExampleClient_View() {
	c, _, end := libraryClient()
	defer end()
	ctx := context.Background()
	_, err := c.Subscribe(ctx, "library.books")
	check(err)
	v, err := c.View(ctx, "library.books")
	check(err)

	var books []struct{ Title string }
	check(v.Decode("library.books", &books)) // references are followed
	fmt.Println(books)
	text, err := v.WithDepth(0).JSON("library.books")
	fmt.Println(string(text), err)
	// Output:
	// [{Emma}]
	// [{"rid":"book.1"}] <nil>
}

func ExampleDeep() {
	c, library, end := libraryClient()
	defer end()
	ctx := context.Background()
	books, err := c.Subscribe(ctx, "library.books", conn.Deep())
	check(err)
	for ev := range books.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			if ev.View != nil {
				fmt.Println("all:", ev.View.RIDs())
				check(library.Change("book.1", map[string]any{"title": "Emma, revised"}))
				check(library.Remove("library.books", 0))
			}
		case *subs.Drop:
			fmt.Println("gone:", ev.RID())
			books.Close()
		default:
			fmt.Println(ev)
		}
	}
	// Output:
	// all: [book.1 library.books]
	// book.1 change title="Emma, revised" (was "Emma")
	// library.books remove [0] {"rid":"book.1"}
	// gone: book.1
}

func ExampleClient_Stream() {
	c, library, end := libraryClient()
	defer end()
	ctx := context.Background()
	all, err := c.Stream(ctx, "book.*")
	check(err)
	_, err = c.Subscribe(ctx, "library.books")
	check(err)
	check(library.Change("book.1", map[string]any{"title": "Emma, revised"}))
	for ev := range all.Events(ctx) {
		fmt.Println(ev)
		if _, changed := ev.(*subs.Change); changed {
			break
		}
	}
	// Output:
	// sync (first) of 0 resources
	// book.1 sync (reached) {"title":"Emma"}
	// book.1 change title="Emma, revised" (was "Emma")
}

func ExampleWithType() {
	type book struct{ Title string }
	c, _, end := libraryClient(conn.WithType[book]("book.*"))
	defer end()
	ctx := context.Background()
	s, err := c.Subscribe(ctx, "book.1")
	check(err)
	for ev := range s.Events(ctx) {
		if ev, ok := ev.(*subs.Sync); ok {
			value, err := ev.Decoded()
			fmt.Printf("%+v %v\n", value, err)
		}
		break
	}
	// Output: {Title:Emma} <nil>
}

// A type that has room for what a resource refers to gets it, as it is after the event.
func ExampleWithType_references() {
	type book struct{ Title string }
	type shelf []book // and not []res.Ref
	c, library, end := libraryClient(conn.WithType[shelf]("library.books"))
	defer end()
	ctx := context.Background()
	s, err := c.Subscribe(ctx, "library.books")
	check(err)
	check(library.Add("library.books", 1, res.Ref("book.2")))
	for ev := range s.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			fmt.Println(ev.Decoded())
			continue
		case *subs.Add:
			fmt.Println(ev.Decoded())
		}
		break
	}
	v, err := c.View(ctx, "library.books")
	check(err)
	fmt.Println(v.WithDepth(0).Value("library.books")) // books without what is in them
	// Output:
	// [{Emma}] <nil>
	// [{Emma} {Dracula}] <nil>
	// [{} {}] <nil>
}

func ExampleClient_Set() {
	c, _, end := libraryClient()
	defer end()
	ctx := context.Background()
	check(c.Set(ctx, "book.1", map[string]any{"title": "Persuasion"}))
	r, err := c.Get(ctx, "book.1")
	fmt.Println(r, err)
	// Output: {"title":"Persuasion"} <nil>
}

func ExampleClient_Reconnect() {
	c, _, end := libraryClient()
	defer end()
	ctx := context.Background()
	s, err := c.Subscribe(ctx, "book.1")
	check(err)
	c.Reconnect()
	check(s.WaitSync(ctx))
	fmt.Println(c.Stats().Generation, s.Status().Live)
	// Output: 2 true
}
