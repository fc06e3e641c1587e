package main

import (
	"context"
	"os"
	"runtime/pprof"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// dial makes the client. Its queues hold all that a blast sends, so that nothing is
// folded and every event reaches its handler; and it dials again at once, because the
// delay is not what is measured.
func dial(ctx context.Context, c config, opts ...conn.Option) (*conn.Client, error) {
	return conn.Dial(ctx, c.url, append([]conn.Option{
		conn.WithQueueLimits(1<<30, 1<<30),
		conn.WithBackOff(func() backoff.BackOff { return &backoff.ZeroBackOff{} }),
	}, opts...)...)
}

// subscribe subscribes to everything, side by side, and returns when all is there.
func subscribe(ctx context.Context, client *conn.Client, rids []string, handler func(subs.Event)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(256)
	for _, rid := range rids {
		group.Go(func() error {
			_, err := client.Subscribe(ctx, rid, conn.WithHandler(handler))
			return err
		})
	}
	return group.Wait()
}

// stopwatch measures an interval in time and CPU time, and profiles it if it is to.
type stopwatch struct {
	began        time.Time
	user, system time.Duration
	profile      *os.File // nil for none
}

func startStopwatch(c config) (s stopwatch, err error) {
	if c.profile != "" {
		if s.profile, err = os.Create(c.profile); err != nil {
			return s, err
		}
		if err := pprof.StartCPUProfile(s.profile); err != nil {
			return s, err
		}
	}
	s.user, s.system = cpuTime()
	s.began = time.Now()
	return s, nil
}

func (s stopwatch) stop(f *figures) error {
	user, system := cpuTime()
	f.Seconds = time.Since(s.began).Seconds()
	f.UserSeconds, f.SystemSeconds = (user - s.user).Seconds(), (system - s.system).Seconds()
	if s.profile == nil {
		return nil
	}
	pprof.StopCPUProfile()
	return s.profile.Close()
}
