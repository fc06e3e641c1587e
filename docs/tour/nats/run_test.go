package nats_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

const within = 20 * time.Second

// library is a NATS server with a bucket of books, of which one is there.
func library(t *testing.T) (*natstest.Server, *nats.Conn, jetstream.KeyValue) {
	t.Helper()
	s, err := natstest.StartNATS(func(o *server.Options) { o.JetStream, o.StoreDir = true, t.TempDir() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	nc, err := connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	books, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "books", Storage: jetstream.MemoryStorage})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := books.PutString(t.Context(), "book.1", `{"title":"Emma","copies":2,"note":"torn"}`); err != nil {
		t.Fatal(err)
	}
	return s, nc, books
}

func TestReadBook(t *testing.T) {
	_, _, books := library(t)
	if book, err := readBook(t.Context(), books, "book.1"); book != (Book{"Emma", 2}) || err != nil {
		t.Errorf("got %v, %v", book, err)
	}
}

func TestFollowBook(t *testing.T) {
	_, _, books := library(t)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	var got []Book
	err := followBook(ctx, books, "book.1", func(b Book) {
		if got = append(got, b); b.Copies == 9 {
			cancel()
		} else if err := restock(ctx, books, "book.1", 9); err != nil {
			t.Error(err)
		}
	})
	if len(got) != 2 || got[0].Copies != 2 || got[1].Copies != 9 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestBorrow(t *testing.T) {
	_, nc, _ := library(t)
	_, err := nc.Subscribe("book.1.borrow", func(m *nats.Msg) {
		var params struct{ Reader string }
		if err := json.Unmarshal(m.Data, &params); err != nil {
			t.Error(err)
		}
		if err := m.Respond([]byte(`{"due":"tomorrow, ` + params.Reader + `"}`)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if loan, err := borrow(t.Context(), nc, "book.1", "ann"); loan.Due != "tomorrow, ann" || err != nil {
		t.Errorf("got %v, %v", loan, err)
	}
}

func TestTellOutages(t *testing.T) {
	s, _, _ := library(t)
	told := make(chan any, 8)
	nc, err := tellOutages(s.URL(), func(args ...any) { told <- args[0] })
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s.Shutdown()
	select {
	case what := <-told:
		if what != "lost" {
			t.Errorf("told %v", what)
		}
	case <-time.After(within):
		t.Error("it was not told of")
	}
}
