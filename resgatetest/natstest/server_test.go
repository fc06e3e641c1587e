package natstest_test

import (
	"errors"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/resclient/resclient-go/resgatetest/natstest"
)

func TestServerRefusesConnectionsWhileShutDownAndComesBackOnItsPort(t *testing.T) {
	ns := startNATS(t)
	before := ns.URL()
	connect(t, ns)

	ns.Shutdown()
	ns.Shutdown() // once more does no harm
	u, err := url.Parse(ns.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", u.Host); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling a server that is shut down gives %v, want ECONNREFUSED", err)
	}

	for range 3 { // the last two while it runs
		if err := ns.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	if ns.URL() != before {
		t.Errorf("address is %q after a restart, want still %q", ns.URL(), before)
	}
	connect(t, ns)
}

func TestServerTellsItsAddressWhileItRestarts(t *testing.T) {
	ns := startNATS(t)
	before := ns.URL()
	restarted := make(chan error)
	go func() { restarted <- ns.Restart() }()
	for {
		if ns.URL() != before {
			t.Errorf("address is %q during a restart, want still %q", ns.URL(), before)
		}
		select {
		case err := <-restarted:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

func TestServerTakesOptions(t *testing.T) {
	ns, err := natstest.StartNATS(func(o *server.Options) { o.MaxPayload = 512 })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ns.Shutdown)
	if err := connect(t, ns).Publish("test", make([]byte, 513)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("publishing 513 bytes gives %v, want %v", err, nats.ErrMaxPayload)
	}
}

func TestServerRefusesOptionsThatCannotWork(t *testing.T) {
	_, err := natstest.StartNATS(func(o *server.Options) { o.ServerName = "no spaces please" })
	if err == nil {
		t.Error("a server with a space in its name started, want an error")
	}
}
