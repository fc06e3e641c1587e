package resgatetest_test

import (
	"errors"
	"fmt"
	"log"
	"syscall"

	"github.com/gorilla/websocket"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

// A gateway is killed and restarted under a plain WebSocket client. What
// happened meanwhile is in the resource that the client gets afterwards.
func Example() {
	srv := resgatetest.New()
	defer srv.Close()
	srv.Service().SetModel("news.today", map[string]any{"headline": "Rain"})

	connect := func() *websocket.Conn {
		ws, _, err := websocket.DefaultDialer.Dial(srv.URL(), nil)
		if err != nil {
			log.Fatal(err)
		}
		ask(ws, `{"id":1,"method":"version","params":{"protocol":"1.2.3"}}`)
		fmt.Println(ask(ws, `{"id":2,"method":"subscribe.news.today"}`))
		return ws
	}

	ws := connect()
	srv.Service().Change("news.today", map[string]any{"headline": "Sun"})
	fmt.Println(read(ws))

	srv.Kill()
	_, _, err := ws.ReadMessage()
	fmt.Println("closed:", websocket.IsCloseError(err, websocket.CloseAbnormalClosure))
	_, _, err = websocket.DefaultDialer.Dial(srv.URL(), nil)
	fmt.Println("refused:", errors.Is(err, syscall.ECONNREFUSED))

	srv.Service().Change("news.today", map[string]any{"headline": "Snow"})
	srv.Restart()
	connect().Close()
	// Output:
	// {"result":{"models":{"news.today":{"headline":"Rain"}}},"id":2}
	// {"event":"news.today.change","data":{"values":{"headline":"Sun"}}}
	// closed: true
	// refused: true
	// {"result":{"models":{"news.today":{"headline":"Snow"}}},"id":2}
}

func ask(ws *websocket.Conn, frame string) string {
	if err := ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		log.Fatal(err)
	}
	return read(ws)
}

func read(ws *websocket.Conn) string {
	_, frame, err := ws.ReadMessage()
	if err != nil {
		log.Fatal(err)
	}
	return string(frame)
}

// A service that lets only those who have logged in see a resource.
func ExampleService_HandleAuth() {
	srv := resgatetest.New()
	defer srv.Close()
	svc := srv.Service()
	svc.SetModel("secret.plan", map[string]any{"target": "moon"})
	svc.HandleAccess("secret.>", func(r *resgatetest.Request) (resgatetest.Access, error) {
		var token struct{ User string }
		if err := r.ParseToken(&token); err != nil || token.User == "" {
			return resgatetest.Access{}, res.ErrAccessDenied
		}
		return resgatetest.Access{Get: true}, nil
	})
	svc.HandleAuth("login", "password", func(r *resgatetest.Request) (any, error) {
		var params struct{ Name, Password string }
		if err := r.ParseParams(&params); err != nil {
			return nil, err
		}
		return "hello " + params.Name, r.SetToken(map[string]string{"user": params.Name})
	})

	ws, _, err := websocket.DefaultDialer.Dial(srv.URL(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ws.Close()
	ask(ws, `{"id":1,"method":"version","params":{"protocol":"1.2.3"}}`)
	fmt.Println(ask(ws, `{"id":2,"method":"subscribe.secret.plan"}`))
	fmt.Println(ask(ws, `{"id":3,"method":"auth.login.password","params":{"name":"ann","password":"x"}}`))
	fmt.Println(ask(ws, `{"id":4,"method":"subscribe.secret.plan"}`))
	// Output:
	// {"error":{"code":"system.accessDenied","message":"Access denied"},"id":2}
	// {"result":{"payload":"hello ann"},"id":3}
	// {"result":{"models":{"secret.plan":{"target":"moon"}}},"id":4}
}

// A call that is answered with a resource, to which the client is then
// subscribed.
func ExampleService_HandleCall() {
	srv := resgatetest.New()
	defer srv.Close()
	svc := srv.Service()
	svc.SetCollection("library.books", nil)
	svc.SetModel("library.book.1", map[string]any{"title": "Dune"})
	svc.HandleCall("library.books", "new", func(r *resgatetest.Request) (any, error) {
		if err := svc.Add("library.books", 0, res.Ref("library.book.1")); err != nil {
			return nil, err
		}
		return resgatetest.Resource("library.book.1"), nil
	})

	ws, _, err := websocket.DefaultDialer.Dial(srv.URL(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ws.Close()
	ask(ws, `{"id":1,"method":"version","params":{"protocol":"1.2.3"}}`)
	fmt.Println(ask(ws, `{"id":2,"method":"call.library.books.new"}`))
	// Output:
	// {"result":{"rid":"library.book.1","models":{"library.book.1":{"title":"Dune"}}},"id":2}
}
