package faultproxy_test

import (
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/subs"
)

// feed is a client that follows a counter through a proxy, and keeps what it counts
// from events alone.
type feed struct {
	*world
	service *resgatetest.Service
	client  *conn.Client
	n       int          // what the service counts
	heard   atomic.Value // what the client has heard last, a string
}

// follow runs a test with a client that is in sync.
func follow(t *testing.T, test func(*feed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := resgatetest.NewNetwork()
		gateway := resgatetest.New(resgatetest.WithNetwork(n, "gateway:80"))
		t.Cleanup(func() { must(t, gateway.Close()) })
		f := &feed{world: newWorld(t, n, "gateway:80"), service: gateway.Service()}
		must(t, f.service.SetModel("counter", map[string]any{"n": 0}))
		c, err := conn.Dial(t.Context(), f.proxy.URL(), conn.WithNetDial(n.Dial), conn.WithSeed(1, 2), conn.WithReadLimit(1<<20))
		must(t, err)
		defer c.Close()
		f.client = c
		_, err = c.Subscribe(t.Context(), "counter", conn.WithHandler(f.hear))
		must(t, err)
		test(f)
	})
}

func (f *feed) hear(ev subs.Event) {
	var n res.Value
	switch ev := ev.(type) {
	case *subs.Sync:
		n = ev.Resource.Value("n")
	case *subs.Change:
		n = ev.Value("n")
	default:
		return
	}
	f.heard.Store(n.String())
}

// count makes the service count, some times, one a second.
func (f *feed) count(times int) {
	f.t.Helper()
	for range times {
		f.n++
		must(f.t, f.service.Change("counter", map[string]any{"n": f.n}))
		time.Sleep(time.Second)
	}
}

// expectInSync checks that the client follows.
func (f *feed) expectInSync() {
	f.t.Helper()
	must(f.t, f.client.WaitInSync(f.t.Context()))
	f.count(1)
	time.Sleep(10 * time.Second) // what is slow may take its time
	if got := f.heard.Load(); got != strconv.Itoa(f.n) {
		f.t.Errorf("the client has heard %v, and the service counts %d", got, f.n)
	}
}

// Each fault, while the service goes on counting.
func TestAClientComesBackInSyncFromEveryFault(t *testing.T) {
	for _, test := range []struct {
		name      string
		do        func(*feed)
		unnoticed bool // the connection survives
		lasts     time.Duration
	}{
		{name: "nothing", do: func(*feed) {}, unnoticed: true},
		{name: "latency and jitter", unnoticed: true, do: func(f *feed) {
			f.proxy.Set(faultproxy.Faults{Latency: 2 * time.Second, Jitter: time.Second})
		}},
		{name: "bandwidth", unnoticed: true, do: func(f *feed) { f.proxy.Set(faultproxy.Faults{BytesPerSecond: 200}) }},
		{name: "slices", unnoticed: true, do: func(f *feed) { f.proxy.Set(faultproxy.Faults{Slice: 1, Pause: time.Millisecond}) }},
		{name: "a short stall", unnoticed: true, do: func(f *feed) {
			f.proxy.Stall()
			f.count(20)
			must(f.t, f.proxy.Heal())
		}},
		{name: "a stall", lasts: 10 * time.Minute, do: func(f *feed) { f.proxy.Stall() }},
		{name: "a stall from the client", lasts: time.Minute, do: func(f *feed) { f.proxy.Stall(faultproxy.FromClient) }},
		{name: "a stall from the gateway", lasts: time.Minute, do: func(f *feed) { f.proxy.Stall(faultproxy.FromGateway) }},
		{name: "half open", do: func(f *feed) { f.proxy.HalfOpen() }},
		{name: "cut", do: func(f *feed) { f.proxy.Cut() }},
		{name: "reset", do: func(f *feed) { f.proxy.Reset() }},
		{name: "reset after some bytes", do: func(f *feed) { f.proxy.AfterBytes(faultproxy.FromGateway, 100, f.proxy.Reset) }},
		{name: "cut in mid-frame", do: func(f *feed) { f.proxy.CutMidFrame(faultproxy.FromGateway) }},
		{name: "cut in mid-frame of the client", do: func(f *feed) {
			f.proxy.CutMidFrame(faultproxy.FromClient)
			if err := f.client.Call(f.t.Context(), "counter", "stop", nil, nil); !errors.Is(err, conn.ErrConnectionLost) {
				f.t.Errorf("a call that was cut gives %v", err)
			}
		}},
		{name: "a truncated frame", do: func(f *feed) { f.proxy.TruncateFrame(faultproxy.FromGateway) }},
		{name: "a large frame", unnoticed: true, do: func(f *feed) { f.proxy.OversizeFrame(faultproxy.FromGateway, 1<<19) }},
		{name: "a corrupt frame", do: func(f *feed) { f.proxy.CorruptFrame(faultproxy.FromGateway) }},
		{name: "refused", unnoticed: true, lasts: time.Minute, do: func(f *feed) { f.proxy.Refuse() }},
		{name: "refused, and reset", lasts: time.Hour, do: func(f *feed) {
			f.proxy.Refuse()
			f.proxy.Reset()
		}},
		{name: "a gateway that hangs", lasts: time.Hour, do: func(f *feed) {
			f.proxy.Hang()
			f.proxy.Reset()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			follow(t, func(f *feed) {
				f.count(1)
				before := f.client.Stats().Generation
				test.do(f)
				f.count(30)
				if test.lasts > 0 {
					time.Sleep(test.lasts)
					must(t, f.proxy.Heal())
				}
				f.expectInSync()
				if after := f.client.Stats().Generation; (after == before) != test.unnoticed {
					t.Errorf("it is connection %d after %d, want the same: %v", after, before, test.unnoticed)
				}
			})
		})
	}
}

func TestACorruptFrameIsCountedAndMended(t *testing.T) {
	follow(t, func(f *feed) {
		f.proxy.CorruptFrame(faultproxy.FromGateway)
		f.count(1)
		f.expectInSync()
		if s := f.client.Stats(); s.BadFrames != 1 || s.Resyncs != 1 {
			t.Errorf("%d bad frames and %d resyncs, want one of each", s.BadFrames, s.Resyncs)
		}
	})
}

// What a frame over the read limit was about would only come again.
func TestAFrameOverTheLimitEndsItsSubscriptionAlone(t *testing.T) {
	for _, size := range []int64{2 << 20, 1 << 62} {
		follow(t, func(f *feed) {
			must(t, f.service.SetModel("other", map[string]any{"n": 0}))
			other, err := f.client.Subscribe(f.t.Context(), "other")
			must(t, err)
			f.proxy.OversizeFrame(faultproxy.FromGateway, size)
			must(t, f.service.Change("other", map[string]any{"n": 1}))
			for range other.Events(f.t.Context()) {
			}
			if err := other.Err(); !errors.Is(err, conn.ErrTooLarge) {
				t.Errorf("the subscription has ended with %v", err)
			}
			f.expectInSync()
		})
	}
}

func TestNoisePassesWhenItIsOver(t *testing.T) {
	for every := 20; every < 20_000; every *= 3 {
		follow(t, func(f *feed) {
			f.proxy.Set(faultproxy.Faults{Corrupt: every})
			f.count(300)
			if n := f.proxy.Stats().FromGateway.Corrupted; n == 0 {
				t.Error("no byte was changed")
			}
			must(t, f.proxy.Heal())
			f.proxy.Reset() // a value that was changed into another cannot be noticed
			f.expectInSync()
		})
	}
}
