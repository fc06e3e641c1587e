// Command counter-service is the first service of docs/getting-started.md. It
// serves the model demo.counter, which anyone may read and count up.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"
)

func main() {
	nc, err := nats.Connect(nats.DefaultURL)
	if err != nil {
		log.Fatal(err)
	}
	if err := serve(context.Background(), nc); err != nil {
		log.Fatal(err)
	}
}

// serve serves demo.counter until ctx ends. One loop takes all requests, so the
// count needs no lock, and what is sent is sent in order.
func serve(ctx context.Context, nc *nats.Conn) error {
	requests := make(chan *nats.Msg, 1000)
	for _, subject := range []string{"access.demo.counter", "get.demo.counter", "call.demo.counter.add"} {
		if _, err := nc.ChanSubscribe(subject, requests); err != nil {
			return err
		}
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	// Gateways that asked before found nobody: now they shall ask again.
	reset := `{"resources":["demo.counter"],"access":["demo.counter"]}`
	if err := nc.Publish("system.reset", []byte(reset)); err != nil {
		return err
	}
	for count := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case request := <-requests:
			answer := `{"result":null}`
			switch request.Subject {
			case "access.demo.counter": // who may do what: everybody may read it and call add
				answer = `{"result":{"get":true,"call":"add"}}`
			case "get.demo.counter": // what is it now
				answer = fmt.Sprintf(`{"result":{"model":{"count":%d}}}`, count)
			case "call.demo.counter.add":
				count++
				change := fmt.Sprintf(`{"values":{"count":%d}}`, count)
				if err := nc.Publish("event.demo.counter.change", []byte(change)); err != nil {
					return err
				}
			}
			if err := request.Respond([]byte(answer)); err != nil {
				return err
			}
		}
	}
}
