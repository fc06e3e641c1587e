// Command counter-client is the first client of docs/getting-started.md. It
// counts demo.counter up three times and shows what it hears of it.
package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

func main() {
	if err := countUp(context.Background(), "ws://localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

func countUp(ctx context.Context, url string) error {
	client, err := conn.Dial(ctx, url, conn.WithLogger(slog.Default()))
	if err != nil {
		return err
	}
	defer client.Close()

	counter, err := client.Subscribe(ctx, "demo.counter")
	if err != nil {
		return err
	}
	updates := 0
	for ev := range counter.Events(ctx) {
		fmt.Println(ev)
		if _, ok := ev.(*subs.Change); ok {
			updates++
		}
		if updates == 3 {
			return nil
		}
		if err := client.Call(ctx, "demo.counter", "add", nil, nil); err != nil {
			return err
		}
	}
	return counter.Err()
}
