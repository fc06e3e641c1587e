package docs_test

import (
	"context"
	"fmt"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

func showLibrary(ctx context.Context, client *conn.Client) error {
	type library struct {
		Name  string
		Books []book
	}
	for all, err := range conn.Watch[library](ctx, client, "library") {
		if err != nil {
			return err
		}
		fmt.Println(all.Name, "has", all.Books)
		if len(all.Books) < 2 {
			break // which closes the subscription
		}
	}
	return nil
}

func Example_showLibrary() {
	watched, sent := sends("library")
	gateway := library(watched)
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	go func() {
		<-sent
		must(gateway.Service().Remove("library.books", 1))
	}()
	must(showLibrary(context.Background(), client))
	// Output:
	// Harbour has [{Emma 2} {Dracula 0}]
	// Harbour has [{Emma 2}]
}

func titles(ctx context.Context, client *conn.Client, show func([]book)) error {
	for books, err := range conn.Watch[[]book](ctx, client, "library.books") {
		if err != nil {
			return err
		}
		show(books)
	}
	return nil
}

func Example_titles() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	fmt.Println(titles(ctx, client, func(books []book) {
		fmt.Println(books)
		cancel()
	}))
	// Output:
	// [{Emma 2} {Dracula 0}]
	// conn: watch "library.books": context canceled
}

func borrowed(ctx context.Context, client *conn.Client) error {
	book, err := client.Subscribe(ctx, "library.book.1")
	if err != nil {
		return err
	}
	defer book.Close()
	return book.Handle(ctx, conn.Handlers{
		Change: func(ev *subs.Change) { fmt.Println("copies are", ev.Value("copies"), "and were", ev.Old("copies")) },
		Delete: func(*subs.Delete) { book.Close() },
	})
}

func Example_borrowed() {
	watched, sent := sends("library.book.1")
	gateway := library(watched)
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	go func() {
		<-sent
		must(gateway.Service().Change("library.book.1", map[string]any{"copies": 1}))
		must(gateway.Service().Delete("library.book.1"))
	}()
	fmt.Println(borrowed(context.Background(), client))
	// Output:
	// copies are 1 and were 2
	// the subscription is closed
}
