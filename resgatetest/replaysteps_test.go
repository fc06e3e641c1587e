package resgatetest_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing/synctest"
	"time"
)

// What a transcript tells in words is done here.

func (p *player) conn(name string) *rawClient {
	if c := p.conns[name]; c != nil {
		return c
	}
	if name == "" && len(p.conns) == 1 {
		for _, c := range p.conns {
			return c
		}
	}
	if name == "" && p.first != nil {
		return p.first // its handshake is in the transcript
	}
	return p.open(name)
}

// open connects with the header that the first auth request tells of.
func (p *player) open(name string) *rawClient {
	words := "path " + strings.TrimPrefix(p.srv.URL(), "ws://"+p.srv.Addr()) + "/"
	for _, l := range p.tr.Lines {
		var auth struct {
			Header map[string][]string
			URI    string
		}
		if l.Dir == "svc" && json.Unmarshal(l.Frame, &auth) == nil && auth.URI != "" {
			words = "path " + auth.URI
			for name, values := range auth.Header {
				if name != "Connection" && name != "Upgrade" && !strings.HasPrefix(name, "Sec-Websocket-") {
					words += ", " + name + ": " + strings.Join(values, "\r\n"+name+": ")
				}
			}
			break
		}
	}
	p.conns[name] = p.shake(words)
	return p.conns[name]
}

// shake sends a handshake, and a frame with it if that is said.
func (p *player) shake(words string) *rawClient {
	return p.connect(handshakeRequest(p.srv.Addr(), words))
}

func (p *player) connect(request string) *rawClient {
	nc, err := p.net.Dial(p.t.Context(), "tcp", p.srv.Addr())
	if err != nil {
		p.fatalf("dialling: %v", err)
	}
	c := newRawClient(nc)
	nc.Write([]byte(request))
	go c.run()
	synctest.Wait()
	return c
}

func (p *player) handshake(l line) {
	switch {
	case l.Note == "sent on a new TCP connection":
		p.setLast(p.connect(*l.Raw))
	case strings.HasPrefix(l.Note, "with the frame "):
		request := handshakeRequest(p.srv.Addr(), *l.Raw)
		text := strings.TrimSuffix(strings.TrimPrefix(l.Note, "with the frame "), " in the same write")
		p.setLast(p.connect(request + string(frame(0x80|opText, text))))
	case l.Conn != "":
		p.conns[l.Conn] = p.shake(*l.Raw)
	default:
		// A service that is in the transcript with this handshake only.
		p.bus.setAway(l.Note == "no service: the handshake goes on at once")
		p.setLast(p.shake(*l.Raw))
	}
}

func (p *player) setLast(c *rawClient) {
	if p.first == nil {
		p.first = c
	} else if p.last != p.first {
		p.last.nc.Close()
	}
	p.last = c
}

func (p *player) handshakeAnswer(l line) {
	c := p.last
	if l.Conn != "" {
		c = p.conns[l.Conn]
	}
	if !p.wait(func() bool { return c.answer() != "" }) {
		p.fatalf("no response to the handshake: %v", c.over())
	}
	if ok, _ := p.same(strings.TrimRight(*l.Raw, "\n"), strings.TrimRight(c.answer(), "\n")); !ok {
		p.fatalf("want %s\ngot %s", *l.Raw, c.answer())
	}
}

// closeFrame makes the close frame that a note describes.
func closeFrame(note string) []byte {
	switch note {
	case "no code":
		return frame(0x80|opClose, "")
	case "one byte":
		return frame(0x80|opClose, "x")
	}
	var code uint16
	fmt.Sscanf(note, "code %d", &code)
	_, reason, _ := strings.Cut(note, ", reason ")
	return frame(0x80|opClose, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

// closeReason leaves the reason of a protocol violation away: the WebSocket
// library words it differently from version to version.
func closeReason(text string) string {
	if strings.HasPrefix(text, "code 1002, reason ") {
		return "code 1002"
	}
	return text
}

// violations are what a client must not send.
var violations = map[string]string{
	"an unmasked frame": "\x81\x02{}",
	"a frame with RSV1 set although no compression was agreed": string(frame(0xc1, "{}")),
	"a frame with the unknown opcode 3":                        string(frame(0x83, "{}")),
	"a ping of 126 bytes":                                      string(frame(0x89, strings.Repeat("p", 126))),
	"a fragmented ping":                                        string(frame(0x09, "p")),
	"a continuation frame with nothing to continue":            string(frame(0x80, "{}")),
	"a new text frame inside a fragmented message":             string(frame(0x01, "{")) + string(frame(0x81, "}")),
	"bytes which are no frame at all":                          "GET / HTTP/1.1\r\n\r\n",
}

func (p *player) note(l line) {
	switch note := l.Note; {
	case note == "WebSocket connection opened":
		p.open(l.Conn)
	case strings.HasPrefix(note, "nothing (more) arrives"):
		if strings.Contains(note, "after the time out") {
			time.Sleep(500 * time.Millisecond)
		}
		p.quiet()
	case strings.HasPrefix(note, "no response to request"):
		if strings.Contains(note, "within ") {
			time.Sleep(seconds(note, "within %f s"))
			p.quiet()
		}
	case strings.HasSuffix(note, " s later"), note == "5 s later, nothing came":
		time.Sleep(seconds(note, "%f s later"))
	case strings.HasPrefix(note, "the service comes back"):
		p.bus.setAway(false)
	case strings.HasPrefix(note, "the client sends "):
		p.write(p.conn(l.Conn), []byte(violations[strings.TrimPrefix(note, "the client sends ")]))
	default:
		if step := leftOut[p.tr.Scenario+": "+note]; step != nil {
			step(p)
		}
	}
}

// seconds reads a time from the part of a note that begins like format.
func seconds(note, format string) time.Duration {
	word, _, _ := strings.Cut(format, "%")
	var s float64
	fmt.Sscanf(note[max(strings.Index(note, word), 0):], format, &s)
	return time.Duration(s * float64(time.Second))
}

func (p *player) fault(l line) {
	switch note := l.Note; {
	case strings.HasPrefix(note, "the service leaves NATS"):
		p.bus.setAway(true)
	case strings.HasPrefix(note, "the service is not listening yet"):
		p.bus.setLate(true)
	case strings.HasPrefix(note, "SIGKILL"):
		p.do(p.srv.Kill())
	case strings.HasPrefix(note, "SIGTERM"), strings.HasPrefix(note, "SIGINT"):
		go p.srv.Stop()
		synctest.Wait()
	case strings.HasPrefix(note, "SIGSTOP"):
		p.do(p.srv.Freeze())
	case strings.HasPrefix(note, "SIGCONT"):
		p.do(p.srv.Thaw())
	case note == "the NATS server is shut down":
		p.bus.lose()
	case note == "a gateway is started again on the same port":
		p.do(p.srv.Restart())
	case strings.HasPrefix(note, "resgate ended"):
		if !p.wait(func() bool { return !p.srv.Running() }) {
			p.fatalf("the gateway runs")
		}
	case strings.HasPrefix(note, "client socket: EOF (TCP FIN): the connection was closed when"):
		time.Sleep(time.Minute)
		p.ended(l.Conn, false)
	case strings.HasPrefix(note, "client socket: EOF"):
		p.ended(l.Conn, false)
	case strings.HasPrefix(note, "client socket: ECONNRESET"):
		p.ended(l.Conn, true)
	case strings.HasPrefix(note, "socket: EOF (TCP FIN), after"):
		if !p.wait(func() bool { return p.conn(l.Conn).over() == io.EOF }) {
			p.fatalf("the connection is open")
		}
	case strings.HasPrefix(note, "no HTTP response: EOF"):
		if err := p.last.over(); !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF || p.last.answer() != "" {
			p.fatalf("the handshake ended with %v, %s", err, p.last.answer())
		}
	case strings.HasPrefix(note, "the connection is still open"):
		time.Sleep(seconds(note, "still open %f s later"))
		p.stillOpen(p.conn(l.Conn))
	case strings.Contains(note, "still open, nothing to read") && p.last != nil:
		if strings.HasPrefix(note, "after ") {
			time.Sleep(seconds(note, "after %f s"))
		}
		p.stillOpen(p.last)
	case strings.HasPrefix(note, "afterwards: new TCP connection: ECONNREFUSED"):
		if _, err := p.net.Dial(p.t.Context(), "tcp", p.srv.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			p.fatalf("dialling: %v", err)
		}
	case note == "client: RST":
		c := p.conn(l.Conn)
		delete(p.conns, l.Conn)
		c.nc.Close()
	case strings.HasPrefix(note, "client: shutdown of the sending side"):
		p.conn(l.Conn).nc.(interface{ CloseWrite() error }).CloseWrite()
	case strings.HasPrefix(note, "client: the first half of the frame "):
		half := frame(0x80|opText, strings.TrimPrefix(note, "client: the first half of the frame "))
		p.write(p.conn(l.Conn), half[:len(half)/2])
	case strings.HasPrefix(note, "client: the second half"):
		time.Sleep(2 * time.Second)
		half := frame(0x80|opText, `{"id":50,"method":"version"}`)
		p.write(p.conn(l.Conn), half[len(half)/2:])
	case strings.HasPrefix(note, "while frozen: new TCP connection accepted"):
		p.setLast(p.shake("path /"))
		time.Sleep(700 * time.Millisecond)
		p.stillOpen(p.last)
		if p.last.answer() != "" {
			p.fatalf("a frozen gateway answered %s", p.last.answer())
		}
	case strings.HasPrefix(note, "after SIGCONT: new TCP connection accepted"):
		if !p.wait(func() bool { return strings.HasPrefix(p.last.answer(), "HTTP/1.1 101") }) {
			p.fatalf("the handshake is answered with %q", p.last.answer())
		}
	case strings.HasPrefix(note, "gateway log"):
	default:
		p.fatalf("cannot play this fault")
	}
}

func (p *player) stillOpen(c *rawClient) {
	synctest.Wait()
	if err := c.over(); err != nil {
		p.fatalf("the connection ended with %v", err)
	}
	if unread := c.unread(); len(unread) > 0 {
		p.fatalf("unexpected: %s", strings.Join(unread, "\n    "))
	}
}

func (p *player) send(conn, text string) {
	p.conn(conn).nc.Write(frame(0x80|opText, text))
}

// receive waits for a message.
func (p *player) receive(conn, want string) {
	c := p.conn(conn)
	if !p.wait(func() bool {
		_, ok, _ := c.take("text", func(got string) (bool, bool) { return got == want, true })
		return ok
	}) {
		p.fatalf("want %s\ngot %s", want, strings.Join(c.unread(), "\n    "))
	}
}

func (p *player) exchange(conn, request, response string) {
	p.send(conn, request)
	p.receive(conn, response)
}
