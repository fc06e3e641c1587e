// Command readme is the program of README.md: it follows the resource news.today
// for as long as it runs, whatever happens to the gateway. The example
// news-service publishes that resource.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

func main() {
	if err := follow(context.Background(), "ws://localhost:8080"); err != nil {
		log.Fatal(err)
	}
}

func follow(ctx context.Context, url string) error {
	client, err := conn.Dial(ctx, url)
	if err != nil {
		return err
	}
	defer client.Close()

	news, err := client.Subscribe(ctx, "news.today")
	if err != nil {
		return err
	}
	for ev := range news.Events(ctx) {
		switch ev := ev.(type) {
		case *subs.Sync: // the whole resource: at first, and after every outage
			fmt.Println("all: ", ev.Resource)
		case *subs.Change: // what has changed, be it while the gateway was away
			fmt.Println("now: ", ev.Value("message"), "before:", ev.Old("message"))
		case *subs.Stale: // the gateway is away; the client is looking for it
			fmt.Println("away:", ev.Cause)
		}
	}
	return news.Err() // ctx has ended, say
}
