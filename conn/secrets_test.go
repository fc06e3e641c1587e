package conn_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/state"
)

// Secrets that clients in tests are given. Every one is found by its first word.
const (
	secretWord     = "hunter"
	secretUser     = "hunter-user"
	secretPassword = "hunter-password"
	secretQuery    = "hunter-query"
	secretHeader   = "hunter-header"
	secretCookie   = "hunter-cookie"
	secretParams   = "hunter-params"
	secretResult   = "hunter-result"
	secretContent  = "hunter-content"
)

// secretURL is that of a gateway, with secrets wherever there is room.
func secretURL(addr string) string {
	return "ws://" + secretUser + ":" + secretPassword + "@" + addr + "/?token=" + secretQuery
}

// secretProxy is the URL of a proxy, with secrets.
var secretProxy = &url.URL{Scheme: "http", Host: "proxy:3128", User: url.UserPassword(secretUser, secretPassword)}

// leak returns a secret that a text repeats, plain or as it goes over the wire, "" if there
// is none.
func leak(text string) string {
	lower := strings.ToLower(text)
	for _, form := range []string{
		secretWord,
		strings.ToLower(base64.StdEncoding.EncodeToString([]byte(secretUser + ":" + secretPassword))),  // Authorization
		strings.Trim(fmt.Sprint([]byte(secretWord)), "[]"),                                             // %v of bytes
		strings.ToLower(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secretWord)), "=")), // bytes in JSON
		fmt.Sprintf("%x", secretWord), strings.ToLower(url.QueryEscape(secretWord)),
	} {
		if i := strings.Index(lower, form); i >= 0 {
			return text[max(0, i-100):min(len(text), i+100)]
		}
	}
	return ""
}

// confessions is all that a client says of itself: its log, at every level, its errors, and
// what it hands out, however that is printed.
type confessions struct {
	mu    sync.Mutex
	texts []confession
}

type confession struct{ what, text string }

func (c *confessions) add(what, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, confession{what, text})
}

// logger is given to clients.
func (c *confessions) logger() *slog.Logger { return slog.New(logCollector{c, "the log", nil}) }

// say prints a value in every way in which programs do.
func (c *confessions) say(what string, v any) {
	for _, format := range []string{"%v", "%+v", "%s", "%q"} {
		c.add(what+" as "+format, fmt.Sprintf(format, v))
	}
	slog.New(logCollector{c, what, nil}).Log(context.Background(), slog.LevelDebug-4, "said", "value", v, slog.Group("group", "value", v))
}

// fail says an error, and everything that it wraps.
func (c *confessions) fail(what string, err error) {
	if err == nil {
		return
	}
	c.add(what, err.Error())
	c.say(what, err)
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		c.fail(what, wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range wrapped.Unwrap() {
			c.fail(what, err)
		}
	}
	if text, err := json.Marshal(err); err == nil {
		c.add(what+" as JSON", string(text))
	}
}

// check fails for everything that repeats a secret.
func (c *confessions) check(t *testing.T, atLeast int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, said := range c.texts {
		if found := leak(said.text); found != "" {
			t.Errorf("%s repeats a secret: …%s…", said.what, found)
		}
	}
	if len(c.texts) < atLeast {
		t.Errorf("only %d texts were collected, want %d at the least", len(c.texts), atLeast)
	}
}

// count is how many texts there are that hold a word.
func (c *confessions) count(word string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, said := range c.texts {
		if strings.Contains(said.text, word) {
			n++
		}
	}
	return n
}

// hooks say all that they are given, but frames.
func (c *confessions) hooks(h conn.Hooks) conn.Hooks {
	h.Transition = func(t state.Transition) {
		c.say("a transition", t)
		c.fail("the cause of a transition", t.Cause)
		if text, err := json.Marshal(t); err == nil {
			c.add("a transition as JSON", string(text))
		}
	}
	h.BeforeDial = func(_ context.Context, a *conn.Attempt) error {
		c.say("an attempt", a)
		c.say("an attempt's value", *a)
		return nil
	}
	h.DialFailed = func(_ context.Context, err error) error {
		c.fail("a failed dial", err)
		if refused := (*conn.HandshakeError)(nil); errors.As(err, &refused) {
			c.say("a handshake error's value", *refused)
		}
		return nil
	}
	return h
}

// client says all that a client tells of itself.
func (c *confessions) client(client *conn.Client) {
	c.say("a client", client)
	c.say("the figures", client.Stats())
	c.say("the state", client.State())
	c.say("the health", client.Health())
	c.fail("the cause in the health", client.Health().Cause)
}

// logCollector is a slog handler that writes each record as text and as JSON.
type logCollector struct {
	to   *confessions
	what string
	with func(slog.Handler) slog.Handler
}

func (l logCollector) Enabled(context.Context, slog.Level) bool { return true }

func (l logCollector) Handle(ctx context.Context, r slog.Record) error {
	var text bytes.Buffer
	opts := &slog.HandlerOptions{Level: slog.LevelDebug - 4, AddSource: true}
	for _, h := range []slog.Handler{slog.NewTextHandler(&text, opts), slog.NewJSONHandler(&text, opts)} {
		if l.with != nil {
			h = l.with(h)
		}
		if err := h.Handle(ctx, r); err != nil {
			return err
		}
	}
	l.to.add(l.what, text.String())
	return nil
}

func (l logCollector) WithAttrs(attrs []slog.Attr) slog.Handler {
	return l.also(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (l logCollector) WithGroup(name string) slog.Handler {
	return l.also(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (l logCollector) also(with func(slog.Handler) slog.Handler) slog.Handler {
	before := l.with
	l.with = func(h slog.Handler) slog.Handler {
		if before != nil {
			h = before(h)
		}
		return with(h)
	}
	return l
}

// The tests of secrets are worth no more than what finds them.
func TestALeakIsFoundInEveryForm(t *testing.T) {
	plain := errors.New("token " + secretParams)
	basic := http.Request{Header: http.Header{}}
	basic.SetBasicAuth(secretUser, secretPassword)
	for name, say := range map[string]func(c *confessions){
		"an error":                 func(c *confessions) { c.fail("it", plain) },
		"a wrapped error":          func(c *confessions) { c.fail("it", quiet{plain}) },
		"one of joined errors":     func(c *confessions) { c.fail("it", errors.Join(errors.New("other"), plain)) },
		"an attribute":             func(c *confessions) { c.logger().Info("x", "y", plain) },
		"a message below debug":    func(c *confessions) { c.logger().Log(context.Background(), slog.LevelDebug-4, plain.Error()) },
		"an attribute from before": func(c *confessions) { c.logger().With("y", secretHeader).WithGroup("g").Info("x") },
		"a header":                 func(c *confessions) { c.say("it", basic.Header) },
		"a field":                  func(c *confessions) { c.say("it", struct{ Params []byte }{[]byte(secretParams)}) },
		"a field behind a pointer": func(c *confessions) { c.say("it", &struct{ Token string }{secretCookie}) },
		"a field that only JSON prints": func(c *confessions) {
			c.say("it", struct{ P *struct{ Token string } }{&struct{ Token string }{secretCookie}})
		},
		"a URL":               func(c *confessions) { c.say("it", secretURL("h")) },
		"a handshake's frame": func(c *confessions) { c.say("it", conn.Frame{Data: []byte(secretParams)}) },
		"a handshake's header": func(c *confessions) {
			c.say("it", conn.HandshakeError{Header: basic.Header}.Header)
		},
	} {
		var c confessions
		say(&c)
		found := false
		for _, said := range c.texts {
			found = found || leak(said.text) != ""
		}
		if !found {
			t.Errorf("a secret in %s is not found in %q", name, c.texts)
		}
	}
	var innocent confessions
	innocent.fail("it", errors.New("dial ws://gateway:8080: refused"))
	innocent.check(t, 1)
}

// quiet is an error that does not repeat what it wraps.
type quiet struct{ error }

func (quiet) Error() string   { return "quiet" }
func (q quiet) Unwrap() error { return q.error }
