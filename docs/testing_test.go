package docs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
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
