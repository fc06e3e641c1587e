package conn_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// scripted is a back-off that says what it was told to, and counts how often it was asked.
type scripted struct {
	says  []time.Duration
	asked int
}

func (b *scripted) NextBackOff() time.Duration {
	b.asked++
	return b.says[min(b.asked, len(b.says))-1]
}

func (b *scripted) Reset() { b.asked = 0 }

func TestTheDelayGrowsPerRoundThroughTheGateways(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rounds := []time.Duration{time.Second, 100 * time.Second, 10_000 * time.Second}
		b := &scripted{says: append(rounds, backoff.Stop)}
		var seen transitions
		c, err := conn.New("ws://a:1", conn.WithNetDial(resgatetest.NewNetwork().Dial), conn.WithSeed(1, 2), conn.WithMaxDelay(24*time.Hour),
			conn.WithGateways("ws://b:1", "ws://c:1"), conn.WithHooks(conn.Hooks{Transition: seen.hook}),
			conn.WithBackOff(func() backoff.BackOff { return b }))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.WaitFor(context.Background(), state.Closed)
		<-c.Done()
		failed := seen.all()[1:]
		if len(failed) != 12 || b.asked != 4 {
			t.Fatalf("%d attempts, and the back-off was asked %d times, want 12 and 4: once a round of three", len(failed), b.asked)
		}
		for round, most := range rounds {
			longest, visited := time.Duration(0), map[string]bool{}
			for _, tr := range failed[3*round : 3*round+3] {
				longest = max(longest, tr.Delay)
				visited[tr.Gateway] = true
			}
			if longest > most || longest < most/100 || len(visited) != 3 {
				t.Errorf("round %d went to %v and waited up to %v, want all three and at most %v", round+1, visited, longest, most)
			}
		}
	})
}

// firstDialled returns which of three gateways a client dials first.
func firstDialled(t *testing.T, opts ...conn.Option) string {
	t.Helper()
	dialled := make(chan string, 1)
	c, err := conn.New("ws://a:1", append(opts, conn.WithGateways("ws://b:1", "ws://c:1"),
		conn.WithNetDial(func(ctx context.Context, _, addr string) (net.Conn, error) {
			select {
			case dialled <- addr:
			default:
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return <-dialled
}

// So a fleet spreads over its gateways.
func TestEveryClientHasAnOrderOfGatewaysOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := map[string]int{}
		for range 100 {
			first[firstDialled(t)]++
		}
		for _, addr := range []string{"a:1", "b:1", "c:1"} {
			if first[addr] < 10 {
				t.Errorf("of a hundred clients, %d dial %s first: %v", first[addr], addr, first)
			}
		}
		seeded := map[string]int{}
		for range 10 {
			seeded[firstDialled(t, conn.WithSeed(1, 2))]++
		}
		if len(seeded) != 1 {
			t.Errorf("clients of one seed dial %v first", seeded)
		}
	})
}

func TestReconnectCutsAWaitShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Kill())
		var seen transitions
		c := w.client(conn.WithMaxDelay(24*time.Hour), conn.WithHooks(conn.Hooks{Transition: seen.hook}),
			conn.WithBackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(24 * time.Hour) }))
		synctest.Wait()
		if list := seen.all(); list[len(list)-1].Delay < time.Minute {
			t.Fatalf("waits only %v: the test does not test what it says", list[len(list)-1].Delay)
		}
		w.must(w.gateway.Restart())
		start := time.Now()
		c.Reconnect()
		w.await(c, state.Connected)
		list := seen.all()
		if time.Since(start) > 0 || c.Stats().Generation != 2 {
			t.Errorf("connected %v after Reconnect, by dial %d, want at once and the second", time.Since(start), c.Stats().Generation)
		}
		if last := list[len(list)-1]; last.Attempt != 2 {
			t.Errorf("attempt %d led to the connection, want the one that was waited for, 2", last.Attempt)
		}
	})
}

func TestReconnectLeavesADialThatIsUnderWayAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.gateway.Freeze())
		c := w.client()
		synctest.Wait()
		c.Reconnect()
		w.must(w.gateway.Thaw())
		w.await(c, state.Connected)
		if n := c.Stats().Generation; n != 1 {
			t.Errorf("dial %d led to the connection, want the first", n)
		}
	})
}

// deadlines are all that a client sets, each with a scene in which it passes. A scene
// returns how long that took.
var deadlines = []struct {
	name        string
	standard    time.Duration
	option      conn.Option
	set         time.Duration
	expected    func(error) bool
	play        func(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error)
	ownsGateway bool // it plays the gateway itself
}{
	{"dial", 10 * time.Second, conn.WithDialTimeout(3 * time.Second), 3 * time.Second, timedOut, playSilentHandshake, false},
	{"handshake", 10 * time.Second, conn.WithHandshakeTimeout(2 * time.Second), 2 * time.Second, timedOut, playSilentHandshake, false},
	{"version", 10 * time.Second, conn.WithVersionTimeout(4 * time.Second), 4 * time.Second, noAnswer, playSilentVersion, true},
	{"authentication", 30 * time.Second, conn.WithAuthTimeout(5 * time.Second), 5 * time.Second, hookTimedOut, playSilentLogin, false},
	{"request", 30 * time.Second, conn.WithRequestTimeout(6 * time.Second), 6 * time.Second, noAnswer, playSilentCall, false},
	{"write", 10 * time.Second, conn.WithWriteTimeout(7 * time.Second), 7 * time.Second, timedOut, playStuckWrite, false},
	{"ping", 25 * time.Second, conn.WithPing(5*time.Second, 3*time.Second), 8 * time.Second, pingTimedOut, playFrozen, false},
}

func timedOut(err error) bool     { var n net.Error; return errors.As(err, &n) && n.Timeout() }
func noAnswer(err error) bool     { return errors.Is(err, conn.ErrNoAnswer) }
func pingTimedOut(err error) bool { return errors.Is(err, conn.ErrPingTimeout) }
func hookTimedOut(err error) bool { return timedOut(err) || noAnswer(err) } // whoever notices first

func TestEveryDeadlineHasADefaultAndAnOption(t *testing.T) {
	for _, d := range deadlines {
		for _, test := range []struct {
			name string
			opts []conn.Option
			want time.Duration
		}{{"default", nil, d.standard}, {"option", []conn.Option{d.option}, d.set}} {
			t.Run(d.name+"/"+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := &world{t: t, network: resgatetest.NewNetwork()}
					if !d.ownsGateway {
						w = newWorld(t, resgatetest.WithTimeout(time.Hour))
					}
					if took, err := d.play(t, w, test.opts...); took != test.want || !d.expected(err) {
						t.Errorf("ended after %v with %v, want %v", took, err, test.want)
					}
				})
			})
		}
	}
}

// failing waits for a failed attempt or a lost connection, and returns how long it
// took from start, and why.
func failing(t *testing.T, w *world, start time.Time, c *conn.Client, seen *transitions) (time.Duration, error) {
	t.Helper()
	for time.Since(start) < time.Minute {
		time.Sleep(time.Second)
		synctest.Wait()
		for _, tr := range seen.all() {
			if tr.Cause != nil {
				c.Close()
				return tr.At.Sub(start), tr.Cause
			}
		}
	}
	t.Fatal("nothing has failed within a minute")
	return 0, nil
}

func playSilentHandshake(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	w.must(w.gateway.Freeze())
	var seen transitions
	start := time.Now()
	c := w.client(append(opts, conn.WithHooks(conn.Hooks{Transition: seen.hook}))...)
	return failing(t, w, start, c, &seen)
}

func playSilentVersion(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	silent := make(chan struct{})
	defer close(silent)
	badGateway(t, w.network, func(wsConn, uint64) { <-silent })
	var seen transitions
	start := time.Now()
	c := w.client(append(opts, conn.WithHooks(conn.Hooks{Transition: seen.hook}))...)
	return failing(t, w, start, c, &seen)
}

func playSilentLogin(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	w.must(w.service.Mute(">"))
	var seen transitions
	start := time.Now()
	c := w.client(append(opts, conn.WithRequestTimeout(time.Hour), conn.WithHooks(conn.Hooks{
		Transition: seen.hook,
		Authenticate: func(ctx context.Context, s *conn.Session) error {
			return s.Auth(ctx, "auth.user", "login", nil, nil)
		},
	}))...)
	return failing(t, w, start, c, &seen)
}

func playSilentCall(_ *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	w.must(w.service.Mute(">"))
	c := w.connected(opts...)
	start := time.Now()
	err := c.Call(context.Background(), "a.b", "m", nil, nil)
	return time.Since(start), err
}

func playStuckWrite(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	var seen transitions
	c := w.connected(append(opts, conn.WithPing(time.Hour, time.Hour), conn.WithHooks(conn.Hooks{Transition: seen.hook}))...)
	w.must(w.gateway.Freeze())
	start := time.Now()
	go c.Call(context.Background(), "a.b", "m", strings.Repeat("x", 8<<20), nil)
	took, err := failing(t, w, start, c, &seen)
	w.must(w.gateway.Thaw())
	return took, err
}

func playFrozen(t *testing.T, w *world, opts ...conn.Option) (time.Duration, error) {
	var seen transitions
	c := w.connected(append(opts, conn.WithHooks(conn.Hooks{Transition: seen.hook}))...)
	start := time.Now()
	w.must(w.gateway.Freeze())
	took, err := failing(t, w, start, c, &seen)
	w.must(w.gateway.Thaw())
	return took, err
}

func TestAttemptsStartAnewOnceAConnectionIsStable(t *testing.T) {
	for _, test := range []struct {
		name    string
		opts    []conn.Option
		lasts   time.Duration
		attempt int
	}{
		{"by default, not after 9 s", nil, 9 * time.Second, 2},
		{"by default, after 11 s", nil, 11 * time.Second, 1},
		{"with an option, not after 59 s", []conn.Option{conn.WithStableAfter(time.Minute)}, 59 * time.Second, 2},
		{"with an option, after 61 s", []conn.Option{conn.WithStableAfter(time.Minute)}, 61 * time.Second, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var seen transitions
				c := w.connected(append(test.opts, conn.WithHooks(conn.Hooks{Transition: seen.hook}))...)
				time.Sleep(test.lasts)
				w.must(w.gateway.Kill())
				w.await(c, state.Dialing)
				synctest.Wait()
				list := seen.all()
				if lost := list[len(list)-1]; lost.Attempt != test.attempt {
					t.Errorf("attempt %d follows, want %d", lost.Attempt, test.attempt)
				}
			})
		})
	}
}

func TestALimitOfAttemptsIsForEachOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const limit = 3
		c := w.connected(conn.WithBackOff(func() backoff.BackOff {
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), limit)
		}))
		for range 5 {
			time.Sleep(time.Minute) // it becomes stable
			w.must(w.gateway.Kill())
			w.await(c, state.Dialing)
			before := c.Stats().Generation
			for c.Stats().Generation < before+limit-1 {
				time.Sleep(10 * time.Millisecond)
			}
			w.must(w.gateway.Restart())
			w.await(c, state.Connected)
		}
		time.Sleep(time.Minute)
		before := c.Stats().Generation
		w.must(w.gateway.Kill())
		w.await(c, state.Dialing)
		err := c.WaitInSync(context.Background())
		if !errors.Is(err, conn.ErrGaveUp) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v, want that it gave up, and why", err)
		}
		if n := c.Stats().Generation - before; n != limit {
			t.Errorf("gave up after %d attempts, want %d", n, limit)
		}
	})
}
