package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// watching is what flags say about a watch.
type watching struct {
	deep  bool
	wait  bool
	count int
	limit time.Duration
}

func (a *app) watchCommand() *cobra.Command {
	var w watching
	cmd := &cobra.Command{
		Use:   "watch RID...",
		Short: "Print what resources are, and what happens to them",
		Long: `Watch subscribes, and prints every event: first the whole resource, then its changes.
It goes on when the gateway is lost and comes back, with the changes in between; what
the connection does is told on standard error. With -o json each event is one line, with
the fields that docs/cli.md lists.

It ends with --count, --for, Ctrl-C, or when the gateway cannot be reached at first.`,
		Example: `  res watch news.today
  res watch library.books --deep
  res watch news.today -o json --count 10 | jq -c .changes`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.watch(cmd.Context(), w, args) },
	}
	f := cmd.Flags()
	f.BoolVar(&w.deep, "deep", false, "also watch everything that the resources refer to")
	f.BoolVar(&w.wait, "wait", false, "wait for a gateway that is not there yet")
	f.IntVar(&w.count, "count", 0, "end after `n` events, the first ones included; 0: never")
	f.DurationVar(&w.limit, "for", 0, "end after this time; 0: never")
	return cmd
}

// errEnough ends a watch that has printed all that it was asked for.
var errEnough = errors.New("enough events")

func (a *app) watch(ctx context.Context, w watching, rids []string) error {
	if w.count < 0 || w.limit < 0 {
		return &usageError{errors.New("--count and --for must not be negative")}
	}
	ctx, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	if w.limit > 0 {
		timer := time.AfterFunc(w.limit, func() { enough(errEnough) })
		defer timer.Stop()
	}
	c, end, err := a.client(ctx, w.patience())
	if err == nil {
		defer end()
		p := &printer{app: a, left: w.count, enough: func() { enough(errEnough) }}
		err = a.follow(ctx, c, w, rids, p)
	}
	if errors.Is(context.Cause(ctx), errEnough) {
		return nil
	}
	return err
}

func (w watching) patience() patience {
	if w.wait {
		return await
	}
	return stay
}

// follow prints the events of all rids until ctx ends or one of them does.
func (a *app) follow(ctx context.Context, c *conn.Client, w watching, rids []string, p *printer) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, rid := range rids {
		group.Go(func() error {
			s, err := a.subscribe(ctx, c, rid, w)
			if err != nil {
				return err
			}
			defer s.Close()
			for ev := range s.Events(ctx) {
				if err := p.print(ev); err != nil {
					return err
				}
			}
			return fmt.Errorf("watch %s: %w", rid, s.Err())
		})
	}
	return group.Wait()
}

func (a *app) subscribe(ctx context.Context, c *conn.Client, rid string, w watching) (*conn.Subscription, error) {
	var opts []conn.SubscribeOption
	if w.deep {
		opts = append(opts, conn.Deep())
	}
	if !w.wait {
		var cancel context.CancelFunc
		ctx, cancel = a.within(ctx)
		defer cancel()
	}
	return c.Subscribe(ctx, rid, opts...)
}

// printer prints events, of several subscriptions, one at a time.
type printer struct {
	*app
	mu     sync.Mutex
	left   int // events to print; 0 from the start: all
	enough func()
}

func (p *printer) print(ev subs.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left < 0 {
		return nil
	}
	text, err := p.text(ev, time.Now())
	if err != nil {
		return fmt.Errorf("watch %s: %w", ev.RID(), err)
	}
	p.println(text)
	if p.left == 1 {
		p.left = -1
		p.enough()
	} else if p.left > 1 {
		p.left--
	}
	return nil
}

func (p *printer) text(ev subs.Event, at time.Time) ([]byte, error) {
	if p.effective() == pretty {
		colours := p.palette()
		return []byte(colours.paint(dim, at.Format(time.TimeOnly)) + "  " + colours.event(ev)), nil
	}
	return json.Marshal(lineOf(ev, at))
}
