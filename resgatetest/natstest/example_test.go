package natstest_test

import (
	"fmt"
	"log"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// A client sees a resource of a service on NATS, the gateway is killed, and
// the client sees the resource again when the gateway is back.
func Example() {
	ns, err := natstest.StartNATS()
	if err != nil {
		log.Fatal(err)
	}
	defer ns.Shutdown()

	nc, err := nats.Connect(ns.URL())
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	for subject, answer := range map[string]string{
		"access.news.today": `{"result":{"get":true}}`,
		"get.news.today":    `{"result":{"model":{"message":"hello"}}}`,
	} {
		if _, err := nc.Subscribe(subject, func(m *nats.Msg) { m.Respond([]byte(answer)) }); err != nil {
			log.Fatal(err)
		}
	}
	nc.Flush() // from here on the service listens

	gateway, err := natstest.New(ns.URL())
	if err != nil {
		log.Fatal(err)
	}
	defer gateway.Close()

	for range 2 {
		ws, _, err := websocket.DefaultDialer.Dial(gateway.URL(), nil)
		if err != nil {
			log.Fatal(err)
		}
		ws.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"method":"subscribe.news.today"}`))
		_, frame, _ := ws.ReadMessage()
		fmt.Println(string(frame))

		gateway.Kill()
		_, _, err = ws.ReadMessage()
		fmt.Println("connection lost:", err != nil)
		ws.Close()
		gateway.Restart()
	}
	// Output:
	// {"result":{"models":{"news.today":{"message":"hello"}}},"id":1}
	// connection lost: true
	// {"result":{"models":{"news.today":{"message":"hello"}}},"id":1}
	// connection lost: true
}
