package conn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/conn/internal/core"
)

// socket is an open WebSocket with its goroutines: one reads, one writes, and one
// watches for signs of life. It ends with its context.
type socket struct {
	client     *Client
	generation uint64
	ctx        context.Context
	ws         *websocket.Conn
	net        *netConn
	out        *outbox

	batch    *core.Batch      // decoded, and not given to the owner yet
	free     chan *core.Batch // to be filled: the owner is done with them
	overflow atomic.Bool      // too much waits to be written
	paused   atomic.Int64     // since when the reader waits for the owner; 0 if it does not
}

func (c *Client) startSocket(ctx context.Context, generation uint64, ws *websocket.Conn, n *netConn) *socket {
	room, _ := c.room.take()
	n.held = room.held
	s := &socket{client: c, generation: generation, ctx: ctx, ws: ws, net: n, out: newOutbox(room),
		batch: c.newBatch(), free: make(chan *core.Batch, batches)}
	for range batches - 1 {
		s.free <- c.newBatch()
	}
	n.beforeRead = s.flush
	ws.SetPingHandler(func(message string) error { // not the reader's to answer: a write may have to wait
		s.out.pong(message)
		return nil
	})
	context.AfterFunc(ctx, s.hangUp)
	c.own.Go(s.read)
	c.own.Go(s.write)
	c.own.Go(s.watch)
	return s
}

// goodbye is how long a close frame may take. The gateway forgets the connection
// when it gets one, and does not close TCP: that is for the client to do.
const goodbye = 50 * time.Millisecond

func (s *socket) hangUp() {
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(goodbye)) // a courtesy
	s.ws.Close()
}

// lost tells the owner why the socket is of no more use.
func (s *socket) lost(err error) {
	if s.overflow.Load() {
		err = errOutboxFull
	}
	if s.ctx.Err() == nil {
		s.client.send(core.Lost{Generation: s.generation, Err: err})
	}
}

// read reads and decodes frames until the socket ends.
func (s *socket) read() {
	var buffer []byte
	for {
		frame, err := s.readFrame(buffer[:0])
		if err != nil {
			s.flush()
			s.awaitOwner()
			s.lost(fmt.Errorf("read: %w", withoutReason(err)))
			return
		}
		s.client.reportFrame(s.generation, false, frame)
		s.batch.Add(frame)
		if s.batch.Full() {
			s.flush()
		}
		if buffer = frame; cap(buffer) > keptBuffer {
			buffer = nil
		}
	}
}

// keptBuffer is how large a buffer is kept for the next message. A larger one is rare, and
// would stay for as long as the connection.
const keptBuffer = 1 << 20

// withoutReason leaves out what the gateway says when it closes the connection: it may repeat
// anything. The code for an end without a close frame is the library's own.
func withoutReason(err error) error {
	if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		return &websocket.CloseError{Code: closed.Code}
	}
	return err
}

// arrival is messages on their way from a reader to the owner.
type arrival struct {
	generation uint64
	batch      *core.Batch
	free       chan<- *core.Batch // takes the batch back when the owner is done with it
}

// batches is how many a reader has. With two, either of reader and owner would wait for the
// other most of the time; with more, both can work at the same time.
const batches = 8

// flush gives the owner what was decoded. While the owner is behind, the reader
// waits here, and TCP makes the gateway wait.
func (s *socket) flush() {
	if len(s.batch.Messages) == 0 {
		return
	}
	s.paused.Store(time.Now().UnixNano())
	select {
	case s.client.arrived <- arrival{s.generation, s.batch, s.free}:
	case <-s.client.stopping:
	}
	s.batch = s.nextBatch()
	s.paused.Store(0)
}

// nextBatch returns a batch that the owner is done with.
func (s *socket) nextBatch() *core.Batch {
	select {
	case b := <-s.free:
		return b
	case <-s.client.stopping:
		return new(core.Batch)
	}
}

// awaitOwner waits until the owner is done with everything.
func (s *socket) awaitOwner() {
	s.client.batches.put(s.batch)
	for range batches - 1 {
		s.client.batches.put(s.nextBatch())
	}
}

// newBatch returns an empty batch. The next connection uses those of the one before.
func (c *Client) newBatch() *core.Batch {
	if b, ok := c.batches.take(); ok {
		return b
	}
	return new(core.Batch)
}

// readFrame reads a message into buffer.
func (s *socket) readFrame(buffer []byte) ([]byte, error) {
	_, r, err := s.ws.NextReader()
	if err != nil {
		return nil, err
	}
	limit := s.client.set.readLimit
	for {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, max(512, len(buffer)))
		}
		n, err := r.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case len(buffer) > limit:
			return nil, s.tooLarge(buffer, r)
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return nil, err
		}
	}
}

// drainLimit is how many times the read limit is read of a message that is over it.
const drainLimit = 16

// tailSize is enough of the end of a response to have its id.
const tailSize = 64

// tooLarge finds out what a message over the limit is about: an event says so at
// its beginning, a response at its end, so the rest is read and thrown away, as far
// as there is an end to it.
func (s *socket) tooLarge(head []byte, rest io.Reader) error {
	_ = s.ws.SetReadDeadline(time.Now().Add(s.client.set.pingTimeout)) // without one, only the size limits it
	tail := slices.Clone(head[max(0, len(head)-tailSize):])
	chunk := make([]byte, 32<<10)
	for left := drainLimit * s.client.set.readLimit; left > 0; {
		n, err := rest.Read(chunk)
		left -= n
		tail = append(tail, chunk[:n]...)
		tail = append(tail[:0], tail[max(0, len(tail)-tailSize):]...)
		if err != nil {
			break
		}
	}
	return core.Culprit(head, tail)
}

// write writes what waits until the socket ends.
func (s *socket) write() {
	defer s.leaveRoom()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.out.wake:
		}
		if err := s.writeFrames(s.out.take()); err != nil {
			s.lost(err)
			return
		}
	}
}

// leaveRoom gives what was used for writing to the next connection.
func (s *socket) leaveRoom() {
	room := s.out.leave()
	room.held = s.net.leave()
	s.client.room.put(room)
}

// writeFrames writes frames, in as few writes to the network as it takes.
func (s *socket) writeFrames(frames frames) error {
	defer s.out.rest()
	s.net.hold()
	held := heldLimit // bytes, of which the network has not seen any since beginWrite
	for frame := range frames.all() {
		s.client.reportFrame(s.generation, true, frame)
		if held += len(frame); held >= heldLimit {
			deadline, err := s.beginWrite()
			if err != nil {
				return err
			}
			_ = s.ws.SetWriteDeadline(deadline) // which never fails
			held = len(frame)
		}
		if err := s.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	deadline, err := s.beginWrite()
	if err != nil {
		return err
	}
	if err := s.net.release(deadline); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// beginWrite returns until when the next write may take, and writes a ping and a pong
// before it if there are to be any.
func (s *socket) beginWrite() (deadline time.Time, err error) {
	now := time.Now()
	deadline = now.Add(s.client.set.writeTimeout)
	before := s.out.begin(now)
	if before.ping {
		if err := s.ws.WriteControl(websocket.PingMessage, nil, deadline); err != nil {
			return deadline, fmt.Errorf("ping: %w", err)
		}
	}
	if before.pong != nil {
		if err := s.ws.WriteControl(websocket.PongMessage, []byte(*before.pong), deadline); err != nil {
			return deadline, fmt.Errorf("pong: %w", err)
		}
	}
	return deadline, nil
}

// watch has a ping written when it is time to, and gives up when nothing answers.
// It is not the writer's work: a write to a gateway that does not read may take
// longer than the gateway has to answer.
func (s *socket) watch() {
	alive := keepalive{interval: s.client.set.pingInterval, timeout: s.client.set.pingTimeout}
	timer := time.NewTimer(alive.interval)
	defer timer.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-timer.C:
		}
		s.client.askLevelSoon()
		action, wait := alive.next(time.Now(), s.net.alive(), s.paused.Load() != 0)
		switch action {
		case keepPing:
			s.out.ping()
		case keepGiveUp:
			s.lost(ErrPingTimeout)
			return
		}
		timer.Reset(wait)
	}
}
