package resgatetest_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// rawClient speaks HTTP and WebSocket by hand, so that it can send what a
// library would not, and sees every frame.
type rawClient struct {
	nc net.Conn
	br *bufio.Reader

	mu        sync.Mutex
	response  string // to the handshake, with its header sorted; empty until it came
	got       []message
	err       error // why reading ended
	overtaken int
	paused    chan struct{} // nil while reading; closed when it goes on
}

// pause makes the client stop reading, after the message under way.
func (c *rawClient) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = make(chan struct{})
}

func (c *rawClient) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused != nil {
		close(c.paused)
		c.paused = nil
	}
}

func (c *rawClient) pausing() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paused
}

// message is what the gateway sent: "text", "ping", "pong" or "close".
type message struct {
	kind, text string
	frames     int
	rsv1       bool
	masked     bool
	size       int // payload bytes on the wire
}

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// handshakeRequest makes a request from words such as "method POST", "path
// /x", "Name: value" and "without Name".
func handshakeRequest(host, words string) string {
	method, path := "GET", "/"
	header := map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
	}
	order := []string{"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}
	last := ""
	for word := range strings.SplitSeq(words, ", ") {
		switch name, value, ok := strings.Cut(word, ": "); {
		case strings.HasPrefix(word, "method "):
			method = word[len("method "):]
		case strings.HasPrefix(word, "path "):
			path = word[len("path "):]
		case strings.HasPrefix(word, "without "):
			delete(header, word[len("without "):])
		case ok:
			if _, known := header[name]; !known {
				order = append(order, name)
			}
			header[name] = value
			last = name
		default:
			header[last] += ", " + word
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for _, name := range order {
		if value, ok := header[name]; ok {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return b.String() + "\r\n"
}

func newRawClient(nc net.Conn) *rawClient {
	return &rawClient{nc: nc, br: bufio.NewReader(nc)}
}

// run reads the response to the handshake, and if it is a 101 all frames.
func (c *rawClient) run() {
	response, err := c.readResponse()
	c.mu.Lock()
	c.response = response
	c.mu.Unlock()
	for err == nil {
		if paused := c.pausing(); paused != nil {
			<-paused
		}
		err = c.readMessage()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *rawClient) readResponse() (string, error) {
	resp, err := http.ReadResponse(c.br, nil)
	if err != nil {
		return "", err
	}
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols {
		if body, err = io.ReadAll(resp.Body); err != nil {
			return "", err
		}
	}
	lines := []string{resp.Proto + " " + resp.Status}
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		for _, value := range resp.Header[name] {
			lines = append(lines, name+": "+value)
		}
	}
	text := strings.Join(lines, "\n")
	if len(body) > 0 {
		text += "\n\n" + string(body)
	}
	return text, nil
}

func (c *rawClient) readMessage() error {
	m := message{kind: "text"}
	var data []byte
	for {
		op, fin, payload, err := c.readFrame(&m)
		if err != nil {
			return err
		}
		switch op {
		case opClose:
			c.push(message{kind: "close", text: closeText(payload)})
			return c.readMessage()
		case opPing, opPong:
			kind := map[byte]string{opPing: "ping", opPong: "pong"}[op]
			c.push(message{kind: kind, text: string(payload)})
			continue
		}
		m.frames++
		m.size += len(payload)
		data = append(data, payload...)
		if fin {
			break
		}
	}
	if m.rsv1 {
		var err error
		if data, err = inflate(data); err != nil {
			return err
		}
	}
	m.text = string(data)
	c.push(m)
	return nil
}

func (c *rawClient) readFrame(m *message) (op byte, fin bool, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.br, head); err != nil {
		return 0, false, nil, err
	}
	op = head[0] & 0x0f
	if op == opText || op == opBinary {
		m.rsv1 = head[0]&0x40 != 0
	}
	m.masked = m.masked || head[1]&0x80 != 0
	size := uint64(head[1] & 0x7f)
	switch size {
	case 126:
		var n uint16
		err = binary.Read(c.br, binary.BigEndian, &n)
		size = uint64(n)
	case 127:
		err = binary.Read(c.br, binary.BigEndian, &size)
	}
	if err != nil {
		return 0, false, nil, err
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(c.br, payload)
	return op, head[0]&0x80 != 0, payload, err
}

func closeText(payload []byte) string {
	if len(payload) < 2 {
		return "no code"
	}
	return fmt.Sprintf("code %d, reason %q", binary.BigEndian.Uint16(payload), payload[2:])
}

// inflate undoes permessage-deflate without context takeover.
func inflate(data []byte) ([]byte, error) {
	tail := "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	return io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(data), strings.NewReader(tail))))
}

// frame makes a masked frame. first is its first byte.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0) // a mask that changes nothing
	return append(b, payload...)
}

func (c *rawClient) push(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, m)
}

// resource is what an event is about; other messages have no order among them.
func (m message) resource() string {
	if name, ok := strings.CutPrefix(m.text, `{"event":"`); ok && m.kind == "text" {
		name, _, _ = strings.Cut(name, `"`)
		return name[:strings.LastIndexByte(name, '.')]
	}
	return ""
}

// take takes the first message of the kind that is the wanted one. Others may
// come before it, as the order between resources is not fixed; but of the
// events of one resource only the first may be the one.
func (c *rawClient) take(kind string, same func(string) (bool, bool)) (m message, ok, exact bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	about := make(map[string]bool)
	for i, m := range c.got {
		if about[m.resource()] {
			continue
		}
		about[m.resource()] = m.resource() != ""
		if m.kind != kind {
			continue
		}
		if ok, exact := same(m.text); ok {
			if i == 0 {
				c.got = c.got[1:]
				return m, true, exact
			}
			c.overtaken++
			c.got = slices.Delete(c.got, i, i+1)
			return m, true, exact
		}
	}
	return message{}, false, false
}

func (c *rawClient) unread() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, m := range c.got {
		all = append(all, m.kind+" "+m.text)
	}
	return all
}

// over gives why reading ended, nil while it goes on.
func (c *rawClient) over() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *rawClient) answer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.response
}
