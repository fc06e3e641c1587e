package faultproxy

import (
	"errors"
	"io"
	"net"
	"time"
)

// pump passes bytes on in one direction of a connection. One goroutine reads, one
// writes; all but the backlog belongs to the one that writes.
type pump struct {
	conn     *Conn
	from     Direction
	src, dst net.Conn
	backlog  *backlog
	scan     scanner
	wire     wire

	// of the frame that is passing
	plan      plan
	fault     *frameFault // that it has, if any
	seen      int64       // bytes of its payload
	see       func(*Message)
	collected []byte // what see is to be shown
}

func newPump(c *Conn, from Direction, src, dst net.Conn) *pump {
	return &pump{
		conn: c, from: from, src: src, dst: dst,
		backlog: newBacklog(),
		scan:    scanner{from: from},
		wire:    newWire(c, from, dst),
	}
}

// chunkSize is the most that is read at a time.
const chunkSize = 16 << 10

// read reads until one of the sides ends.
func (p *pump) read() {
	buffer := make([]byte, chunkSize)
	for {
		n, err := p.src.Read(buffer)
		if n > 0 && !p.backlog.put(p.conn.ctx, chunk{bytes: append([]byte(nil), buffer[:n]...), at: time.Now()}) {
			return
		}
		switch {
		case err == nil:
		case p.orphan():
			return
		case errors.Is(err, io.EOF):
			p.backlog.put(p.conn.ctx, chunk{at: time.Now(), end: true})
			return
		default:
			p.conn.end(true)
			return
		}
	}
}

// orphan reports whether the gateway's side has gone, and its end is not to be told.
func (p *pump) orphan() bool { return p.from == FromGateway && p.conn.isHalfOpen() }

func (p *pump) inject(message []byte) { p.backlog.putMade(message) }

// write passes on what was read or made up, until one of the sides ends.
func (p *pump) write() {
	defer p.tell()
	for p.step() {
	}
}

// step passes on one thing, and reports whether there may be more.
func (p *pump) step() bool {
	if p.scan.between() {
		if message, ok := p.backlog.takeMade(); ok {
			return p.writeMessage(&frame{raw: []byte{finText}, masked: p.from == FromClient}, message)
		}
	}
	c, ok := p.backlog.take()
	switch {
	case !ok:
		return p.idle()
	case p.conn.isHalfOpen():
		return p.discard(c)
	case !p.wire.arrive(c):
		return false
	case c.end:
		p.wire.send(p.scan.rest())
		p.conn.closeWrite(p.dst)
		return false
	}
	return p.pass(c.bytes)
}

// idle waits until there is something to do.
func (p *pump) idle() bool {
	select {
	case <-p.backlog.more:
		return true
	case <-p.conn.ctx.Done():
		return false
	}
}

// discard throws away what is for a side that has gone, or comes from it.
func (p *pump) discard(c chunk) bool {
	p.conn.proxy.count(func(s *Stats) { s.traffic(p.from).Discarded += int64(len(c.bytes)) })
	if c.end && p.from == FromClient {
		p.conn.end(false) // the client has left by itself
	}
	return !c.end
}

// pass passes on bytes, frame by frame where there are frames.
func (p *pump) pass(b []byte) bool {
	for len(b) > 0 {
		n, is := p.scan.next(b)
		var ok bool
		switch is {
		case pending:
			ok = true
		case header:
			ok = p.beginFrame()
		case payload:
			ok = p.passPayload(b[:n])
		default:
			ok = p.wire.send(b[:n])
		}
		if !ok {
			return false
		}
		b = b[n:]
	}
	return true
}

// beginFrame decides how a frame is passed on, and begins to.
func (p *pump) beginFrame() bool {
	f := &p.scan.frame
	p.fault, p.see, p.seen, p.plan = nil, nil, 0, intact(f)
	if f.data() && f.length > 0 {
		p.fault = p.conn.proxy.takeFault(p.from, f)
	}
	switch {
	case p.fault != nil:
		p.plan = p.fault.plan(f)
	case f.wholeText():
		p.see = p.conn.proxy.interceptor()
		p.collected = nil
	}
	if p.see == nil && !p.wire.send(p.plan.header) {
		return false
	}
	return p.seen < f.length && !p.cutNow() || p.endPayload()
}

// passPayload passes on some of the payload of a frame.
func (p *pump) passPayload(b []byte) bool {
	f, offset := &p.scan.frame, p.seen
	p.seen += int64(len(b))
	if p.see != nil {
		f.mask(b, offset)
		p.collected = append(p.collected, b...)
	} else {
		if at := p.plan.corrupt - offset; p.plan.corrupt >= offset && at < int64(len(b)) {
			b[at] = p.plan.wrong
			f.mask(b[at:at+1], p.plan.corrupt)
			p.conn.proxy.count(func(s *Stats) { s.traffic(p.from).Corrupted++ })
		}
		keep := min(max(p.plan.keep-offset, 0), int64(len(b)))
		if !p.wire.send(b[:keep]) {
			return false
		}
	}
	return p.seen < f.length && !p.cutNow() || p.endPayload()
}

// cutNow reports whether the frame ends early.
func (p *pump) cutNow() bool { return p.plan.cut && p.seen >= p.plan.keep }

// endPayload does what is left to do for a frame.
func (p *pump) endPayload() bool {
	defer p.tell()
	f := &p.scan.frame
	switch {
	case p.plan.cut:
		p.conn.Cut()
		return false
	case p.see != nil:
		m := &Message{Conn: p.conn, From: p.from, Data: p.collected}
		p.see(m)
		return m.dropped || p.writeMessage(f, m.Data)
	}
	return p.padFrame(f) && p.frameDone(f)
}

// tell tells that a fault has happened.
func (p *pump) tell() {
	if p.fault != nil {
		close(p.fault.happened)
		p.fault = nil
	}
}

// padFrame makes a frame larger.
func (p *pump) padFrame(f *frame) bool {
	for at := f.length; p.plan.pad > 0; {
		spaces := make([]byte, min(p.plan.pad, chunkSize))
		for i := range spaces {
			spaces[i] = ' '
		}
		f.mask(spaces, at)
		if !p.wire.send(spaces) {
			return false
		}
		at += int64(len(spaces))
		p.plan.pad -= int64(len(spaces))
	}
	return true
}

// writeMessage writes a frame like f with another payload.
func (p *pump) writeMessage(f *frame, message []byte) bool {
	b := append(f.encodeHeader(int64(len(message))), message...)
	f.mask(b[len(b)-len(message):], 0)
	return p.wire.send(b) && p.frameDone(f)
}

// frameDone counts a frame, and does what is due after it.
func (p *pump) frameDone(f *frame) bool {
	if !f.data() {
		return true
	}
	proxy := p.conn.proxy
	proxy.mu.Lock()
	traffic := proxy.stats.traffic(p.from)
	traffic.Frames++
	if f.compressed() {
		traffic.Compressed++
	}
	due := spend(&proxy.ways[p.from].afterF, 1)
	proxy.mu.Unlock()
	for _, t := range due {
		t.do()
	}
	return p.conn.ctx.Err() == nil
}
