// Command quickstart shows in one run what the client does: it subscribes to a
// feed, loses its gateway in mid-stream, finds it again and goes on without a gap.
// It needs nothing but Go: the NATS server, the gateway, the news service and the
// client all run in this process, or with a real Resgate where RESGATE_BIN names
// its binary.
//
//	go run ./examples/quickstart
//
// With -stay the gateway and the service go on when the story is told, for a client
// in another terminal.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

func main() {
	stay := flag.Bool("stay", false, "keep the gateway and the service until interrupted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	atEase := pace{edition: time.Second, outage: 4500 * time.Millisecond}
	s := show{out: os.Stdout, colour: wantsColour(os.Stdout), at: atEase, stay: *stay}
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// pace is how fast the story is told.
type pace struct {
	edition time.Duration // from one edition of the news to the next
	outage  time.Duration // how long the gateway stays away, at least
}

// show is how the story is told.
type show struct {
	out    io.Writer
	colour bool
	at     pace
	stay   bool // do not end with the story
}

// run tells the story.
func (s *show) run(ctx context.Context) error {
	p := newPage(s.out, s.colour)
	w, err := newWorld(ctx, p, s.at.edition)
	if err != nil {
		return err
	}
	defer w.close()
	p.title("The Go client for Resgate, in a dozen seconds",
		"NATS server  "+w.nats.URL()+", in this process",
		"gateway      "+w.gateway.URL()+", "+w.gatewayKind())

	p.heading("The client connects to the gateway.")
	watch := newWatcher(p)
	client, err := conn.Dial(ctx, w.gateway.URL(),
		conn.WithHooks(conn.Hooks{Transition: watch.transition, Frame: watch.frame}),
		conn.WithMaxDelay(time.Second)) // by default up to 30 s: too long for a show
	if err != nil {
		return err
	}
	defer client.Close()
	if err := watch.until(ctx, state.Replayed); err != nil {
		return err
	}

	p.heading("It subscribes to the news and hears of every change.")
	subscription, err := client.Subscribe(ctx, "news.today")
	if err != nil {
		return err
	}
	news := &feed{subscription, p, watch}
	if err := news.updates(ctx, 3); err != nil {
		return err
	}

	p.heading("The gateway is killed. The service goes on; the client tries to get back.")
	p.line("gateway", "is killed without a goodbye")
	if err := w.gateway.Kill(); err != nil {
		return err
	}
	if err := watch.until(ctx, state.Lost); err != nil {
		return err
	}
	if err := news.stale(ctx); err != nil {
		return err
	}
	if err := w.outage(ctx, s.at.outage, watch); err != nil {
		return err
	}

	p.heading("The gateway is back. The client subscribes again and learns what it missed.")
	p.line("gateway", "starts again on its old address and remembers nothing")
	if err := w.gateway.Restart(); err != nil {
		return err
	}
	if err := watch.until(ctx, state.Replayed); err != nil {
		return err
	}
	if err := news.synced(ctx); err != nil {
		return err
	}

	p.heading("The feed is live again, on the same subscription.")
	if err := news.updates(ctx, 3); err != nil {
		return err
	}

	p.heading("The client unsubscribes and closes.")
	subscription.Close()
	if err := watch.unsubscribed(ctx); err != nil {
		return err
	}
	p.line("meaning", "unsubscribed: the gateway sends no more news")
	client.Close()
	<-client.Done() // its last log line is written
	stats := client.Stats()
	p.line("figures", "%d messages received, of them %d events; %d dials", stats.Messages, stats.Events, stats.Generation)
	if s.stay {
		p.heading("The gateway and the service stay, until Ctrl-C. In another terminal:")
		p.line("try", "go run ./cmd/res watch news.today --url %s", w.gateway.URL())
		<-ctx.Done()
	}
	return nil
}
