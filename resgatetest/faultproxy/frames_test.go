package faultproxy_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

func TestCutMidFrameLeavesHalfAFrame(t *testing.T) {
	for _, size := range []int{1, 2, 100, 1000, 100_000} {
		w := onSockets(t)
		c := w.client()
		c.expectEcho("before")
		cut := w.proxy.CutMidFrame(faultproxy.FromGateway)
		c.send(strings.Repeat("x", size))
		got, err := io.ReadAll(c.NetConn())
		must(t, err)
		if payload := strings.Count(string(got), "x"); len(got) < 2 || payload != size/2 {
			t.Errorf("%d of %d bytes of the payload have come, want half of them", payload, size)
		}
		await(t, "the frame is cut", cut)
		if s := w.proxy.Stats(); s.FromGateway.Broken != 1 || s.Cut != 1 {
			t.Errorf("%+v, want 1 broken frame and 1 cut", s)
		}
	}
}

func TestFramesOfClientsCanBeCutToo(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	c.expectEcho("before")
	cut := w.proxy.CutMidFrame(faultproxy.FromClient)
	c.send("half of this")
	await(t, "the frame is cut", cut)
	if err := c.fails(); err == nil {
		t.Error("the connection lives on")
	}
}

func TestATruncatedFrameEatsTheNext(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	truncated := w.proxy.TruncateFrame(faultproxy.FromGateway)
	c.send("0123456789")
	await(t, "the frame is truncated", truncated)
	c.send("abc")
	if got := c.receive(); got != "01234\x81\x03abc" {
		t.Errorf("got %q, want the first half, then what came next", got)
	}
}

func TestAnOversizedFrameIsItsMessageAndSpaces(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	for _, from := range []faultproxy.Direction{faultproxy.FromClient, faultproxy.FromGateway} {
		oversize := w.proxy.OversizeFrame(from, 3_000_001)
		c.send("{}")
		if got := c.receive(); len(got) != 3_000_001 || strings.TrimRight(got, " ") != "{}" {
			t.Errorf("%v: got %d bytes, %.10q", from, len(got), got)
		}
		await(t, "the frame is made larger", oversize)
	}
	c.expectEcho("as before")
}

func TestAnOversizedFrameMayNeverEnd(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	oversize := w.proxy.OversizeFrame(faultproxy.FromGateway, 1<<62)
	c.SetReadLimit(1 << 20)
	c.send("{}")
	if err := c.fails(); !errors.Is(err, websocket.ErrReadLimit) {
		t.Errorf("got %v, want that the limit is reached", err)
	}
	c.Close()
	await(t, "the frame has ended with the connection", oversize)
}

func TestACorruptFrameHasAZeroByte(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	for _, from := range []faultproxy.Direction{faultproxy.FromClient, faultproxy.FromGateway} {
		corrupt := w.proxy.CorruptFrame(from)
		c.send("0123456789")
		if got := c.receive(); got != "01234\x006789" {
			t.Errorf("%v: got %q", from, got)
		}
		await(t, "the frame is corrupted", corrupt)
	}
	c.expectEcho("as before")
}

func TestACorruptFrameIsNoticedWhenItIsCompressedToo(t *testing.T) {
	w := onSockets(t)
	for length := range 40 {
		for _, from := range []faultproxy.Direction{faultproxy.FromClient, faultproxy.FromGateway} {
			c := w.compressing()
			c.expectEcho("before")
			corrupt := w.proxy.CorruptFrame(from)
			c.send(strings.Repeat("0123456789", length) + "x")
			if _, message, err := c.ReadMessage(); err == nil {
				t.Errorf("%v: a message of %d bytes is read as %q", from, 10*length+1, message)
			}
			await(t, "the frame is corrupted", corrupt)
		}
	}
}

func TestCompressedMessagesAreCounted(t *testing.T) {
	inMemory(t, func(w *world) {
		w.client().expectEcho("plain")
		w.compressing().expectEcho("compressed")
		synctest.Wait() // a frame is counted when it has been written
		if s := w.proxy.Stats(); s.FromClient.Compressed != 1 || s.FromGateway.Compressed != 1 || s.FromGateway.Frames != 2 {
			w.t.Errorf("%+v, want one compressed message of two, each way", s)
		}
	})
}

func TestACorruptFrameIsOneThatBeginsAMessage(t *testing.T) {
	w := onSockets(t)
	c := w.compressing()
	writer, err := c.NextWriter(websocket.TextMessage)
	must(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 100_000) // that cannot be compressed, so there are several frames
	for i := range long {
		long[i] = byte('a' + rng.IntN(26))
	}
	begun := make(chan struct{})
	w.proxy.AfterFrames(faultproxy.FromClient, 1, func() {
		w.proxy.CorruptFrame(faultproxy.FromClient)
		close(begun)
	})
	_, err = writer.Write(long)
	must(t, err)
	await(t, "the message has begun", begun)
	must(t, writer.Close())
	if got := c.receive(); got != string(long) {
		t.Error("a frame in the middle of a message is corrupted")
	}
	c.send("x")
	if err := c.fails(); err == nil {
		t.Error("the next message is not corrupted")
	}
}

func TestFaultsOfFramesComeInTurn(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	w.proxy.CorruptFrame(faultproxy.FromGateway)
	w.proxy.OversizeFrame(faultproxy.FromGateway, 6)
	must(t, c.WriteControl(websocket.PingMessage, []byte("not a data frame"), time.Now().Add(patience)))
	c.send("abc")
	c.send("abc")
	c.send("abc")
	if got := []string{c.receive(), c.receive(), c.receive()}; !slices.Equal(got, []string{"a\x00c", "abc   ", "abc"}) {
		t.Errorf("got %q", got)
	}
}

func TestHealDisarms(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	w.proxy.CorruptFrame(faultproxy.FromGateway)
	w.proxy.AfterBytes(faultproxy.FromGateway, 1, w.proxy.Reset)
	w.proxy.AfterFrames(faultproxy.FromClient, 1, w.proxy.Reset)
	must(t, w.proxy.Heal())
	c.expectEcho("abc")
}

// slow makes the gateway slower than a client, which has then sent all that it wants to
// before anything comes back, and is cut off.
var slow = faultproxy.Faults{Latency: time.Second}

func TestAfterBytesIsExact(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Set(slow, faultproxy.FromGateway)
		w.proxy.AfterBytes(faultproxy.FromGateway, 1234, w.proxy.Cut)
		w.proxy.AfterBytes(faultproxy.FromGateway, 1000, func() {}) // another on the way
		for range 10 {
			c.send(strings.Repeat("x", 300))
		}
		got, err := io.ReadAll(c.NetConn())
		must(t, err)
		if len(got) != 1234 {
			t.Errorf("%d bytes have come, want 1234", len(got))
		}
	})
}

func TestAfterFramesIsExact(t *testing.T) {
	inMemory(t, func(w *world) {
		c := w.client()
		w.proxy.Set(slow, faultproxy.FromGateway)
		w.proxy.AfterFrames(faultproxy.FromGateway, 3, w.proxy.Cut)
		for range 10 {
			c.send("x")
		}
		frames := 0
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				break
			}
			frames++
		}
		if frames != 3 {
			t.Errorf("%d frames have come, want 3", frames)
		}
	})
}

func TestAfterNothingIsAtOnce(t *testing.T) {
	w := onSockets(t)
	called := 0
	w.proxy.AfterBytes(faultproxy.FromClient, 0, func() { called++ })
	w.proxy.AfterFrames(faultproxy.FromClient, -1, func() { called++ })
	if called != 2 {
		t.Errorf("%d of 2 were called", called)
	}
}

func TestMessagesCanBeChangedDroppedAndMadeUp(t *testing.T) {
	w := onSockets(t)
	var mu sync.Mutex
	var seen []string
	var kept *faultproxy.Message
	w.proxy.Intercept(func(m *faultproxy.Message) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, m.From.String()+": "+string(m.Data))
		switch {
		case m.From == faultproxy.FromGateway:
		case string(m.Data) == "change":
			m.Data = []byte("changed to something longer")
		case string(m.Data) == "drop":
			m.Drop()
			kept = m
		}
	})
	c := w.client()
	c.send("change")
	c.send("drop")
	c.send("pass")
	if got := []string{c.receive(), c.receive()}; !slices.Equal(got, []string{"changed to something longer", "pass"}) {
		t.Errorf("got %q", got)
	}
	mu.Lock()
	want := []string{"from client: change", "from client: drop", "from client: pass"}
	if got := slices.DeleteFunc(seen, func(s string) bool { return !strings.HasPrefix(s, "from client") }); !slices.Equal(got, want) {
		t.Errorf("the interceptor has seen %q, want %q", got, want)
	}
	kept.Deliver()
	mu.Unlock()
	if got := c.receive(); got != "drop" {
		t.Errorf("got %q, want what was dropped before", got)
	}
	w.proxy.Intercept(nil)
	conns := w.proxy.Conns()
	if len(conns) != 1 || conns[0].Number() != 1 {
		t.Fatalf("%d connections, want the first", len(conns))
	}
	conns[0].Send(faultproxy.FromGateway, []byte("made up"))
	if got := c.receive(); got != "made up" {
		t.Errorf("got %q", got)
	}
	conns[0].Send(faultproxy.FromClient, []byte("made up, and sent back"))
	if got := c.receive(); got != "made up, and sent back" {
		t.Errorf("got %q", got)
	}
}

func TestFragmentedMessagesPassAsTheyAre(t *testing.T) {
	w := onSockets(t)
	w.proxy.Intercept(func(m *faultproxy.Message) {
		if m.From == faultproxy.FromClient {
			t.Errorf("a fragment was shown: %.20q", m.Data)
		}
	})
	c := w.client()
	writer, err := c.NextWriter(websocket.TextMessage)
	must(t, err)
	want := strings.Repeat("0123456789", 2000)
	_, err = io.WriteString(writer, want)
	must(t, err)
	must(t, writer.Close())
	if got := c.receive(); got != want {
		t.Errorf("%d bytes have come of %d", len(got), len(want))
	}
}
