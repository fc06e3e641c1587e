package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// config is what the flags say.
type config struct {
	length    time.Duration
	resources int
	clients   int
	compress  int // of them
	gateways  int
	services  int
	writes    float64 // a second, of all services together
	every     time.Duration
	faults    string
	seed      uint64
	report    string
	patience  time.Duration
}

func main() {
	var cfg config
	flag.DurationVar(&cfg.length, "for", time.Minute, "how long there is chaos")
	flag.IntVar(&cfg.resources, "resources", 300, "how many resources the services have, about")
	flag.IntVar(&cfg.clients, "clients", 6, "how many clients there are")
	flag.IntVar(&cfg.compress, "compress", 2, "how many of the clients have their messages compressed")
	flag.IntVar(&cfg.gateways, "gateways", 3, "how many gateways there are")
	flag.IntVar(&cfg.services, "services", 3, "how many services there are")
	flag.Float64Var(&cfg.writes, "writes", 200, "how many writes a second the services make together")
	flag.DurationVar(&cfg.every, "every", 2*time.Second, "the time between two faults, on average")
	flag.StringVar(&cfg.faults, "faults", "all", "which kinds of faults there are, with commas in between: "+kindNames())
	flag.Uint64Var(&cfg.seed, "seed", rand.Uint64N(1_000_000), "where faults and writes come from")
	flag.StringVar(&cfg.report, "report", "chaos.html", "the file to write the report to; empty for none")
	flag.DurationVar(&cfg.patience, "patience", time.Minute, "how long everything has to settle in the end")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	v, err := run(ctx, cfg, os.Stdout, newProgress(os.Stderr))
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	case !v.clean():
		os.Exit(1)
	}
}

// check says what is wrong with the flags.
func (c config) check() error {
	switch {
	case c.length < time.Second:
		return errors.New("-for must be a second at least")
	case c.clients < 1 || c.gateways < 1 || c.services < 1:
		return errors.New("there must be a client, a gateway and a service")
	case c.compress < 0:
		return errors.New("-compress must not be negative")
	case c.resources < 10*c.services:
		return errors.New("-resources must be 10 for each service at least")
	case c.writes < 0 || c.every <= 0 || c.patience <= 0:
		return errors.New("-writes, -every and -patience must be positive")
	}
	return nil
}

// run makes a world, has it run through the chaos, and says what has become of it. When ctx
// ends, the chaos is over, and is judged as it stands.
func run(ctx context.Context, cfg config, out io.Writer, p *progress) (*verdict, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	kinds, err := kindsNamed(cfg.faults)
	if err != nil {
		return nil, err
	}
	start := measure()
	w, err := newWorld(ctx, cfg)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "chaos: seed %d, %s; %d gateways: %s\n", cfg.seed, cfg.length, cfg.gateways, w.gateways[0].Kind())
	v := &verdict{cfg: cfg, gateway: w.gateways[0].Kind()}
	if _, wrong := w.settle(ctx, cfg.patience); len(wrong) > 0 {
		w.close()
		return nil, fmt.Errorf("it does not even begin: %w", errors.Join(wrong...))
	}
	before := measure()
	began := time.Now()
	chaos(ctx, w, kinds, p, v)
	if ctx.Err() != nil {
		v.cfg.length = max(time.Second, time.Since(began).Round(time.Second))
		fmt.Fprintf(out, "chaos: over after %s\n", v.cfg.length)
	}
	v.took, v.wrong = w.settle(context.WithoutCancel(ctx), cfg.patience)
	v.settled(w, before)
	w.close()
	v.closed(start, 10*time.Second)
	v.print(out)
	if cfg.report == "" {
		return v, nil
	}
	if err := writeReport(cfg.report, v); err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "report: %s\n", cfg.report)
	return v, nil
}

// chaos is what happens between the start and the end.
func chaos(ctx context.Context, w *world, kinds []*kind, p *progress, v *verdict) {
	writing, stopWriting := context.WithCancel(ctx)
	var writers running
	for i, s := range w.services {
		rng := rand.New(rand.NewPCG(w.cfg.seed, uint64(1000+i)))
		writers.Go(func() error { s.write(writing, w.cfg.writes/float64(len(w.services)), rng); return nil })
	}
	harming, stopHarming := context.WithTimeout(ctx, w.cfg.length)
	var lives running
	for _, c := range w.clients {
		lives.Go(func() error { return c.live(harming, len(w.services)) })
	}
	watching, stopWatching := context.WithCancel(ctx)
	var watcher running
	watcher.Go(func() error { p.watch(watching, w); return nil })

	m := newMonkey(w, kinds, w.cfg.every, w.cfg.seed)
	m.run(harming)
	<-harming.Done()
	stopHarming()
	v.errs = append(v.errs, m.errs...)
	v.errs = append(v.errs, lives.wait()...)
	stopWriting()
	writers.wait()
	w.anew()
	stopWatching()
	watcher.wait()
}
