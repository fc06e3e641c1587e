package docs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

func follow(ctx context.Context, client *conn.Client) error {
	book, err := client.Subscribe(ctx, "library.book.1")
	if errors.Is(err, res.ErrNotFound) {
		return fmt.Errorf("the library does not have the book: %w", err)
	}
	if err != nil {
		return err
	}
	defer book.Close()
	for ev := range book.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			fmt.Println("have", ev.Resource)
		case *subs.Change:
			fmt.Println("copies are", ev.Value("copies"), "and were", ev.Old("copies"))
		case *subs.Delete:
			return nil
		}
	}
	return book.Err()
}

func Example_follow() {
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
	fmt.Println(follow(context.Background(), client))
	// Output:
	// have {"copies":2,"title":"Emma"}
	// copies are 1 and were 2
	// <nil>
}

// queue is a collection of names, kept up to date by its events.
type queue struct{ names []string }

func (q *queue) apply(ev subs.Event) error {
	switch ev := ev.(type) {
	case *subs.Sync:
		return ev.Resource.Decode(&q.names)
	case *subs.Add:
		q.names = slices.Insert(q.names, ev.Index, ev.Value.String())
	case *subs.Remove:
		q.names = slices.Delete(q.names, ev.Index, ev.Index+1)
	}
	return nil
}

func Example_queue() {
	gateway := library()
	defer gateway.Close()
	service := gateway.Service()
	client := connected(gateway)
	defer client.Close()
	ctx := context.Background()
	waiting, err := client.Subscribe(ctx, "library.queue")
	must(err)
	var q queue
	for ev := range waiting.Events(ctx) {
		must(q.apply(ev))
		if sync, ok := ev.(*subs.Sync); ok && sync.Reason == subs.SyncFirst {
			must(service.Remove("library.queue", 0))
			must(service.Add("library.queue", 1, "cy"))
			continue
		}
		fmt.Println(ev, "->", q.names)
		if len(q.names) == 2 {
			break
		}
	}
	must(gateway.Kill())
	must(service.Add("library.queue", 0, "eve"))
	must(gateway.Restart())
	for ev := range waiting.Events(ctx) { // goes on where the first loop ended
		must(q.apply(ev))
		if _, ok := ev.(*subs.Stale); !ok {
			fmt.Println(ev, "->", q.names)
		}
		if sync, ok := ev.(*subs.Sync); ok && sync.Reason == subs.SyncReconnect {
			break
		}
	}
	// Output:
	// library.queue remove [0] "ann" -> [bob]
	// library.queue add [1] "cy" -> [bob cy]
	// library.queue add [0] "eve" -> [eve bob cy]
	// library.queue sync (reconnect) ["eve","bob","cy"] -> [eve bob cy]
}

type book struct {
	Title  string
	Copies int
}

func report(ctx context.Context, client *conn.Client) error {
	view, err := client.View(ctx, "library")
	if err != nil {
		return err
	}
	text, err := view.JSON("library") // references expanded
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", text)

	var all struct {
		Name  string
		Books []book
	}
	if err := view.Decode("library", &all); err != nil {
		return err
	}
	fmt.Println(all.Name, "has", all.Books)

	books := view.Resource("library.books") // as it is, with its references
	first := view.Follow(books.At(0))
	fmt.Println(books, first.Value("title"), view.Live("library.books"))
	return nil
}

func Example_report() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	_, err := client.Subscribe(context.Background(), "library")
	must(err)
	must(report(context.Background(), client))
	// Output:
	// {"books":[{"copies":2,"title":"Emma"},{"copies":0,"title":"Dracula"}],"name":"Harbour"}
	// Harbour has [{Emma 2} {Dracula 0}]
	// [{"rid":"library.book.1"},{"rid":"library.book.2"}] Emma true
}

func lookUp(ctx context.Context, client *conn.Client) (book, error) {
	return conn.Get[book](ctx, client, "library.book.1")
}

func Example_lookUp() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	fmt.Println(lookUp(context.Background(), client))
	// Output: {Emma 2} <nil>
}

func watch(ctx context.Context, client *conn.Client, rids []string, changed func(subs.Event)) error {
	for _, rid := range rids {
		if _, err := client.Subscribe(ctx, rid, conn.WithHandler(changed)); err != nil {
			return err
		}
	}
	return nil
}

func Example_watch() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	heard := make(chan string, 2)
	must(watch(context.Background(), client, []string{"library.book.1", "library.book.2"}, func(ev subs.Event) {
		heard <- ev.String()
	}))
	fmt.Println(<-heard)
	fmt.Println(<-heard)
	// Unordered output:
	// library.book.1 sync (first) {"copies":2,"title":"Emma"}
	// library.book.2 sync (first) {"copies":0,"title":"Dracula"}
}

func freshness(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Stale:
		fmt.Println(ev.RID(), "may be old from here on")
	case *subs.Change:
		fmt.Println(ev.RID(), "has changed; while it was stale:", ev.Resync)
	case *subs.Lag:
		fmt.Println(ev.RID(), "was read too slowly:", ev.Events, "events, of them", ev.Custom, "custom ones")
	case *subs.Sync:
		fmt.Println(ev.RID(), "is up to date:", ev.Reason)
	}
}

func Example_freshness() {
	gateway := library()
	defer gateway.Close()
	client := connected(gateway, conn.WithQueueLimits(4, 1<<20))
	defer client.Close()
	ctx := context.Background()
	one, err := client.Subscribe(ctx, "library.book.1")
	must(err)
	readUntil := func(reason subs.SyncReason) {
		for ev := range one.Events(ctx) {
			freshness(ev)
			if sync, ok := ev.(*subs.Sync); ok && sync.Reason == reason {
				return
			}
		}
	}
	readUntil(subs.SyncFirst)
	must(gateway.Kill())
	must(gateway.Service().Change("library.book.1", map[string]any{"copies": 7}))
	must(gateway.Restart())
	readUntil(subs.SyncReconnect)
	for n := range 9 {
		must(gateway.Service().Event("library.book.1", "borrowed", n))
	}
	until(func() bool { return client.Stats().Events == 9 }) // they have come, and nobody reads them
	readUntil(subs.SyncLag)
	// Output:
	// library.book.1 is up to date: first
	// library.book.1 may be old from here on
	// library.book.1 has changed; while it was stale: true
	// library.book.1 is up to date: reconnect
	// library.book.1 was read too slowly: 9 events, of them 9 custom ones
	// library.book.1 is up to date: lag
}
