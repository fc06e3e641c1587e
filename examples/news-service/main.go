// Command news-service is a RES service in one file. It serves the model
// news.today to the Resgates of a NATS server and brings out a new edition
// every few seconds. All it needs is a NATS client:
//
//	nats-server &
//	resgate &
//	go run ./examples/news-service
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lmittmann/tint"
	"github.com/nats-io/nats.go"
)

func main() {
	natsURL := flag.String("nats", "", "`URL` of the NATS server (default $NATS_URL, else "+nats.DefaultURL+")")
	every := flag.Duration("every", 3*time.Second, "time from one edition to the next, above 0")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	log := newLogger(os.Stderr)
	server := cmp.Or(*natsURL, os.Getenv("NATS_URL"), nats.DefaultURL)
	if err := run(ctx, log, server, *every); err != nil {
		log.Error("service failed", tint.Err(err))
		os.Exit(1)
	}
}

// news is the model news.today: its JSON is an object of plain values.
type news struct {
	Message string    `json:"message"`
	Edition int       `json:"edition"`
	At      time.Time `json:"at"`
}

func edition(n int) news {
	return news{Message: fmt.Sprintf("This is edition %d of today's news", n), Edition: n, At: time.Now()}
}

// run serves news.today until ctx ends.
func run(ctx context.Context, log *slog.Logger, natsURL string, every time.Duration) error {
	if every <= 0 {
		return fmt.Errorf("the time from one edition to the next is %v, it must be above 0", every)
	}
	nc, err := nats.Connect(natsURL, nats.Name("news-service"),
		nats.MaxReconnects(-1), // for ever: a service outlives its NATS server
		nats.ReconnectHandler(func(nc *nats.Conn) { report(log, announce(nc)) }))
	if err != nil {
		return fmt.Errorf("connect to NATS at %q: %w", withoutUser(natsURL), err)
	}
	defer nc.Close()

	// One channel takes all requests and one loop reads it. So the news need no
	// lock, and an answer never overtakes an event published before it.
	requests := make(chan *nats.Msg, 1024)
	for _, subject := range []string{"access.news.today", "get.news.today"} {
		if _, err := nc.ChanSubscribe(subject, requests); err != nil {
			return fmt.Errorf("listen on %q: %w", subject, err)
		}
	}
	if err := announce(nc); err != nil {
		return err
	}
	log.Info("serving", "resource", "news.today", "nats", nc.ConnectedAddr(), "every", every)

	today := edition(1)
	next := time.NewTicker(every)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			log.Info("stopping", "editions", today.Edition)
			return nil
		case request := <-requests:
			report(log, answer(request, today))
		case <-next.C:
			today = edition(today.Edition + 1)
			report(log, publishChange(nc, today))
			log.Info("new edition", "edition", today.Edition)
		}
	}
}

// announce makes the gateways ask again for what they hold of news.today: it
// may be old. It first waits until the NATS server knows our subscriptions,
// because a gateway that asks and finds nobody takes the resource for deleted.
func announce(nc *nats.Conn) error {
	if err := nc.FlushTimeout(5 * time.Second); err != nil {
		return fmt.Errorf("wait for NATS: %w", err)
	}
	reset := map[string][]string{"resources": {"news.today"}, "access": {"news.today"}}
	return publish(nc, "system.reset", reset)
}

// answer replies to a gateway. Everyone may read the news, nobody may call
// methods on them.
func answer(request *nats.Msg, today news) error {
	result := map[string]any{"model": today}
	if request.Subject == "access.news.today" {
		result = map[string]any{"get": true}
	}
	data, err := json.Marshal(map[string]any{"result": result})
	if err != nil {
		return fmt.Errorf("encode answer on %q: %w", request.Subject, err)
	}
	return request.Respond(data)
}

// publishChange tells the gateways what the values are now. They leave out
// what is the same as before and send the rest to their clients.
func publishChange(nc *nats.Conn, today news) error {
	return publish(nc, "event.news.today.change", map[string]any{"values": today})
}

func publish(nc *nats.Conn, subject string, payload any) error {
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode message for %q: %w", subject, err)
	}
	if err := nc.Publish(subject, data); err != nil {
		return fmt.Errorf("publish on %q: %w", subject, err)
	}
	return nil
}
