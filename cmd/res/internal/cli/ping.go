package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/resclient/resclient-go/cmd/res/internal/probe"
)

func (a *app) pingCommand() *cobra.Command {
	var count int
	var interval time.Duration
	cmd := &cobra.Command{
		Use:   "ping",
		Short: "Measure how fast the gateway answers",
		Long: `Ping sends version requests, which the gateway answers by itself, over one connection,
and prints how long each took.`,
		Example: `  res ping
  res ping --count 100 --interval 100ms --url wss://example.com/ws`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if count < 1 || interval < 0 {
				return &usageError{errors.New("--count must be 1 or more, and --interval not negative")}
			}
			return a.ping(cmd.Context(), count, interval)
		},
	}
	cmd.Flags().IntVar(&count, "count", 4, "how many requests to send")
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "from one to the next")
	return cmd
}

// route returns the way to the gateway of the command line.
func (a *app) route() (*probe.Route, target, error) {
	t, err := a.target.resolve(os.Getenv)
	if err != nil {
		return nil, t, err
	}
	header, err := t.header(os.Getenv)
	if err != nil {
		return nil, t, err
	}
	cfg, err := t.tls()
	if err != nil {
		return nil, t, err
	}
	r, err := probe.NewRoute(t.url, header, cfg)
	if err != nil {
		return nil, t, &usageError{err}
	}
	r.Dial = a.dial
	return r, t, nil
}

func (a *app) ping(ctx context.Context, count int, interval time.Duration) error {
	route, t, err := a.route()
	if err != nil {
		return err
	}
	link, err := a.link(ctx, route)
	if err != nil {
		return cannotConnect(t.url, err)
	}
	defer link.Close()
	times := make([]time.Duration, 0, count)
	for i := range count {
		if i > 0 {
			if err := wait(ctx, interval); err != nil {
				return err
			}
		}
		took, protocol, err := a.echo(ctx, link)
		if err != nil {
			return fmt.Errorf("ping %s: %w", redact(t.url), err)
		}
		times = append(times, took)
		a.printPing(i+1, protocol, took)
	}
	if a.effective() == pretty {
		slices.Sort(times)
		fmt.Fprintf(a.out, "min %s, median %s, max %s\n", short(times[0]), short(times[len(times)/2]), short(times[len(times)-1]))
	}
	return nil
}

func (a *app) link(ctx context.Context, route *probe.Route) (*probe.Link, error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	defer a.progress("connecting to " + route.Address())()
	return route.Open(ctx)
}

func (a *app) echo(ctx context.Context, link *probe.Link) (took time.Duration, protocol string, err error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	defer a.progress("waiting for an answer")()
	protocol, took, err = link.Version(ctx)
	return took, protocol, err
}

func (a *app) printPing(seq int, protocol string, took time.Duration) {
	if a.effective() == pretty {
		fmt.Fprintf(a.out, "%d: protocol %s, %s\n", seq, protocol, short(took))
		return
	}
	fmt.Fprintf(a.out, `{"seq":%d,"protocol":%q,"ms":%.3f}`+"\n", seq, protocol, float64(took.Microseconds())/1000)
}

// short rounds a duration for reading.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// wait waits, but not beyond the end of ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
