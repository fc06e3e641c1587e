package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/resclient/resclient-go/conn/internal/core"
	"github.com/resclient/resclient-go/wire"
)

// zone is some gateways behind one address. It shakes hands and serves requests at the
// speed that the scenario gives it; what comes faster waits, in order.
type zone struct {
	world      *world
	away       bool
	handshakes queue
	requests   queue
}

// queue is work that is done one after the other.
type queue struct {
	each time.Duration // for one piece of work
	idle time.Time     // when all that waits is done
}

// add returns when work that comes now is done.
func (q *queue) add(now time.Time) time.Time {
	if q.idle.Before(now) {
		q.idle = now
	}
	q.idle = q.idle.Add(q.each)
	return q.idle
}

// waiting returns how many pieces of work wait.
func (q *queue) waiting(now time.Time) int { return int(max(0, q.idle.Sub(now)) / q.each) }

// connection is an open socket, until one side drops it.
type connection struct {
	client     *client
	generation uint64
	zone       *zone
	gone       bool
}

var (
	errRefused = errors.New("connection refused")
	errReset   = errors.New("connection reset")
	errFull    = errors.New("handshake: status 503")
)

// patience is how long a handshake may wait before the zone refuses it.
const patience = 5 * time.Second

func newZone(w *world) *zone {
	return &zone{
		world:      w,
		handshakes: queue{each: time.Duration(float64(time.Second) / w.handshakesPerSecond)},
		requests:   queue{each: time.Duration(float64(time.Second) / w.requestsPerSecond)},
	}
}

// dial answers an attempt to connect, by and by.
func (z *zone) dial(c *client, generation uint64, answer func(*connection, error)) {
	w := z.world
	w.period().attempts++
	refuse := func(err error) {
		w.period().refused++
		w.after(w.latency(), func() { answer(nil, err) })
	}
	switch {
	case z.away:
		refuse(errRefused)
		return
	case z.handshakes.idle.Sub(w.now) > patience:
		refuse(errFull)
		return
	}
	w.at(z.handshakes.add(w.now).Add(w.latency()), func() {
		if z.away {
			answer(nil, errRefused)
			return
		}
		n := &connection{client: c, generation: generation, zone: z}
		answer(n, nil)
	})
}

// leave makes the zone unreachable, and all its clients notice within a moment.
func (z *zone) leave() {
	z.away = true
	for _, c := range z.world.clients {
		n := c.conn
		if n == nil || n.zone != z {
			continue
		}
		n.gone = true
		z.world.after(z.world.latency(), func() { c.step(core.Lost{Generation: n.generation, Err: errReset}) })
	}
}

func (z *zone) comeBack() { z.away = false }

// receive takes a request and answers it when its turn has come.
func (n *connection) receive(frame []byte) {
	w := n.zone.world
	q, err := wire.ParseRequest(frame)
	if err != nil {
		panic(err) // the client's own mistake
	}
	if q.Type == wire.TypeSubscribe {
		w.period().subscribes++
	}
	w.at(n.zone.requests.add(w.now).Add(w.latency()), func() {
		if !n.gone {
			n.client.receive(n, answerTo(q))
		}
	})
}

// answerTo writes the response to a request.
func answerTo(q wire.Request) []byte {
	switch q.Type {
	case wire.TypeVersion:
		return fmt.Appendf(nil, `{"result":{"protocol":%q},"id":%d}`, wire.Protocol, q.ID)
	case wire.TypeSubscribe:
		return fmt.Appendf(nil, `{"result":{"models":{%q:{"n":1}}},"id":%d}`, q.RID, q.ID)
	}
	return fmt.Appendf(nil, `{"id":%d}`, q.ID)
}
