package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

// config is what the flags say.
type config struct {
	url     string
	bench   string
	kind    string
	size    string
	models  int
	events  int
	rate    int
	profile string
}

// figures is the program's output. Times are in seconds, memory is in MiB or bytes.
type figures struct {
	Bench            string  `json:"bench"`
	Kind             string  `json:"kind,omitempty"`
	Size             string  `json:"size,omitempty"`
	Models           int     `json:"models"`
	Events           int     `json:"events,omitempty"`
	Seconds          float64 `json:"seconds"`
	UserSeconds      float64 `json:"cpu_user_s"`
	SystemSeconds    float64 `json:"cpu_sys_s"`
	SubscribeSeconds float64 `json:"subscribe_seconds"`
	HeapPerModel     float64 `json:"heap_bytes_per_model,omitempty"`
	RSSPerModel      float64 `json:"rss_bytes_per_model,omitempty"`
	Allocs           float64 `json:"allocs_per_event,omitempty"`
	Rate             int     `json:"rate,omitempty"`
	P50              float64 `json:"p50_us,omitempty"`
	P99              float64 `json:"p99_us,omitempty"`
	P999             float64 `json:"p999_us,omitempty"`
	RSS              float64 `json:"rss_mb"`
	MaxRSS           float64 `json:"max_rss_mb"`
	Checked          bool    `json:"check_ok"` // the client has what it must have
}

var benches = map[string]func(context.Context, config, *figures) error{
	"blast":       blast,
	"resubscribe": resubscribe,
	"collsync":    resubscribe,
	"memory":      memory,
	"latency":     latency,
	"clients":     clients,
}

func main() {
	var c config
	flag.StringVar(&c.url, "url", "", "the gateway to measure with")
	flag.StringVar(&c.bench, "bench", "blast", "blast, resubscribe, memory, collsync, latency or clients")
	flag.StringVar(&c.kind, "kind", "model", "of resources: model, collection, mixed or refs")
	flag.StringVar(&c.size, "size", "small", "of resources: small or large")
	flag.IntVar(&c.models, "models", 1000, "how many resources; in collsync, how many items; in clients, how many clients")
	flag.IntVar(&c.events, "events", 100_000, "how many events, in blast and latency")
	flag.IntVar(&c.rate, "rate", 10_000, "how many events a second, in latency")
	limit := flag.Duration("limit", 2*time.Minute, "how long it may take")
	flag.StringVar(&c.profile, "cpuprofile", "", "a file to write a CPU profile of what is measured to; not in memory")
	pictures := flag.String("pictures", "", "draw pictures into this folder, of what runs have printed, read from standard input")
	flag.Parse()
	err := error(nil)
	if *pictures != "" {
		err = draw(os.Stdin, *pictures)
	} else {
		err = run(c, *limit)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(c config, limit time.Duration) error {
	bench := benches[c.bench]
	if bench == nil {
		return fmt.Errorf("there is no bench %q", c.bench)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	f := &figures{Bench: c.bench, Kind: c.kind, Size: c.size, Models: c.models}
	if err := bench(ctx, c, f); err != nil {
		return fmt.Errorf("%s: %w", c.bench, err)
	}
	usage := memoryUsage()
	f.RSS, f.MaxRSS = usage.rss, usage.maxRSS
	return json.NewEncoder(os.Stdout).Encode(f)
}
