package conn_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
)

// The other refusals of TestARefusedHandshakeIsToldWithStatusHeaderAndBody come from what is in
// front of a gateway, or from its services. This is a gateway's own.
func TestAPathThatIsNotTheGatewaysIsRefused(t *testing.T) {
	w := newNATSWorld(t)
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, err := conn.Dial(ctx, w.gateway.URL()+"/elsewhere", conn.WithHooks(conn.Hooks{
		DialFailed: func(_ context.Context, err error) error { return backoff.Permanent(err) },
	}))
	var refused *conn.HandshakeError
	if !errors.As(err, &refused) {
		t.Fatalf("got %v, want a handshake error", err)
	}
	if refused.Status != http.StatusNotFound || !strings.Contains(string(refused.Body), "system.notFound") {
		t.Errorf("status %d, body %q; want 404 and the gateway's error", refused.Status, refused.Body)
	}
}
