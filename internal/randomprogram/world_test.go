package randomprogram_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/resgatetest/natstest"
)

// world is a gateway with services behind it.
type world struct {
	gateway natstest.Gateway
	service *resgatetest.Service
	network *resgatetest.Network // in memory only
	options []conn.Option        // of clients
	settle  func()               // returns when what was begun is done, or probably done

	longest  time.Duration // that an action may wait
	timeout  time.Duration // of the gateway, for services
	patience time.Duration // until everything must have settled
	stuck    time.Duration // after which what may be wrong is taken for as good as it gets
}

const gatewayAddr = "gateway:8080"

// inMemory runs f with a world in memory, on a fake clock.
func inMemory(t *testing.T, f func(*world) error) (err error) {
	synctest.Test(t, func(t *testing.T) {
		service := resgatetest.NewService()
		network := resgatetest.NewNetwork()
		server := resgatetest.New(resgatetest.WithNetwork(network, gatewayAddr), resgatetest.WithService(service))
		err = f(&world{
			gateway: server,
			service: service,
			network: network,
			options: []conn.Option{
				conn.WithNetDial(network.Dial),
				conn.WithRetryBackOff(retries(time.Second, 10*time.Second)),
				conn.WithProbeInterval(time.Second),
			},
			settle:   synctest.Wait,
			longest:  time.Hour,
			timeout:  3 * time.Second,
			patience: time.Hour,
			stuck:    15 * time.Minute,
		})
		err = errors.Join(err, server.Close(), service.Close())
	})
	return err
}

// onNATS runs f with a world of real sockets and a real clock.
func onNATS(t *testing.T, f func(*world) error) error {
	bus, err := natstest.StartNATS()
	if err != nil {
		return err
	}
	defer bus.Shutdown()
	nc, err := nats.Connect(bus.URL())
	if err != nil {
		return err
	}
	defer nc.Close()
	service := resgatetest.NewService()
	defer service.Close()
	stop, err := natstest.Serve(nc, service.Bus())
	if err != nil {
		return err
	}
	defer stop()
	const timeout = 200 * time.Millisecond
	gateway, err := natstest.New(bus.URL(), natstest.WithTimeout(timeout))
	if err != nil {
		return err
	}
	defer gateway.Close()
	t.Log("gateway:", gateway.Kind())
	var dialer net.Dialer
	return f(&world{
		gateway: gateway,
		service: service,
		options: []conn.Option{
			conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, addr)
			}),
			conn.WithRetryBackOff(retries(10*time.Millisecond, time.Second)),
			conn.WithProbeInterval(time.Second),
			conn.WithMaxDelay(50 * time.Millisecond),
			conn.WithPing(500*time.Millisecond, 500*time.Millisecond),
			conn.WithRequestTimeout(3 * time.Second),
		},
		settle:   func() { time.Sleep(3 * time.Millisecond) },
		longest:  100 * time.Millisecond,
		timeout:  timeout,
		patience: 2 * time.Minute,
		stuck:    15 * time.Second,
	})
}

// retries returns the back-offs of subscriptions.
func retries(first, most time.Duration) func() backoff.BackOff {
	return func() backoff.BackOff {
		return backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(first), backoff.WithMaxInterval(most), backoff.WithMaxElapsedTime(0))
	}
}

// connections returns what the gateway counts, if it can tell.
func (w *world) connections() (all []resgatetest.ConnInfo, known bool) {
	if g, tells := w.gateway.(interface {
		Connections() []resgatetest.ConnInfo
	}); tells {
		return g.Connections(), true
	}
	return nil, false
}
