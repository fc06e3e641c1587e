package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/lmittmann/tint"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

// maxDelay caps the wait between attempts to connect: somebody looks on.
const maxDelay = 5 * time.Second

// patience is how a command takes the loss of its gateway.
type patience uint8

const (
	once  patience = iota // a gateway that cannot be reached ends the command
	stay                  // so does the first attempt; later losses are told, and mended
	await                 // the first attempt is repeated too
)

// client connects to the gateway. The function that it returns ends the connection.
func (a *app) client(ctx context.Context, p patience) (c *conn.Client, end func(), err error) {
	t, err := a.target.resolve(os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	opts, err := a.options(t, p)
	if err != nil {
		return nil, nil, err
	}
	if p != await {
		var cancel context.CancelFunc
		ctx, cancel = a.within(ctx)
		defer cancel()
	}
	defer a.progress("connecting to " + redact(t.url))()
	c, err = conn.Dial(ctx, t.url, opts...)
	if err != nil {
		return nil, nil, cannotConnect(t.url, err)
	}
	return c, func() {
		c.Close()
		<-c.Done() // the last frames and log lines are written
	}, nil
}

// within limits ctx to the time that a command has for an answer.
func (a *app) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.timeout)
}

func (a *app) options(t target, p patience) ([]conn.Option, error) {
	header, err := t.header(os.Getenv)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := t.tls()
	if err != nil {
		return nil, err
	}
	login, err := a.login(t)
	if err != nil {
		return nil, err
	}
	var goOn atomic.Bool // a failed attempt is to be repeated
	level := new(slog.LevelVar)
	level.Set(silent) // so that an error stays one line
	switch {
	case a.verbose:
		level.Set(slog.LevelDebug)
	case p == await:
		level.Set(slog.LevelInfo)
	}
	goOn.Store(p == await)
	final := func(err error) error {
		if err == nil || goOn.Load() {
			return err
		}
		return backoff.Permanent(err)
	}
	opts := []conn.Option{
		conn.WithHeader(header),
		conn.WithTLSConfig(tlsConfig),
		conn.WithLogger(a.newLogger(level)),
		conn.WithMaxDelay(maxDelay),
		conn.WithDialTimeout(a.timeout),
		conn.WithVersionTimeout(a.timeout),
		conn.WithAuthTimeout(a.timeout),
		conn.WithHooks(conn.Hooks{
			Frame:      a.frames(),
			DialFailed: func(_ context.Context, err error) error { return final(err) },
			Authenticate: func(ctx context.Context, s *conn.Session) error {
				if err := login(ctx, s); err != nil {
					return final(err)
				}
				goOn.Store(p != once) // here, and not below, which the next attempt may come before
				return nil
			},
			Transition: func(tr state.Transition) {
				if tr.To == state.Connected && p != once {
					level.Set(min(level.Level(), slog.LevelInfo)) // losses are told
				}
			},
		}),
	}
	if a.dial != nil {
		opts = append(opts, conn.WithNetDial(a.dial))
	}
	return opts, nil
}

// newLogger returns what tells of the connection on standard error, from level on.
func (a *app) newLogger(level *slog.LevelVar) *slog.Logger {
	return slog.New(tint.NewTextHandler(a.err, &tint.Options{
		Level:       level,
		TimeFormat:  time.TimeOnly,
		NoColor:     !a.errTerminal || !a.colour,
		ReplaceAttr: a.brief,
	}))
}

// brief leaves out of a log line what its message says already, or what whoever has started
// the command knows.
func (a *app) brief(_ []string, attr slog.Attr) slog.Attr {
	switch attr.Key {
	case state.FromKey, state.ToKey, state.EventKey, state.GatewayKey, state.GenerationKey, state.SubscriptionsKey:
		if !a.verbose {
			return slog.Attr{}
		}
	}
	return attr
}

// silent is the level of what says nothing.
const silent = slog.LevelError + 1

// login returns the hook that calls the login method on every connection.
func (a *app) login(t target) (func(context.Context, *conn.Session) error, error) {
	if t.login == "" {
		return func(context.Context, *conn.Session) error { return nil }, nil
	}
	rid, method, params, err := a.credentials(t)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, s *conn.Session) error {
		var sent any // none, rather than null
		if params != nil {
			sent = params
		}
		return loginFailed(s.Auth(ctx, rid, method, sent, nil))
	}, nil
}

// credentials returns the login method and its params, nil if none are to be sent.
func (a *app) credentials(t target) (rid, method string, params json.RawMessage, err error) {
	if rid, method, err = t.loginMethod(); err != nil || t.params == "" {
		return rid, method, nil, err
	}
	if params, err = a.document(t.params); err != nil {
		return "", "", nil, fmt.Errorf("login: %w", err)
	}
	return rid, method, params, nil
}

// tls returns how to verify the gateway, and what to show it.
func (t *target) tls() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.ca != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("authorities: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &usageError{fmt.Errorf("authorities: %s has no certificate", t.ca)}
		}
		cfg.RootCAs = pool
	}
	if (t.cert == "") != (t.key == "") {
		return nil, &usageError{errors.New("--cert and --key belong together")}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, fmt.Errorf("client certificate: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// redact leaves out of a URL what may be secret: user info and query.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the gateway"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}
