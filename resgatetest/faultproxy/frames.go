package faultproxy

import "slices"

// frameFault breaks one frame.
type frameFault struct {
	plan     func(*frame) plan
	begins   bool // it needs a frame that begins a message
	happened chan struct{}
}

// plan is how a frame is passed on.
type plan struct {
	header  []byte
	keep    int64 // bytes of the payload that are passed on
	corrupt int64 // where a byte of it is changed; below zero for nowhere
	wrong   byte  // what it is changed to
	pad     int64 // bytes that are added
	cut     bool  // ends the connection after keep bytes
}

func intact(f *frame) plan { return plan{header: f.raw, keep: f.length, corrupt: -1} }

// CutMidFrame passes on half of the payload of the next data frame, and then cuts the
// connection as [Conn.Cut] does. It takes the next frame of any connection that has a
// payload. The channel is closed when it has happened.
func (p *Proxy) CutMidFrame(from Direction) <-chan struct{} {
	return p.breakNext(from, func(f *frame) plan {
		return plan{header: f.raw, keep: f.length / 2, corrupt: -1, cut: true}
	})
}

// TruncateFrame leaves out the second half of the payload of the next data frame,
// but not its header. Whoever reads it takes what follows for the rest of it. It takes the
// next frame of any connection that has a payload. The channel is closed when it has
// happened.
func (p *Proxy) TruncateFrame(from Direction) <-chan struct{} {
	return p.breakNext(from, func(f *frame) plan {
		return plan{header: f.raw, keep: f.length / 2, corrupt: -1}
	})
}

// OversizeFrame blows the next data frame up to size bytes of payload, with spaces
// at its end, as many of them as are read: it may be any size, and takes no memory. To
// a message that is compressed, spaces do not belong, so it is unreadable. A
// frame that is as large already is left as it is. It takes the next frame of any connection
// that has a payload. The channel is closed when all of it was written, or the connection
// has ended.
func (p *Proxy) OversizeFrame(from Direction, size int64) <-chan struct{} {
	return p.breakNext(from, func(f *frame) plan {
		size := max(size, f.length)
		return plan{header: f.encodeHeader(size), keep: f.length, corrupt: -1, pad: size - f.length}
	})
}

// CorruptFrame makes the next message unreadable by one byte: a zero in the middle of its
// first frame, which JSON does not have, or, if it is compressed, a block at its
// beginning of a kind that there is not (RFC 1951, section 3.2.3). It takes the next message of
// any connection. The channel is closed when it has happened.
func (p *Proxy) CorruptFrame(from Direction) <-chan struct{} {
	return p.breakWith(from, &frameFault{begins: true, plan: func(f *frame) plan {
		if f.compressed() {
			return plan{header: f.raw, keep: f.length, wrong: noBlock}
		}
		return plan{header: f.raw, keep: f.length, corrupt: f.length / 2}
	}})
}

// noBlock is the beginning of a block of compressed data, the last one and of the
// reserved kind.
const noBlock = 0b111

func (p *Proxy) breakNext(from Direction, how func(*frame) plan) <-chan struct{} {
	return p.breakWith(from, &frameFault{plan: how})
}

func (p *Proxy) breakWith(from Direction, fault *frameFault) <-chan struct{} {
	fault.happened = make(chan struct{})
	p.change([]Direction{from}, func(w *way) { w.breaking = append(w.breaking, fault) })
	return fault.happened
}

// takeFault takes what is to be done to a frame, nil for nothing. Faults come in turn.
func (p *Proxy) takeFault(from Direction, f *frame) *frameFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := &p.ways[from]
	if len(w.breaking) == 0 || w.breaking[0].begins && !f.begins() {
		return nil
	}
	fault := w.breaking[0]
	w.breaking = w.breaking[1:]
	p.stats.traffic(from).Broken++
	return fault
}

// trigger does something when so much has passed.
type trigger struct {
	left int64
	do   func()
}

// AfterBytes calls do when n more bytes have been passed on in a direction, on all
// connections together, and before anything else is. The bytes of the handshake count.
// It does so at once if n is not above zero.
func (p *Proxy) AfterBytes(from Direction, n int64, do func()) {
	if n <= 0 {
		do()
		return
	}
	p.change([]Direction{from}, func(w *way) { w.afterB = append(w.afterB, &trigger{n, do}) })
}

// AfterFrames calls do when n more data frames have been passed on in a direction,
// on all connections together, and before anything else is. It does so at once if n is
// not above zero.
func (p *Proxy) AfterFrames(from Direction, n int64, do func()) {
	if n <= 0 {
		do()
		return
	}
	p.change([]Direction{from}, func(w *way) { w.afterF = append(w.afterF, &trigger{n, do}) })
}

// spend takes n off all triggers, and returns those that are due.
func spend(all *[]*trigger, n int64) (due []*trigger) {
	*all = slices.DeleteFunc(*all, func(t *trigger) bool {
		if t.left -= n; t.left <= 0 {
			due = append(due, t)
		}
		return t.left <= 0
	})
	return due
}

// Message is a text message that is about to be passed on.
type Message struct {
	Conn *Conn     // that it is on
	From Direction // who has sent it
	Data []byte    // may be changed, or replaced

	dropped bool
}

// Drop keeps the message from being passed on.
func (m *Message) Drop() { m.dropped = true }

// Deliver passes on a message that was dropped, later. It is like [Conn.Send].
func (m *Message) Deliver() { m.Conn.Send(m.From, m.Data) }

// Intercept has see called with every text message before it is passed on, in the
// order of each direction of a connection, but side by side for several of them. Nil ends
// that. Messages that are fragmented or compressed, or that a fault breaks, are not
// shown. A message is kept in memory until it is complete.
func (p *Proxy) Intercept(see func(*Message)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.intercept = see
}

func (p *Proxy) interceptor() func(*Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.intercept
}
