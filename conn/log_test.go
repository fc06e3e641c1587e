package conn_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/conn"
	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/resgatetest"
	"github.com/resclient/resclient-go/state"
)

func TestEverythingThatIsLoggedHasALine(t *testing.T) {
	for _, event := range []state.EventKind{
		state.Started, state.DialFailed, state.Opened, state.Replayed, state.Lost, state.GaveUp, state.CloseRequested,
	} {
		if conn.TransitionMessage(event) == "" {
			t.Errorf("the event %v has no line", event)
		}
	}
	if extra := state.CloseRequested + 1; conn.TransitionMessage(extra) != "" {
		t.Errorf("the event %v is not in the list of this test", extra)
	}
	for kind := range core.NoticeKinds {
		if conn.NoticeMessage(kind) == "" {
			t.Errorf("notice %d has no line", kind)
		}
	}
}

func TestWhatWasWrongIsLoggedBeforeWhatCameOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logged
		w := newHostileWorld(t, func(c net.Conn, r *bufio.Reader) {
			_, _ = io.WriteString(c, wsFrame(0x81, "half a message"))
			discard(r)
		}, conn.WithLogger(log.logger()))
		w.moves()
		want := []string{
			"connecting", "connection open", "connected",
			"unreadable message", "reconnecting to get everything anew", "connection lost",
			"connection open", "connected",
		}
		if got := messages(t, log.take()); !slices.Equal(got, want) {
			t.Errorf("the log is %q, want %q", got, want)
		}
	})
}

func TestWhatIsDeniedAndGrantedAgainIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for rid := range 20 {
			w.must(w.service.SetModel(fmt.Sprint("a.", rid), nil))
		}
		var allowed atomic.Bool
		allowed.Store(true)
		w.must(w.service.HandleAccess("a.*", func(*resgatetest.Request) (resgatetest.Access, error) {
			return resgatetest.Access{Get: allowed.Load()}, nil
		}))
		var log logged
		c := w.connected(conn.WithLogger(log.logger()))
		for rid := range 20 {
			w.subscribe(c, fmt.Sprint("a.", rid))
		}
		synctest.Wait()
		log.take()

		allowed.Store(false)
		w.must(w.service.Reset(nil, []string{"a.*"}))
		synctest.Wait()
		allowed.Store(true)
		w.must(c.WaitInSync(t.Context()))
		time.Sleep(time.Minute)
		synctest.Wait()
		const denied, again = "subscription not granted, will retry", "subscription granted again"
		if got := messages(t, log.take()); !slices.Equal(got, []string{denied, again, denied + " 19", again + " 19"}) {
			t.Errorf("the log is %q", got)
		}
	})
}

// messages returns the messages of lines, with their counts.
func messages(t *testing.T, lines []string) []string {
	t.Helper()
	var all []string
	for _, line := range lines {
		var l struct {
			Msg   string
			Count int
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Count > 0 {
			l.Msg += fmt.Sprint(" ", l.Count)
		}
		all = append(all, l.Msg)
	}
	return all
}

// logged is a log as JSON, and its level.
type logged struct {
	slog.LevelVar
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: &l.LevelVar, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == conn.BytesKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// take returns the lines so far, and forgets them.
func (l *logged) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(l.text.String())
	l.text.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func TestFramesAreLoggedForDebuggingWithoutTheirContents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(w.service.SetModel("a", map[string]any{"password": "secret"}))
		w.must(w.service.HandleCall("a", "change", func(*resgatetest.Request) (any, error) {
			return nil, fmt.Errorf("no: %w", context.Canceled)
		}))
		var log logged
		c := w.connected(conn.WithLogger(log.logger()))
		synctest.Wait()
		for _, line := range log.take() {
			if strings.Contains(line, `"frame"`) {
				t.Errorf("at level Info it logs a frame: %s", line)
			}
		}

		// What is set now is noticed with the next look at the connection.
		log.Set(slog.LevelDebug)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		log.take()
		w.subscribe(c, "a")
		if err := c.Call(t.Context(), "a", "change", map[string]string{"password": "secret"}, nil); err == nil {
			t.Error("the call has worked")
		}
		w.must(w.service.Change("a", map[string]any{"password": "secret too"}))
		w.must(w.service.Event("a", "warned", "secret"))
		synctest.Wait()
		want := []string{
			`{"level":"DEBUG","msg":"sent","frame":"subscribe","generation":1,"id":10,"rid":"a"}`,
			`{"level":"DEBUG","msg":"received","frame":"answer","generation":1,"id":10}`,
			`{"level":"DEBUG","msg":"sent","frame":"call","generation":1,"id":20,"rid":"a","method":"change"}`,
			`{"level":"DEBUG","msg":"received","frame":"error","generation":1,"id":20,"code":"system.internalError"}`,
			`{"level":"DEBUG","msg":"received","frame":"event","generation":1,"rid":"a","name":"change"}`,
			`{"level":"DEBUG","msg":"received","frame":"event","generation":1,"rid":"a","name":"warned"}`,
		}
		got := withoutIDs(t, log.take())
		if want := withoutIDs(t, want); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("the log is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}

		log.Set(slog.LevelInfo)
		time.Sleep(15 * time.Second)
		w.must(w.service.Event("a", "warned", nil))
		synctest.Wait()
		if got := log.take(); len(got) != 0 {
			t.Errorf("back at level Info it logs %q", got)
		}
	})
}

// withoutIDs replaces the ids of requests by the order in which they first occur.
func withoutIDs(t *testing.T, lines []string) []string {
	t.Helper()
	seen := make(map[float64]int)
	var all []string
	for _, line := range lines {
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			t.Fatal(err)
		}
		if id, ok := members["id"].(float64); ok {
			if seen[id] == 0 {
				seen[id] = len(seen) + 1
			}
			members["id"] = seen[id]
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}
