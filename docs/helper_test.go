// Package docs_test holds the functions that the documents quote, and runs them.
package docs_test

import (
	"context"
	"log"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// library is a gateway with a library behind it.
func library(opts ...resgatetest.Option) *resgatetest.Server {
	gateway := resgatetest.New(opts...)
	service := gateway.Service()
	must(service.SetModel("library", map[string]any{"name": "Harbour", "books": res.Ref("library.books")}))
	must(service.SetCollection("library.books", []any{res.Ref("library.book.1"), res.Ref("library.book.2")}))
	must(service.SetModel("library.book.1", map[string]any{"title": "Emma", "copies": 2}))
	must(service.SetModel("library.book.2", map[string]any{"title": "Dracula", "copies": 0}))
	must(service.SetCollection("library.queue", []any{"ann", "bob"}))
	return gateway
}

// connected makes a client of a gateway, or ends the program.
func connected(gateway *resgatetest.Server, opts ...conn.Option) *conn.Client {
	client, err := conn.Dial(context.Background(), gateway.URL(), opts...)
	must(err)
	return client
}

// sends tells by a channel that the gateway sends what rid holds.
func sends(rid string) (resgatetest.Option, <-chan struct{}) {
	sent := make(chan struct{})
	tell := sync.OnceFunc(func() { close(sent) })
	return resgatetest.WithFrames(func(f resgatetest.Frame) {
		if f.Direction == resgatetest.ToClient && strings.Contains(string(f.Data), `"`+rid+`":{`) {
			tell()
		}
	}), sent
}

// until waits until something is so.
func until(is func() bool) {
	for !is() {
		runtime.Gosched()
	}
}

// must is for what cannot fail in an example.
func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
