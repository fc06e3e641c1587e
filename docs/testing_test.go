package docs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/resgatetest/natstest"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

func TestCopiesAreRightAfterAnOutage(t *testing.T) {
	gateway := resgatetest.New()
	defer gateway.Close()
	service := gateway.Service()
	service.SetModel("library.book.1", map[string]any{"copies": 2})

	client, err := conn.Dial(t.Context(), gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Subscribe(t.Context(), "library.book.1"); err != nil {
		t.Fatal(err)
	}

	gateway.Kill()
	if err := client.WaitFor(t.Context(), state.Dialing); err != nil {
		t.Fatal(err)
	}
	service.Change("library.book.1", map[string]any{"copies": 5}) // nobody hears of it
	gateway.Restart()
	if err := client.WaitInSync(t.Context()); err != nil {
		t.Fatal(err)
	}

	book, err := client.Get(t.Context(), "library.book.1")
	if err != nil {
		t.Fatal(err)
	}
	if got := book.Value("copies").String(); got != "5" {
		t.Errorf("%s copies, want 5", got)
	}
}

func TestANightWithoutAGatewayTakesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := resgatetest.NewNetwork()
		gateway := resgatetest.New(resgatetest.WithNetwork(network, "gateway:80"))
		defer gateway.Close()
		client, err := conn.Dial(t.Context(), gateway.URL(), conn.WithNetDial(network.Dial))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()

		gateway.Kill()
		time.Sleep(8 * time.Hour) // on the clock of the bubble
		gateway.Restart()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := client.WaitFor(ctx, state.Connected); err != nil {
			t.Error("the longest delay between attempts is 30 s:", err)
		}
	})
}

func TestAFeedThatIsCutGoesOn(t *testing.T) {
	gateway := resgatetest.New()
	defer gateway.Close()
	service := gateway.Service()
	service.SetModel("library.book.1", map[string]any{"copies": 2})
	proxy, err := faultproxy.Start(gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()

	client, err := conn.Dial(t.Context(), proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	book, err := client.Subscribe(t.Context(), "library.book.1")
	if err != nil {
		t.Fatal(err)
	}

	cut := proxy.CutMidFrame(faultproxy.FromGateway)
	service.Change("library.book.1", map[string]any{"copies": 5})
	<-cut // half of the event has come
	for ev := range book.Events(t.Context()) {
		if change, ok := ev.(*subs.Change); ok {
			if got := change.Value("copies").String(); got != "5" || !change.Resync {
				t.Errorf("%s copies, want 5, learned from a new connection", got)
			}
			return
		}
	}
}

func TestABookIsLentOnce(t *testing.T) {
	gateway := resgatetest.New()
	defer gateway.Close()
	service := gateway.Service()
	service.SetModel("library.book.1", map[string]any{"copies": 1})
	service.HandleCall("library.book.*", "borrow", func(r *resgatetest.Request) (any, error) {
		book, _ := service.Model(r.RID)
		if book["copies"].String() == "0" {
			return nil, &res.Error{Code: "library.allLent", Message: "All copies are lent"}
		}
		return map[string]any{"due": "2030-06-01"}, service.Change(r.RID, map[string]any{"copies": 0})
	})
	service.HandleAccess("library.book.*", func(r *resgatetest.Request) (resgatetest.Access, error) {
		return resgatetest.Access{Get: true, Call: "borrow"}, nil // and no other method
	})

	client, err := conn.Dial(t.Context(), gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := borrow(t.Context(), client, "ann"); err != nil {
		t.Error("the first reader:", err)
	}
	if _, err := borrow(t.Context(), client, "bob"); !errors.Is(err, &res.Error{Code: "library.allLent"}) {
		t.Error("the second reader:", err)
	}
	if err := client.Set(t.Context(), "library.book.1", map[string]any{"copies": 9}); !errors.Is(err, res.ErrAccessDenied) {
		t.Error("a reader who cheats:", err)
	}
}

func TestABookOfAServiceOnNATS(t *testing.T) {
	server, err := natstest.StartNATS()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for subject, answer := range map[string]string{ // in place of the service that is to be tested
		"access.library.book.1": `{"result":{"get":true}}`,
		"get.library.book.1":    `{"result":{"model":{"title":"Emma","copies":2}}}`,
	} {
		nc.Subscribe(subject, func(m *nats.Msg) { m.Respond([]byte(answer)) })
	}
	nc.Flush()
	gateway, err := natstest.New(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	t.Log("the gateway is", gateway.Kind())

	client, err := conn.Dial(t.Context(), gateway.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if b, err := lookUp(t.Context(), client); err != nil || b.Title != "Emma" {
		t.Errorf("got %+v and error %v", b, err)
	}
}
