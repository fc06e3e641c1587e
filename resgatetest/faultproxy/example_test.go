package faultproxy_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/subs"
)

// Board is the service that is tested: it shows the price of something, and says
// when it may be old. It knows nothing of gateways in tests, or of proxies.
type Board struct {
	mu    sync.Mutex
	shown string
	news  chan struct{} // has a token when something else is shown
}

// NewBoard makes a board that follows the price at a gateway.
func NewBoard(ctx context.Context, url string) (*Board, *conn.Client, error) {
	client, err := conn.Dial(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	b := &Board{news: make(chan struct{}, 1)}
	_, err = client.Subscribe(ctx, "shop.price", conn.WithHandler(b.hear))
	return b, client, err
}

func (b *Board) hear(ev subs.Event) {
	switch ev := ev.(type) {
	case *subs.Sync:
		b.show(ev.Resource.Value("euro").String())
	case *subs.Change:
		b.show(ev.Value("euro").String())
	case *subs.Stale:
		b.show("closed")
	}
}

func (b *Board) show(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = what
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// Await waits until the board shows something.
func (b *Board) Await(what string) {
	for range b.news {
		b.mu.Lock()
		shown := b.shown
		b.mu.Unlock()
		if shown == what {
			fmt.Println("the board shows", shown)
			return
		}
	}
}

// A service of one's own has its feed cut in the middle of a message, on real
// sockets. It must not show the old price as if it were the present one, and must have the
// new one in the end.
func Example() {
	gateway := resgatetest.New()
	defer gateway.Close()
	shop := gateway.Service()
	shop.SetModel("shop.price", map[string]any{"euro": 10})

	proxy, err := faultproxy.Start(gateway.URL())
	if err != nil {
		log.Fatal(err)
	}
	defer proxy.Close()

	board, client, err := NewBoard(context.Background(), proxy.URL())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	board.Await("10")

	cut := proxy.CutMidFrame(faultproxy.FromGateway)
	proxy.Refuse() // the next connections, so that it stays away for a while
	shop.Change("shop.price", map[string]any{"euro": 12})
	<-cut
	board.Await("closed")

	shop.Change("shop.price", map[string]any{"euro": 15}) // nobody hears of it
	if err := proxy.Heal(); err != nil {
		log.Fatal(err)
	}
	board.Await("15")
	fmt.Println("broken frames:", proxy.Stats().FromGateway.Broken)
	// Output:
	// the board shows 10
	// the board shows closed
	// the board shows 15
	// broken frames: 1
}
