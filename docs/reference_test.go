package docs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/subs"
)

func followAll(ctx context.Context, client *conn.Client) error {
	library, err := client.Subscribe(ctx, "library", conn.Deep())
	if err != nil {
		return err
	}
	defer library.Close()
	for ev := range library.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			if ev.View != nil { // at first, and after every outage
				fmt.Println("all of", ev.View.RIDs())
			} else {
				fmt.Println("new:", ev.RID(), ev.Resource)
			}
		case *subs.Drop:
			fmt.Println("gone:", ev.RID())
			return nil
		default:
			fmt.Println(ev)
		}
	}
	return library.Err()
}

func Example_followAll() {
	watched, sent := sends("library")
	gateway := library(watched)
	defer gateway.Close()
	service := gateway.Service()
	must(service.SetModel("library.book.3", map[string]any{"title": "Ulysses"}))
	client := connected(gateway)
	defer client.Close()
	go func() {
		<-sent
		must(service.Change("library.book.1", map[string]any{"copies": 1}))
		must(service.Add("library.books", 2, res.Ref("library.book.3")))
		must(service.Remove("library.books", 0))
	}()
	must(followAll(context.Background(), client))
	// Output:
	// all of [library library.book.1 library.book.2 library.books]
	// library.book.1 change copies=1 (was 2)
	// new: library.book.3 {"title":"Ulysses"}
	// library.books add [2] {"rid":"library.book.3"}
	// library.books remove [0] {"rid":"library.book.1"}
	// gone: library.book.1
}

func typed(ctx context.Context, url string) error {
	client, err := conn.Dial(ctx, url, conn.WithType[book]("library.book.*"))
	if err != nil {
		return err
	}
	defer client.Close()
	one, err := client.Subscribe(ctx, "library.book.1")
	if err != nil {
		return err
	}
	var latest any
	for ev := range one.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync:
			latest, err = ev.Decoded()
		case *subs.Change:
			latest, err = ev.Decoded() // the whole book, as it is after the change
		}
		if err != nil {
			return err
		}
		if b, ok := latest.(book); ok && b.Copies == 0 {
			fmt.Println("no more copies of", b.Title)
			return nil
		}
	}
	return one.Err()
}

func Example_typed() {
	watched, sent := sends("library.book.1")
	gateway := library(watched)
	defer gateway.Close()
	go func() {
		<-sent
		must(gateway.Service().Change("library.book.1", map[string]any{"copies": 0}))
	}()
	must(typed(context.Background(), gateway.URL()))
	// Output: no more copies of Emma
}

func patient(url string) (*conn.Client, error) {
	return conn.New(url, conn.WithRetryPolicy(func(r conn.Refusal) (wait time.Duration, again bool) {
		switch {
		case errors.Is(r.Err, res.ErrDeleted):
			return 0, false // a book that was taken away does not come back
		case errors.Is(r.Err, res.ErrAccessDenied):
			return time.Minute, r.Tries < 10
		}
		return 5 * time.Second, true
	}))
}

func Example_patient() {
	gateway := library()
	defer gateway.Close()
	client, err := patient(gateway.URL())
	must(err)
	defer client.Close()
	ctx := context.Background()
	one, err := client.Subscribe(ctx, "library.book.1")
	must(err)
	must(gateway.Service().Delete("library.book.1"))
	for ev := range one.Events(ctx) {
		if _, ok := ev.(*subs.Delete); ok {
			fmt.Println("deleted")
		}
	}
	fmt.Println(errors.Is(one.Err(), conn.ErrGaveUp), errors.Is(one.Err(), res.ErrDeleted))
	// Output:
	// deleted
	// true true
}

func relay(ctx context.Context, client *conn.Client, to func(subs.Event)) error {
	books, err := client.Stream(ctx, "library.book.*")
	if err != nil {
		return err
	}
	defer books.Close()
	for ev := range books.Events(ctx) {
		to(ev)
	}
	return books.Err()
}

func Example_relay() {
	watched, sent := sends("library.book.2")
	gateway := library(watched)
	defer gateway.Close()
	client := connected(gateway)
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-sent
		must(gateway.Service().Change("library.book.2", map[string]any{"copies": 3}))
	}()
	err := relay(ctx, client, func(ev subs.Event) {
		fmt.Println(ev)
		switch ev := ev.(type) {
		case *subs.Sync:
			if ev.Reason == subs.SyncFirst {
				_, err := client.Subscribe(ctx, "library.book.2")
				must(err)
			}
		case *subs.Change:
			cancel()
		}
	})
	fmt.Println(err)
	// Output:
	// sync (first) of 0 resources
	// library.book.2 sync (reached) {"copies":0,"title":"Dracula"}
	// library.book.2 change copies=3 (was 0)
	// context canceled
}
