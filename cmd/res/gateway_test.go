package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/resclient/resclient-go/res"
	"github.com/resclient/resclient-go/resgatetest"
)

// world is what the scripts' commands gateway and service act on.
type world struct {
	server *resgatetest.Server
	frames frames
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// gateway has the subcommands
//
//	start [tls|…|legacy|login|compression]…  and sets RES_URL; tls writes ca.pem, and see
//	                                         certificate_test.go for more of it; login
//	                                         lets in only who has the header
//	                                         "Authorization: Bearer sesame"
//	kill, restart, freeze
//	await REGEXP…                          waits for frames, of either direction and in
//	                                       any order, that no await before has had
func gateway(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	switch args[0] {
	case "start":
		w.start(ts, args[1:])
	case "kill":
		ts.Check(w.server.Kill())
	case "restart":
		ts.Check(w.server.Restart())
	case "freeze":
		ts.Check(w.server.Freeze())
	case "await":
		var patterns []*regexp.Regexp
		for _, arg := range args[1:] {
			patterns = append(patterns, regexp.MustCompile(arg))
		}
		if missing := w.frames.await(patterns); len(missing) > 0 {
			ts.Fatalf("no frame matches %v; there were\n%s", missing, w.frames.String())
		}
	default:
		ts.Fatalf("gateway %s?", args[0])
	}
}

func (w *world) start(ts *testscript.TestScript, words []string) {
	opts := []resgatetest.Option{
		resgatetest.WithFrames(w.frames.add),
		resgatetest.WithTimeout(patience), // services answer in time, however busy the machine
	}
	var authority *authority
	for _, word := range words {
		switch word {
		case "tls", "expired", "othername", "mutual", "tls12":
			if authority == nil {
				authority = gatewayAuthority(ts)
				opts = append(opts, resgatetest.WithTLS(authority.server))
			}
			authority.change(ts, word)
		case "legacy":
			opts = append(opts, resgatetest.WithLegacy("1.1.1"))
		case "login":
			opts = append(opts, resgatetest.WithHeaderAuth("auth.login.header"))
		case "compression":
			opts = append(opts, resgatetest.WithCompression())
		default:
			ts.Fatalf("gateway start %s?", word)
		}
	}
	w.server = resgatetest.New(opts...)
	ts.Defer(func() { w.server.Close() })
	ts.Setenv("RES_URL", w.server.URL())
	ts.Check(w.server.Service().HandleAuth("auth.login", "header", bearerOnly))
	ts.Check(w.server.Service().HandleAuth("auth.user", "login", passwordOnly))
}

// bearerOnly refuses a handshake without the one token.
func bearerOnly(r *resgatetest.Request) (any, error) {
	if r.Header.Get("Authorization") != "Bearer sesame" {
		r.SetMeta(401, nil)
		return nil, res.ErrAccessDenied
	}
	return nil, nil
}

// passwordOnly is a login with a password, which gives the connection a token.
func passwordOnly(r *resgatetest.Request) (any, error) {
	var p struct{ Password string }
	if err := r.ParseParams(&p); err != nil || p.Password != "sesame" {
		return nil, res.ErrAccessDenied
	}
	return nil, r.SetToken(map[string]any{"user": 1})
}

// service has the subcommands
//
//	model RID JSON, collection RID JSON   give a resource
//	change RID JSON, event RID NAME JSON, delete RID
//	echo RID METHOD                       a method that answers with its params
//	make RID METHOD NEW                   a method that answers with a resource
//	settable RID                          gives a model the method set
//	deny RID                              nobody may read or call it without a login
//	mute RID                              it is never answered for
func service(ts *testscript.TestScript, _ bool, args []string) {
	s := worldOf(ts).server.Service()
	properties := func(text string) map[string]any {
		var values map[string]res.Value // which keeps references and actions
		ts.Check(json.Unmarshal([]byte(text), &values))
		return boxed(values)
	}
	rid := args[1]
	switch args[0] {
	case "model":
		ts.Check(s.SetModel(rid, properties(args[2])))
	case "collection":
		var items []any
		var values []res.Value
		ts.Check(json.Unmarshal([]byte(args[2]), &values))
		for _, v := range values {
			items = append(items, v)
		}
		ts.Check(s.SetCollection(rid, items))
	case "change":
		ts.Check(s.Change(rid, properties(args[2])))
	case "event":
		ts.Check(s.Event(rid, args[2], json.RawMessage(args[3])))
	case "delete":
		ts.Check(s.Delete(rid))
	case "echo":
		ts.Check(s.HandleCall(res.Pattern(rid), args[2], func(r *resgatetest.Request) (any, error) { return r.Params, nil }))
	case "make":
		ts.Check(s.HandleCall(res.Pattern(rid), args[2], func(*resgatetest.Request) (any, error) { return resgatetest.Resource(args[3]), nil }))
	case "settable":
		ts.Check(s.HandleCall(res.Pattern(rid), "set", func(r *resgatetest.Request) (any, error) { return nil, setOn(s, r) }))
	case "deny":
		ts.Check(s.HandleAccess(res.Pattern(rid), withToken))
	case "mute":
		ts.Check(s.Mute(res.Pattern(rid)))
	default:
		ts.Fatalf("service %s?", args[0])
	}
}

// setOn is the method set of a model.
func setOn(s *resgatetest.Service, r *resgatetest.Request) error {
	var values map[string]res.Value
	if err := r.ParseParams(&values); err != nil {
		return err
	}
	return s.Change(r.RID, boxed(values))
}

func boxed(values map[string]res.Value) map[string]any {
	m := make(map[string]any, len(values))
	for name, value := range values {
		m[name] = value
	}
	return m
}

// withToken lets in connections that have a token.
func withToken(r *resgatetest.Request) (resgatetest.Access, error) {
	if string(r.Token) == "null" {
		return resgatetest.Access{}, nil
	}
	return resgatetest.Access{Get: true, Call: "*"}, nil
}

// frames are those that a gateway has received and sent.
type frames struct {
	mu   sync.Mutex
	all  [][]byte
	seen int // by await
	news sync.Cond
}

func (f *frames) add(frame resgatetest.Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, append([]byte(nil), frame.Data...))
	f.cond().Broadcast()
}

func (f *frames) cond() *sync.Cond {
	if f.news.L == nil {
		f.news.L = &f.mu
	}
	return &f.news
}

// patience is how long a script waits for what must come.
const patience = 30 * time.Second

// await returns the patterns that no frame has come for.
func (f *frames) await(patterns []*regexp.Regexp) (missing []*regexp.Regexp) {
	f.mu.Lock()
	defer f.mu.Unlock()
	late := false
	timer := time.AfterFunc(patience, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		late = true
		f.cond().Broadcast()
	})
	defer timer.Stop()
	for {
		for f.seen < len(f.all) && len(patterns) > 0 {
			f.seen++
			patterns = slices.DeleteFunc(patterns, func(p *regexp.Regexp) bool { return p.Match(f.all[f.seen-1]) })
		}
		if late || len(patterns) == 0 {
			return patterns
		}
		f.cond().Wait()
	}
}

func (f *frames) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text := ""
	for _, frame := range f.all {
		text += string(frame) + "\n"
	}
	return text
}
