package docs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

func borrow(ctx context.Context, client *conn.Client, reader string) (due string, err error) {
	params := map[string]string{"reader": reader}
	var result struct{ Due string }
	err = client.Call(ctx, "library.book.1", "borrow", params, &result)
	refusal, refused := errors.AsType[*res.Error](err)
	switch {
	case err == nil:
		return result.Due, nil
	case errors.Is(err, conn.ErrNotConnected), errors.Is(err, conn.ErrQueueFull):
		return "", fmt.Errorf("nothing was sent, so try again: %w", err)
	case refused && refusal.Code != res.CodeTimeout:
		return "", fmt.Errorf("the library says no, with code %q: %w", refusal.Code, err)
	}
	return "", fmt.Errorf("the library may have lent it, or not: %w", err)
}

func Example_borrow() {
	gateway := library()
	defer gateway.Close()
	service := gateway.Service()
	must(service.HandleCall("library.book.*", "borrow", func(r *resgatetest.Request) (any, error) {
		var p struct{ Reader string }
		if err := r.ParseParams(&p); err != nil {
			return nil, err
		}
		switch p.Reader {
		case "bob":
			return nil, &res.Error{Code: "library.overdue", Message: "Bring back the others first"}
		case "abe":
			r.Timeout(time.Millisecond)
			<-r.Context().Done() // when the example ends
		case "cy":
			go func() { must(gateway.Kill()) }()
			<-r.Context().Done()
		}
		return map[string]string{"due": "Friday"}, nil
	}))
	client := connected(gateway, conn.WithFailFast())
	defer client.Close()
	ctx := context.Background()
	fmt.Println(borrow(ctx, client, "ann"))
	for _, reader := range []string{"bob", "abe", "cy", "di"} {
		_, err := borrow(ctx, client, reader)
		meaning, _, _ := strings.Cut(err.Error(), ": ")
		fmt.Println(meaning)
	}
	// Output:
	// Friday <nil>
	// the library says no, with code "library.overdue"
	// the library may have lent it, or not
	// the library may have lent it, or not
	// nothing was sent, so try again
}

func order(ctx context.Context, client *conn.Client) error {
	params := map[string]any{"title": "Ulysses"}
	ordered, err := client.CallResource(ctx, "library.books", "order", params)
	if err != nil {
		return err
	}
	defer ordered.Close()
	var copies res.Value
	for ev := range ordered.Events(ctx) {
		fmt.Println(ev)
		switch ev := ev.(type) {
		case *subs.Sync: // it may have come already
			copies = ev.Resource.Value("copies")
		case *subs.Change:
			copies = ev.Value("copies")
		}
		if copies.Kind() == res.Number {
			return nil
		}
	}
	return ordered.Err()
}

func Example_order() {
	watched, sent := sends("library.book.3")
	gateway := library(watched)
	defer gateway.Close()
	service := gateway.Service()
	must(service.HandleCall("library.books", "order", func(r *resgatetest.Request) (any, error) {
		must(service.SetModel("library.book.3", map[string]any{"title": "Ulysses"}))
		return resgatetest.Resource("library.book.3"), nil
	}))
	client := connected(gateway)
	defer client.Close()
	ctx := context.Background()
	go func() {
		<-sent
		must(service.Change("library.book.3", map[string]any{"copies": 1}))
	}()
	must(order(ctx, client))
	var rid res.Ref // which resource it is, without a subscription
	must(client.Call(ctx, "library.books", "order", nil, &rid))
	fmt.Println(rid)
	// Output:
	// library.book.3 sync (first) {"title":"Ulysses"}
	// library.book.3 change copies=1 (new)
	// library.book.3
}

func logIn(url string, password func() string) (*conn.Client, error) {
	return conn.New(url, conn.WithHooks(conn.Hooks{
		Authenticate: func(ctx context.Context, s *conn.Session) error {
			params := map[string]string{"user": "ann", "password": password()}
			err := s.Auth(ctx, "library.user", "login", params, nil)
			if errors.Is(err, res.ErrAccessDenied) {
				return backoff.Permanent(err) // to try again would not help
			}
			return err
		},
	}))
}

// guarded is a library that lends to those who have logged in.
func guarded() *resgatetest.Server {
	gateway := library()
	service := gateway.Service()
	must(service.HandleAccess("library.book.>", func(r *resgatetest.Request) (resgatetest.Access, error) {
		var token struct{ User string }
		if err := r.ParseToken(&token); err != nil {
			return resgatetest.Access{}, err
		}
		return resgatetest.Access{Get: token.User != ""}, nil
	}))
	must(service.HandleAuth("library.user", "login", func(r *resgatetest.Request) (any, error) {
		var p struct{ User, Password string }
		if err := r.ParseParams(&p); err != nil {
			return nil, err
		}
		if p.Password != "right" {
			return nil, res.ErrAccessDenied
		}
		return nil, r.SetToken(map[string]string{"user": p.User})
	}))
	return gateway
}

func Example_logIn() {
	gateway := guarded()
	defer gateway.Close()
	ctx := context.Background()
	for _, password := range []string{"right", "wrong"} {
		client, err := logIn(gateway.URL(), func() string { return password })
		must(err)
		defer client.Close()
		_, err = client.Subscribe(ctx, "library.book.1")
		if err == nil {
			client.Reconnect() // another connection, another login
			err = client.WaitInSync(ctx)
		}
		fmt.Println(password, errors.Is(err, conn.ErrClosed), errors.Is(err, res.ErrAccessDenied))
	}
	// Output:
	// right false false
	// wrong true true
}

func renewHeader(url string, token func(context.Context) (string, error)) (*conn.Client, error) {
	return conn.New(url, conn.WithHooks(conn.Hooks{
		BeforeDial: func(ctx context.Context, a *conn.Attempt) error {
			t, err := token(ctx)
			if err != nil {
				return err // this attempt has failed; the next one asks again
			}
			a.Header.Set("Authorization", "Bearer "+t)
			return nil
		},
	}))
}

func Example_renewHeader() {
	gateway := resgatetest.New(resgatetest.WithHeaderAuth("auth.login.header"))
	defer gateway.Close()
	must(gateway.Service().HandleAuth("auth.login", "header", func(r *resgatetest.Request) (any, error) {
		fmt.Println(r.Header.Get("Authorization"))
		return nil, r.SetToken("ann")
	}))
	var calls atomic.Int32
	client, err := renewHeader(gateway.URL(), func(context.Context) (string, error) {
		if calls.Add(1) == 1 {
			return "", errors.New("the issuer is away")
		}
		return fmt.Sprint("token-", calls.Load()), nil
	})
	must(err)
	defer client.Close()
	must(client.WaitFor(context.Background(), state.Connected))
	// Output: Bearer token-2
}

func tellAccess(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Unsubscribe:
		fmt.Println("access lost:", ev.Reason.Code)
	case *subs.Stale:
		fmt.Println("no news of", ev.RID(), "until it is back")
	case *subs.Sync:
		fmt.Println("reading", ev.RID())
	}
}

func Example_tellAccess() {
	gateway := guarded()
	defer gateway.Close()
	ctx := context.Background()
	client := connected(gateway)
	defer client.Close()
	login := func() {
		must(client.Auth(ctx, "library.user", "login", map[string]string{"user": "ann", "password": "right"}, nil))
	}
	login()
	one, err := client.Subscribe(ctx, "library.book.1")
	must(err)
	for ev := range one.Events(ctx) {
		tellAccess(ev)
		switch ev := ev.(type) {
		case *subs.Sync:
			if ev.Reason == subs.SyncReconnect {
				return
			}
			must(gateway.Service().SetToken(gateway.Connections()[0].CID, nil, "")) // logged out
		case *subs.Stale:
			login() // what was denied is tried again at once
		}
	}
	// Output:
	// reading library.book.1
	// access lost: system.accessDenied
	// no news of library.book.1 until it is back
	// reading library.book.1
}

func renewToken(url string, login func(context.Context, *conn.Session) error) (*conn.Client, error) {
	return conn.New(url, conn.WithHooks(conn.Hooks{
		Authenticate: login,
		AccessDenied: func(ctx context.Context, s *conn.Session, rid string) error {
			err := login(ctx, s)
			if errors.Is(err, res.ErrAccessDenied) {
				return backoff.Permanent(err) // not even a login: end the subscription
			}
			return err
		},
	}))
}

func Example_renewToken() {
	gateway := guarded()
	defer gateway.Close()
	ctx := context.Background()
	client, err := renewToken(gateway.URL(), func(ctx context.Context, s *conn.Session) error {
		fmt.Println("log in")
		return s.Auth(ctx, "library.user", "login", map[string]string{"user": "ann", "password": "right"}, nil)
	})
	must(err)
	defer client.Close()
	one, err := client.Subscribe(ctx, "library.book.1")
	must(err)
	for ev := range one.Events(ctx) {
		tellAccess(ev)
		if ev, ok := ev.(*subs.Sync); ok {
			if ev.Reason == subs.SyncReconnect {
				return
			}
			must(gateway.Service().SetToken(gateway.Connections()[0].CID, nil, "")) // it has expired
		}
	}
	// Unordered output:
	// log in
	// reading library.book.1
	// access lost: system.accessDenied
	// no news of library.book.1 until it is back
	// log in
	// reading library.book.1
}

func monitored(url string, log *slog.Logger, alarm func(state.Transition)) (*conn.Client, error) {
	return conn.New(url,
		conn.WithLogger(log),
		conn.WithHooks(conn.Hooks{
			Transition: func(t state.Transition) {
				if t.Event == state.DialFailed && t.Attempt > 10 {
					alarm(t) // it goes on trying all the same
				}
			},
		}))
}

func Example_monitored() {
	gateway := library()
	defer gateway.Close()
	client, err := monitored(gateway.URL(), slog.New(slog.DiscardHandler), func(state.Transition) {})
	must(err)
	defer client.Close()
	ctx := context.Background()
	_, err = client.Subscribe(ctx, "library.queue")
	must(err)
	must(client.WaitInSync(ctx))
	s := client.Stats()
	fmt.Println(s.State, s.InSync, s.Subscriptions, s.Stale, s.Protocol)
	// Output: connected true 1 0 1.2.3
}
