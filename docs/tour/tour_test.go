package tour_test

import (
	"context"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

type Book struct {
	Title  string
	Copies int
}

type Loan struct{ Due string }

func connect(ctx context.Context, url string) (*conn.Client, error) {
	return conn.Dial(ctx, url)
}

func readBook(ctx context.Context, client *conn.Client, rid string) (Book, error) {
	return conn.Get[Book](ctx, client, rid)
}

func followBook(ctx context.Context, client *conn.Client, rid string, show func(Book)) error {
	for book, err := range conn.Watch[Book](ctx, client, rid) {
		if err != nil {
			return err
		}
		show(book)
	}
	return nil
}

func followShelf(ctx context.Context, client *conn.Client, show func([]Book)) error {
	for books, err := range conn.Watch[[]Book](ctx, client, "library.books") {
		if err != nil {
			return err
		}
		show(books)
	}
	return nil
}

func followQueue(ctx context.Context, client *conn.Client, log func(...any)) error {
	queue, err := client.Subscribe(ctx, "library.queue")
	if err != nil {
		return err
	}
	defer queue.Close()
	return queue.Handle(ctx, conn.Handlers{
		Sync:   func(ev *subs.Sync) { log("waiting", ev.Resource) },
		Add:    func(ev *subs.Add) { log("came", ev.Index, ev.Value) },
		Remove: func(ev *subs.Remove) { log("went", ev.Index, ev.Value) },
	})
}

func borrow(ctx context.Context, client *conn.Client, rid, reader string) (Loan, error) {
	return conn.Call[Loan](ctx, client, rid, "borrow", map[string]any{"reader": reader})
}

func restock(ctx context.Context, client *conn.Client, rid string, copies int) error {
	return client.Set(ctx, rid, map[string]any{"copies": copies, "note": res.DeleteAction})
}

func order(ctx context.Context, client *conn.Client, title string) (*conn.Subscription, error) {
	return client.CallResource(ctx, "library.books", "new", map[string]any{"title": title})
}

func logIn(url, token string) (*conn.Client, error) {
	return conn.New(url, conn.WithHooks(conn.Hooks{
		Authenticate: func(ctx context.Context, s *conn.Session) error {
			return s.Auth(ctx, "auth.user", "login", map[string]any{"token": token}, nil)
		},
	}))
}

func tellOutages(url string, log func(...any)) (*conn.Client, error) {
	return conn.New(url, conn.WithHooks(conn.Hooks{
		Transition: func(t state.Transition) { log(t.To, t.Cause) },
	}))
}
