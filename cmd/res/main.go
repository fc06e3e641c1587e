// Command res is a command-line client for Resgate: it reads, watches, calls and
// changes resources, and finds out why a gateway cannot be reached.
//
//	go install ./cmd/res
//	res get news.today
//	res watch news.today
//	res doctor ws://localhost:8080
//
// "res help" lists its commands; docs/cli.md has everything about it.
package main

import (
	"os"

	"github.com/resclient/resclient-go/cmd/res/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:]))
}
