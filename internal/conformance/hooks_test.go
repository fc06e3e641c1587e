package conformance_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
	"github.com/resclient/resclient-go/subs"
)

// meddler is code of the program that, when it is called first, calls every
// method of the client, and closes it in the end.
type meddler struct {
	made     chan struct{}
	client   *client
	once     sync.Once
	returned chan struct{}
}

func (m *meddler) meddle() {
	m.once.Do(func() {
		<-m.made
		c := m.client.Client
		callAll(c)
		c.State()
		c.Stats()
		c.Reconnect()
		c.Close()
		close(m.returned)
	})
}

// Every method of the client, called from every hook, returns.
func hookMayCallEverything(w *world) {
	w.model("a.b", map[string]any{"n": 1})
	for name, options := range map[string]func(m *meddler) (conn.Hooks, []conn.Option){
		"Transition": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{Transition: func(tr state.Transition) {
				if tr.To == state.Connected {
					m.meddle()
				}
			}}, nil
		},
		"Frame": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{Frame: func(conn.Frame) { m.meddle() }}, nil
		},
		"Authenticate": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{Authenticate: func(context.Context, *conn.Session) error {
				m.meddle()
				return nil
			}}, nil
		},
		"BeforeDial": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{BeforeDial: func(context.Context, *conn.Attempt) error {
				m.meddle()
				return nil
			}}, nil
		},
		"logger": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{}, []conn.Option{conn.WithLogger(slog.New(meddlingLog{m}))}
		},
		"back-off": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{}, []conn.Option{conn.WithBackOff(func() backoff.BackOff { return meddlingBackOff{m} })}
		},
		"dialer": func(m *meddler) (conn.Hooks, []conn.Option) {
			return conn.Hooks{}, []conn.Option{conn.WithNetDial(func(ctx context.Context, network, addr string) (net.Conn, error) {
				m.meddle()
				return w.dial(ctx, network, addr)
			})}
		},
	} {
		m := &meddler{made: make(chan struct{}), returned: make(chan struct{})}
		hooks, opts := options(m)
		m.client = w.newClient(hooks, opts...)
		close(m.made)
		receive(w, name+" to return", m.returned)
		receive(w, "the end of the client of "+name, m.client.Done())
	}

	m := &meddler{made: make(chan struct{}), returned: make(chan struct{})}
	m.client = w.connect()
	close(m.made)
	if _, err := m.client.Subscribe(w.within(), "a.b", conn.WithHandler(func(subs.Event) { m.meddle() })); err != nil {
		w.t.Error(err)
	}
	receive(w, "the handler to return", m.returned)
	receive(w, "the end of the client of the handler", m.client.Done())
}

type meddlingLog struct{ *meddler }

func (l meddlingLog) Enabled(context.Context, slog.Level) bool  { return true }
func (l meddlingLog) Handle(context.Context, slog.Record) error { l.meddle(); return nil }
func (l meddlingLog) WithAttrs([]slog.Attr) slog.Handler        { return l }
func (l meddlingLog) WithGroup(string) slog.Handler             { return l }

type meddlingBackOff struct{ *meddler }

func (b meddlingBackOff) NextBackOff() time.Duration { b.meddle(); return time.Second }
func (b meddlingBackOff) Reset()                     {}

// stuck is a dialer that gets nowhere.
func stuck(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
