package conn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

// testCertificate is one for example.com and 127.0.0.1, with the pool that trusts it.
func testCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates[0], pool
}

func TestTLSIsVerified(t *testing.T) {
	certificate, pool := testCertificate(t)
	gateway := resgatetest.New(resgatetest.WithTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
	defer gateway.Close()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()

	c, err := conn.Dial(ctx, gateway.URL(), conn.WithTLSConfig(&tls.Config{RootCAs: pool}))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()

	c, err = conn.Dial(ctx, gateway.URL(), conn.WithHooks(conn.Hooks{
		BeforeDial: func(_ context.Context, a *conn.Attempt) error {
			a.TLS = &tls.Config{RootCAs: pool}
			return nil
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()

	var unknown x509.UnknownAuthorityError
	if err := firstFailure(t, gateway.URL()); !errors.As(err, &unknown) {
		t.Errorf("a certificate of nobody's gives %v, want an unknown authority", err)
	}
}

func TestTLSBelow12IsRefused(t *testing.T) {
	certificate, pool := testCertificate(t)
	gateway := resgatetest.New(resgatetest.WithTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
	}))
	defer gateway.Close()
	err := firstFailure(t, gateway.URL(), conn.WithTLSConfig(&tls.Config{RootCAs: pool}))
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1 gives %v, want an error about the protocol version", err)
	}
}

// firstFailure dials until an attempt has failed, and returns what Dial says of it.
func firstFailure(t *testing.T, url string, opts ...conn.Option) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	c, err := conn.Dial(ctx, url, append(opts, conn.WithHooks(conn.Hooks{Transition: func(tr state.Transition) {
		if tr.Event == state.DialFailed {
			cancel()
		}
	}}))...)
	if err == nil {
		c.Close()
		t.Fatal("connected")
	}
	return err
}
