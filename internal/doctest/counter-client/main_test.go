package main

import (
	"context"
	"log"
	"testing"

	"go.uber.org/goleak"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example_countUp() {
	gateway := resgatetest.New()
	defer gateway.Close()
	service := gateway.Service()
	if err := service.SetModel("demo.counter", map[string]any{"count": 0}); err != nil {
		log.Fatal(err)
	}
	count := 0
	err := service.HandleCall(res.Pattern("demo.counter"), "add", func(*resgatetest.Request) (any, error) {
		count++
		return nil, service.Change("demo.counter", map[string]any{"count": count})
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := countUp(context.Background(), gateway.URL()); err != nil {
		log.Fatal(err)
	}
	// Output:
	// demo.counter sync (first) {"count":0}
	// demo.counter change count=1 (was 0)
	// demo.counter change count=2 (was 1)
	// demo.counter change count=3 (was 2)
}
