// Command news-client subscribes to the news that the example news-service
// publishes, through a Resgate on its usual port. It shows every message raw and
// what it means, and unsubscribes after a few updates:
//
//	nats-server &
//	resgate &
//	go run ./examples/news-service &
//	go run ./examples/news-client
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/state"
)

func main() {
	var cfg config
	flag.StringVar(&cfg.url, "url", defaultURL(), "`URL` of the gateway; also taken from RES_URL")
	flag.IntVar(&cfg.count, "count", 3, "how many `updates` to wait for, at least 1")
	flag.DurationVar(&cfg.timeout, "timeout", 10*time.Second, "how long to try to connect and subscribe, above 0")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	if err := run(ctx, os.Stdout, cfg); err != nil {
		fmt.Fprintln(os.Stderr, "news-client:", err)
		os.Exit(1)
	}
}

type config struct {
	url     string
	count   int
	timeout time.Duration
}

// defaultURL returns the gateway of the environment, else the usual one.
func defaultURL() string {
	if url := os.Getenv("RES_URL"); url != "" {
		return url
	}
	return "ws://localhost:8080"
}

// run shows the news on out until it has seen enough updates or ctx ends, which is
// no error.
func run(ctx context.Context, out io.Writer, cfg config) error {
	if cfg.count < 1 || cfg.timeout <= 0 {
		return fmt.Errorf("-count %d must be at least 1 and -timeout %v above 0", cfg.count, cfg.timeout)
	}
	p := newPrinter(out, cfg.timeout)
	limited, cancel := context.WithTimeout(ctx, cfg.timeout)
	defer cancel()
	client, err := conn.Dial(limited, cfg.url, conn.WithHooks(conn.Hooks{Frame: p.frame}))
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no gateway within %v: %w", cfg.timeout, err)
	case err != nil:
		return err
	}
	defer func() {
		client.Close()
		<-client.Done() // the last messages are printed
	}()

	news, err := client.Subscribe(limited, "news.today")
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, res.ErrNotFound):
		return fmt.Errorf("no news (is news-service running?): %w", err)
	case err != nil:
		return err
	}
	p.read(ctx, news, cfg.count)
	news.Close()
	if client.State() == state.Connected { // else there is nobody to answer
		p.released()
	}
	return nil
}
