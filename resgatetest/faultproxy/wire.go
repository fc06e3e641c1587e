package faultproxy

import (
	"math/rand/v2"
	"net"
	"time"
)

// wire is what bytes go through at last: it is slow, narrow, stalled or noisy. It
// does not know of frames.
type wire struct {
	conn *Conn
	from Direction
	dst  net.Conn
	free time.Time // when the next write may begin

	// Two sources, as the noise must not depend on how bytes were read together.
	jitter, noise *rand.Rand
	corruptIn     int // bytes until one is changed; below zero for not known yet
}

func newWire(c *Conn, from Direction, dst net.Conn) wire {
	source := func(use uint64) *rand.Rand {
		seed := c.proxy.cfg.seed
		return rand.New(rand.NewPCG(seed[0]^use<<32^uint64(c.number), seed[1]^uint64(from)))
	}
	return wire{conn: c, from: from, dst: dst, jitter: source(1), noise: source(2), corruptIn: -1}
}

// perSecond is how many times a second a narrow wire writes.
const perSecond = 50

// arrive waits until a chunk has come through the wire, however long that is. It reports
// whether the connection lives.
func (w *wire) arrive(c chunk) bool {
	jitter := w.jitter.Float64()
	return w.until(func(f Faults) time.Time {
		delay := max(f.Latency, 0) + time.Duration(jitter*float64(max(f.Jitter, 0)))
		return c.at.Add(delay)
	})
}

// send writes bytes, some at a time, and reports whether the connection lives.
func (w *wire) send(b []byte) bool {
	for len(b) > 0 {
		if !w.until(w.freeAt) {
			return false
		}
		n, faults, due, stalled := w.claim(len(b))
		if stalled {
			continue
		}
		w.corrupt(b[:n], faults.Corrupt)
		if w.conn.isHalfOpen() {
			return w.from == FromClient // the rest is discarded
		}
		if _, err := w.dst.Write(b[:n]); err != nil {
			if !w.conn.isHalfOpen() {
				w.conn.end(true)
			}
			return w.conn.isHalfOpen()
		}
		b = b[n:]
		w.occupy(n, faults)
		for _, t := range due {
			t.do()
		}
	}
	return w.conn.ctx.Err() == nil
}

// until waits for a time that depends on the faults of each moment, and while the way is
// stalled. It reports whether the connection lives.
func (w *wire) until(when func(Faults) time.Time) bool {
	p := w.conn.proxy
	for {
		p.mu.Lock()
		way, changed := p.ways[w.from], p.changed
		p.mu.Unlock()
		var timer <-chan time.Time
		if !way.stalled {
			wait := time.Until(when(way.faults))
			if wait <= 0 {
				return w.conn.ctx.Err() == nil
			}
			timer = time.After(wait)
		}
		select {
		case <-timer:
		case <-changed:
		case <-w.conn.ctx.Done():
			return false
		}
	}
}

// claim takes up to most bytes, so many as may be written at once, and what is to be done after
// them.
func (w *wire) claim(most int) (n int, f Faults, due []*trigger, stalled bool) {
	p := w.conn.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	way := &p.ways[w.from]
	if way.stalled {
		return 0, f, nil, true
	}
	n, f = most, way.faults
	if f.Slice > 0 {
		n = min(n, f.Slice)
	}
	if f.BytesPerSecond > 0 {
		n = min(n, max(1, f.BytesPerSecond/perSecond))
	}
	for _, t := range way.afterB {
		n = int(min(int64(n), t.left))
	}
	p.stats.traffic(w.from).Bytes += int64(n)
	return n, f, spend(&way.afterB, int64(n)), false
}

// freeAt returns when the next write may begin.
func (w *wire) freeAt(f Faults) time.Time {
	if f.BytesPerSecond <= 0 && f.Pause <= 0 {
		w.free = time.Time{}
	}
	return w.free
}

// occupy makes the wire busy for as long as n bytes take.
func (w *wire) occupy(n int, f Faults) {
	busy := max(f.Pause, 0)
	if f.BytesPerSecond > 0 {
		busy += time.Duration(n) * time.Second / time.Duration(f.BytesPerSecond)
	}
	if now := time.Now(); w.free.Before(now) {
		w.free = now
	}
	w.free = w.free.Add(busy)
}

// corrupt changes one of every so many bytes.
func (w *wire) corrupt(b []byte, every int) {
	if every <= 0 {
		w.corruptIn = -1
		return
	}
	for {
		if w.corruptIn < 0 {
			w.corruptIn = w.noise.IntN(2*every - 1) // every - 1, on average
		}
		if w.corruptIn >= len(b) {
			w.corruptIn -= len(b)
			return
		}
		b[w.corruptIn] ^= byte(1 + w.noise.IntN(255))
		w.conn.proxy.count(func(s *Stats) { s.traffic(w.from).Corrupted++ })
		b = b[w.corruptIn+1:]
		w.corruptIn = -1
	}
}
