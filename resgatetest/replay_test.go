package resgatetest_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resclient/resclient-go/internal/transcript"
	"github.com/resclient/resclient-go/resgatetest"
)

// notReplayed names the transcripts that are not replayed, and why.
var notReplayed = map[string]string{
	"fault-event-flood": "the stand-in takes in events without limit; the real gateway loses its bus as a slow consumer",
}

// replayedUntil names the transcripts that are replayed up to a line, and why.
var replayedUntil = map[string]struct {
	line int
	why  string
}{
	"count-pipelined-overlap": {26, "the order of the responses that follow is not fixed"},
}

func TestStandInSaysWhatTheRealGatewaySaid(t *testing.T) {
	paths, err := filepath.Glob("testdata/transcripts/*.jsonl")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		t.Run(name, func(t *testing.T) {
			if why, ok := notReplayed[name]; ok {
				t.Skip(why)
			}
			tr, err := transcript.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { replay(t, tr) })
		})
	}
}

// player replays one transcript.
type player struct {
	t       *testing.T
	tr      *transcript.Transcript
	at      line
	net     *resgatetest.Network
	srv     *resgatetest.Server
	bus     *scriptBus
	conns   map[string]*rawClient
	first   *rawClient        // of the handshakes in the transcript
	last    *rawClient        // of the handshakes in the transcript
	names   map[string]string // of placeholders such as <CID>
	inexact int

	skipping bool
}

func replay(t *testing.T, tr *transcript.Transcript) {
	p := &player{
		t: t, tr: tr, net: resgatetest.NewNetwork(),
		conns: make(map[string]*rawClient), names: make(map[string]string),
	}
	p.bus = newScriptBus(p.expects)
	p.bus.auto = autoReplies[tr.Scenario]
	defer p.bus.close()
	opts := append(gatewayOptions(t, tr), resgatetest.WithNetwork(p.net, "127.0.0.1:8080"), resgatetest.WithBus(p.bus))
	p.srv = resgatetest.New(opts...)
	defer p.srv.Close()
	if first := tr.Lines[0]; first.Dir == "svc" && strings.HasPrefix(first.Subject, "auth.") {
		p.open("") // a handshake that is not in the transcript
	}
	until, partly := replayedUntil[tr.Scenario]
	for _, l := range tr.Lines {
		synctest.Wait() // the bus, on another goroutine, looks at the line too
		p.at = l
		if partly && p.at.Number > until.line {
			t.Logf("replayed up to line %d: %s", until.line, until.why)
			p.hangUp()
			return
		}
		if p.skips(p.at) {
			continue
		}
		p.play(p.at)
	}
	p.finish()
}

// skips reports whether the line belongs to a request to the HTTP API, which
// the stand-in does not have.
func (p *player) skips(l line) bool {
	if l.Dir == "c2g" {
		p.skipping = l.WS == "handshake" && strings.HasPrefix(*l.Raw, "path /api/")
	}
	return p.skipping
}

func (p *player) fatalf(format string, args ...any) {
	p.t.Helper()
	p.hangUp()
	p.t.Fatalf("line %d: %s", p.at.Number, shorten(fmt.Sprintf(format, args...)))
}

func shorten(text string) string {
	if len(text) > 2000 {
		return text[:2000] + " …"
	}
	return text
}

// wait gives the gateway time, by a clock of the bubble, until ok holds.
func (p *player) wait(ok func() bool) bool {
	for range 600 {
		synctest.Wait()
		if ok() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func (p *player) play(l line) {
	switch l.Dir {
	case "c2g":
		p.clientSends(l)
	case "g2c":
		p.clientReads(l)
	case "svc":
		p.serviceLine(l)
	case "fault":
		p.fault(l)
	case "note":
		p.note(l)
	}
}

func (p *player) clientSends(l line) {
	synctest.Wait()
	p.bus.setLate(false)
	if l.WS == "handshake" {
		p.handshake(l)
		return
	}
	c := p.conn(l.Conn)
	text := p.fill(l.Whole())
	var data []byte
	switch {
	case l.WS == "ping":
		data = frame(0x80|opPing, text)
	case l.WS == "pong":
		data = frame(0x80|opPong, text)
	case l.WS == "close":
		data = closeFrame(l.Note)
	case l.Note == "as a binary message":
		data = frame(0x80|opBinary, text)
	case strings.HasPrefix(l.Note, "in three fragments"):
		data = append(frame(opText, text[:5]), frame(opContinuation, text[5:10])...)
		data = append(data, frame(0x80|opPing, "in between")...)
		data = append(data, frame(0x80|opContinuation, text[10:])...)
	case strings.HasPrefix(l.Note, "text which is not UTF-8"):
		data = frame(0x80|opText, strings.Replace(text, "?", "\xff", 1))
	default:
		data = frame(0x80|opText, text)
	}
	p.write(c, data)
}

// write writes without waiting for the gateway to read.
func (p *player) write(c *rawClient, data []byte) {
	go c.nc.Write(data)
	synctest.Wait()
}

func (p *player) clientReads(l line) {
	if l.WS == "handshake" {
		p.handshakeAnswer(l)
		return
	}
	c := p.conn(l.Conn)
	kind, want := "text", l.Text()
	if l.WS != "" {
		kind = l.WS
	}
	if l.WS == "close" {
		want = l.Note
	}
	var m message
	var exact bool
	if !p.wait(func() (ok bool) {
		m, ok, exact = c.take(kind, func(got string) (bool, bool) { return p.sameLine(l, want, got) })
		return ok
	}) {
		p.fatalf("want %s\ngot %s", want, strings.Join(c.unread(), "\n    "))
	}
	if !exact {
		p.inexact++
	}
	if strings.HasPrefix(l.Note, "opcode 1, ") {
		note, _, _ := strings.Cut(l.Note, " (cut here")
		got := fmt.Sprintf("opcode 1, %d frame(s), RSV1 %v, masked %v, %d payload bytes on the wire", m.frames, m.rsv1, m.masked, m.size)
		if got != note {
			p.fatalf("got the message in\n%s, want\n%s", got, note)
		}
	}
}

// sameLine compares with a message that may be cut in the transcript.
func (p *player) sameLine(l line, want, got string) (same, exact bool) {
	if l.WS == "close" {
		want, got = closeReason(want), closeReason(got)
	}
	head, tail, ok := l.Cut()
	if !ok {
		return p.same(want, got)
	}
	same = len(got) == l.Size && strings.HasPrefix(got, head) && p.match(tail, got[len(got)-len(p.fill(tail)):])
	return same, same
}

func (p *player) serviceLine(l line) {
	switch l.Note, _, _ = strings.Cut(l.Note, " (cut here"); l.Note {
	case "published", "published with an empty payload":
		p.bus.publish(p.fill(l.Subject), []byte(p.fill(l.Text())))
	case "reply", "pre-response":
		synctest.Wait()
		subject := p.fill(l.Subject)
		if !p.bus.reply(subject, []byte(p.fill(l.Whole())), l.Note == "reply") {
			p.fatalf("nobody asked %s", subject)
		}
	case "request from the gateway", "query request from the gateway":
		if !p.wait(func() bool {
			return p.bus.take(func(subject, payload string) bool {
				if ok, _ := p.same(l.Subject, subject); !ok {
					return false
				}
				ok, _ := p.sameLine(l, l.Text(), payload)
				return ok
			})
		}) {
			p.fatalf("want request %s %s\ngot %s", l.Subject, l.Text(), strings.Join(p.bus.unmatched(), "\n    "))
		}
	default:
		p.fatalf("cannot play this")
	}
}

// expects reports whether the transcript still has a request on subject.
func (p *player) expects(subject string) bool {
	for _, l := range p.tr.Lines {
		if l.Number >= p.at.Number && l.Dir == "svc" && strings.Contains(l.Note, "request from the gateway") {
			if p.pattern(l.Subject).MatchString(subject) {
				return true
			}
		}
	}
	return false
}

func (p *player) do(err error) {
	if err != nil {
		p.fatalf("%v", err)
	}
}

// quiet checks that no connection has something to read.
func (p *player) quiet() {
	synctest.Wait()
	for name, c := range p.conns {
		if unread := c.unread(); len(unread) > 0 {
			p.fatalf("connection %q: unexpected: %s", name, strings.Join(unread, "\n    "))
		}
		if err := c.over(); err != nil {
			p.fatalf("connection %q: %v", name, err)
		}
	}
}

// ended checks that a connection ended: with a reset, or without.
func (p *player) ended(conn string, reset bool) {
	synctest.Wait()
	err := p.conn(conn).over()
	if reset && !errors.Is(err, syscall.ECONNRESET) || !reset && err != io.EOF {
		p.fatalf("the connection ended with %v", err)
	}
}

// finish checks that the gateway said nothing that is not in the transcript.
func (p *player) finish() {
	synctest.Wait()
	for name, c := range p.conns {
		if unread := c.unread(); len(unread) > 0 {
			p.t.Errorf("connection %q: more than in the transcript: %s", name, strings.Join(unread, "\n    "))
		}
		if c.overtaken > 0 {
			p.t.Logf("connection %q: %d messages came in another place", name, c.overtaken)
		}
	}
	if extra := p.bus.unmatched(); len(extra) > 0 {
		p.t.Errorf("more requests than in the transcript: %s", strings.Join(extra, "\n    "))
	}
	if p.inexact > 0 {
		p.t.Logf("%d messages have other bytes than in the transcript, but the same meaning", p.inexact)
	}
	p.hangUp()
}

func (p *player) hangUp() {
	for _, c := range p.conns {
		c.nc.Close()
		c.resume()
	}
	if p.last != nil {
		p.last.nc.Close()
		p.first.nc.Close()
	}
}

// Placeholders stand for what differs from run to run.

var placeholder = regexp.MustCompile(`<[A-Z][A-Z0-9-]*>`)

var goTypes = regexp.MustCompile(`(json: cannot unmarshal \w+ into Go )[^"]*`)
