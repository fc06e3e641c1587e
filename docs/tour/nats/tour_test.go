package nats_test

import (
	"context"
	"encoding/json"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type Book struct {
	Title  string
	Copies int
}

type Loan struct{ Due string }

func connect(url string) (*nats.Conn, error) {
	return nats.Connect(url, nats.MaxReconnects(-1))
}

func readBook(ctx context.Context, books jetstream.KeyValue, key string) (Book, error) {
	var book Book
	entry, err := books.Get(ctx, key)
	if err != nil {
		return book, err
	}
	err = json.Unmarshal(entry.Value(), &book)
	return book, err
}

func followBook(ctx context.Context, books jetstream.KeyValue, key string, show func(Book)) error {
	watcher, err := books.Watch(ctx, key, jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	for entry := range watcher.Updates() {
		if entry == nil {
			continue // the values that were there have come
		}
		var book Book
		if err := json.Unmarshal(entry.Value(), &book); err != nil {
			return err
		}
		show(book)
	}
	return ctx.Err()
}

func borrow(ctx context.Context, nc *nats.Conn, key, reader string) (Loan, error) {
	var loan Loan
	params, err := json.Marshal(map[string]any{"reader": reader})
	if err != nil {
		return loan, err
	}
	answer, err := nc.RequestWithContext(ctx, key+".borrow", params)
	if err != nil {
		return loan, err
	}
	err = json.Unmarshal(answer.Data, &loan)
	return loan, err
}

func restock(ctx context.Context, books jetstream.KeyValue, key string, copies int) error {
	entry, err := books.Get(ctx, key)
	if err != nil {
		return err
	}
	var book map[string]any
	if err := json.Unmarshal(entry.Value(), &book); err != nil {
		return err
	}
	book["copies"] = copies
	delete(book, "note")
	value, err := json.Marshal(book)
	if err != nil {
		return err
	}
	_, err = books.Update(ctx, key, value, entry.Revision())
	return err
}

func tellOutages(url string, log func(...any)) (*nats.Conn, error) {
	return nats.Connect(url, nats.MaxReconnects(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { log("lost", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { log("back") }))
}
