package conn_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

func ExampleWatch() {
	type News struct {
		Headline string
		Edition  int
	}
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	for news, err := range conn.Watch[News](ctx, c, "news.today") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(news.Edition, news.Headline)
		if news.Edition == 2 {
			break // closes the subscription
		}
		check(c.Call(ctx, "news.today", "publish", map[string]string{"headline": "Sun"}, nil))
	}
	// Output:
	// 1 Rain
	// 2 Sun
}

// A type that has room for what a resource refers to gets it, and every change of it.
func ExampleWatch_references() {
	type Book struct{ Title string }
	c, library, end := libraryClient()
	defer end()
	for books, err := range conn.Watch[[]Book](context.Background(), c, "library.books") {
		check(err)
		fmt.Println(books)
		switch {
		case books[0].Title == "Emma":
			check(library.Change("book.1", map[string]any{"title": "Emma, revised"}))
		case len(books) == 1:
			check(library.Add("library.books", 1, res.Ref("book.2")))
		default:
			return
		}
	}
	// Output:
	// [{Emma}]
	// [{Emma, revised}]
	// [{Emma, revised} {Dracula}]
}

// The last error says why the loop has ended.
func ExampleWatch_end() {
	c, _, end := libraryClient()
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for refs, err := range conn.Watch[[]res.Ref](ctx, c, "library.books") {
		if err != nil {
			fmt.Println(err)
			continue // if it is not the last one
		}
		fmt.Println(refs)
		cancel()
	}
	// Output:
	// [book.1]
	// conn: watch "library.books": context canceled
}

func ExampleGet() {
	type Book struct{ Title string }
	c, _, end := libraryClient()
	defer end()
	ctx := context.Background()

	books, err := conn.Get[[]Book](ctx, c, "library.books") // with what it refers to
	fmt.Println(books, err)
	refs, err := conn.Get[[]res.Ref](ctx, c, "library.books") // as it is
	fmt.Println(refs, err)
	_, err = conn.Get[Book](ctx, c, "book.99")
	fmt.Println(errors.Is(err, res.ErrNotFound), err)
	// Output:
	// [{Emma}] <nil>
	// [book.1] <nil>
	// true conn: get "book.99": Not found (system.notFound)
}

func ExampleCall() {
	type Published struct{ Edition int }
	gateway := newsGateway()
	defer gateway.Close()
	ctx := context.Background()
	c, err := conn.Dial(ctx, gateway.URL())
	check(err)
	defer c.Close()

	published, err := conn.Call[Published](ctx, c, "news.today", "publish", map[string]string{"headline": "Sun"})
	fmt.Println(published.Edition, err)
	// Output: 2 <nil>
}

// What a method answers with is the resource, or its id.
func ExampleCall_resource() {
	type Book struct{ Title string }
	c, _, end := libraryClient()
	defer end()
	ctx := context.Background()

	book, err := conn.Call[Book](ctx, c, "library.books", "new", nil)
	fmt.Println(book.Title, err)
	rid, err := conn.Call[res.Ref](ctx, c, "library.books", "new", nil)
	fmt.Println(rid, err)
	// Output:
	// Dracula <nil>
	// book.2 <nil>
}

func ExampleSubscription_Handle() {
	c, library, end := libraryClient()
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	books, err := c.Subscribe(ctx, "library.books")
	check(err)
	err = books.Handle(ctx, conn.Handlers{
		Sync: func(ev *subs.Sync) {
			fmt.Println("have", ev.Resource)
			check(library.Add("library.books", 1, res.Ref("book.2")))
		},
		Add: func(ev *subs.Add) {
			fmt.Println("and", ev.Value.RID())
			cancel()
		},
	})
	fmt.Println(err)
	// Output:
	// have [{"rid":"book.1"}]
	// and book.2
	// context canceled
}

// Without a loop, handlers run in a goroutine that exists only while there are events.
func ExampleHandlers_Dispatch() {
	c, _, end := libraryClient()
	defer end()
	done := make(chan struct{})
	handlers := conn.Handlers{
		Sync: func(ev *subs.Sync) {
			fmt.Println("have", ev.Resource)
			close(done)
		},
	}
	_, err := c.Subscribe(context.Background(), "book.1", conn.WithHandler(handlers.Dispatch))
	check(err)
	<-done
	// Output: have {"title":"Emma"}
}
