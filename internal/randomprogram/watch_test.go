package randomprogram_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/subs"
)

// watched is what a feed knows that is read with conn.Watch.
type watched struct {
	values int
	latest string
	stop   context.CancelFunc // nil before it has begun
}

// watch begins to watch, and returns when there is a first value or an error.
func (f *feed) watch(ctx context.Context) error {
	watching, stop := context.WithCancel(context.Background())
	f.mu.Lock()
	f.stop = stop
	if f.closed {
		stop()
	}
	f.mu.Unlock()
	first := make(chan error, 1)
	f.run.callings.Go(func() {
		defer stop()
		f.follow(watching, first)
	})
	select {
	case err := <-first:
		return err
	case <-ctx.Done():
		f.close()
		return ctx.Err()
	}
}

// follow takes every value in, and says on first what became of the subscribing.
func (f *feed) follow(ctx context.Context, first chan<- error) {
	var last error
	for v, err := range conn.Watch[any](ctx, f.client.Client, f.rid) {
		last = err
		if err != nil && !strings.Contains(err.Error(), ": decode ") { // which a resource in error cannot be
			continue
		}
		if f.show(shown(v, err)) == 1 {
			first <- nil
		}
		time.Sleep(f.how.pause)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.values == 0:
		f.closed = true
		first <- last
	case !f.closed:
		f.run.fail(fmt.Errorf("client %d: watching %q has ended: %w", f.client.number, f.rid, last))
	}
}

func shown(v any, err error) string {
	if err != nil {
		return "error " + codeOf(err)
	}
	text, err := json.Marshal(v)
	return fmt.Sprint(string(text), err)
}

// show takes in a value, which must be another than the one before, and returns how
// many there have been.
func (f *feed) show(value string) int {
	f.run.log.printf("  client %d: %p %s is %s", f.client.number, f, f.rid, value)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values++; value == f.latest && !strings.HasPrefix(value, "error") {
		f.run.fail(fmt.Errorf("client %d: %q is %s again", f.client.number, f.rid, value))
	}
	f.latest = value
	return f.values
}

// compareLatest says what is wrong with the latest value, given that the view is right.
func (f *feed) compareLatest(v *subs.View) string {
	var is any
	err := v.Decode(f.rid, &is)
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := shown(is, err); v.Live(f.rid) && f.latest != want {
		return fmt.Sprintf("is %s, and its latest value %s", want, f.latest)
	}
	return ""
}
