package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

func TestNothingIsChangedWithoutAFault(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	for _, size := range []int{0, 1, 125, 126, 127, 65535, 65536, 200_000} {
		c.expectEcho(strings.Repeat("ä", size/2) + strings.Repeat("x", size%2))
	}
	must(t, c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "bye"), time.Now().Add(patience)))
	if err := c.fails(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the gateway's close frame has become %v", err)
	}
	s := w.proxy.Stats()
	if s.FromGateway.Frames != 8 || s.FromClient.Frames < 8 { // the client makes several of a long message
		t.Errorf("%+v, want 8 frames from the gateway and more from the client", s)
	}
}

func TestCutIsTheEndOfTheStream(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	c.expectEcho("x")
	w.proxy.Cut()
	if n, err := c.NetConn().Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("a cut gives %d bytes and %v, want the end", n, err)
	}
	w.client().expectEcho("the next connection")
	if s := w.proxy.Stats(); s.Cut != 1 || s.Accepted != 2 {
		t.Errorf("%+v, want 1 cut of 2 connections", s)
	}
}

func TestResetIsATCPReset(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	c.expectEcho("x")
	w.proxy.Reset()
	if n, err := c.NetConn().Read(make([]byte, 1)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset gives %d bytes and %v, want a reset", n, err)
	}
	if s := w.proxy.Stats(); s.Reset != 1 {
		t.Errorf("%+v, want 1 reset", s)
	}
}

func TestHalfOpenTellsOnlyTheGateway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	w := newWorld(t, nil, l.Addr().String())
	c := w.tcp()
	gateway, err := l.Accept()
	must(t, err)
	defer gateway.Close()
	_, err = io.WriteString(c, "x")
	must(t, err)
	_, err = io.ReadFull(gateway, make([]byte, 1))
	must(t, err)

	w.proxy.HalfOpen()
	must(t, gateway.SetReadDeadline(time.Now().Add(patience)))
	if _, err := gateway.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the gateway gets %v, want the end", err)
	}
	_, err = c.Write(make([]byte, 8<<20)) // more than all buffers on the way have room for
	must(t, err)
	must(t, c.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
		t.Errorf("the client gets %d bytes and %v, want nothing", n, err)
	}
	must(t, w.proxy.Heal())
	must(t, c.SetReadDeadline(time.Now().Add(patience)))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client gets %v after Heal, want a reset", err)
	}
	if s := w.proxy.Stats(); s.HalfOpened != 1 || s.FromClient.Discarded == 0 {
		t.Errorf("%+v, want 1 half open connection, and bytes that were discarded", s)
	}
}

func TestRefuseIsUndoneOnTheSameAddress(t *testing.T) {
	w := onSockets(t)
	c := w.client()
	w.proxy.Refuse()
	if _, err := w.dialNet(t.Context(), "tcp", w.proxy.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling gives %v, want that it is refused", err)
	}
	c.expectEcho("the connection that is open stays so")
	must(t, w.proxy.Heal())
	w.client().expectEcho("a new one")
}

func TestHangAcceptsAndDoesNothing(t *testing.T) {
	inMemory(t, func(w *world) {
		old := w.client()
		w.proxy.Hang()
		c := w.tcp()
		must(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		if n, err := c.Read(make([]byte, 1)); n != 0 || !isTimeout(err) {
			t.Errorf("%d bytes and %v from a gateway that hangs, want a timeout", n, err)
		}
		old.expectEcho("the connection that is open stays so")
		must(t, w.proxy.Heal())
		must(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the connection that hung gets %v after Heal, want a reset", err)
		}
		w.client().expectEcho("a new one")
		if s := w.proxy.Stats(); s.Hung != 1 || s.Accepted != 2 {
			t.Errorf("%+v, want 1 connection that hung and 2 that did not", s)
		}
	})
}

func TestAGatewayThatIsNotThereResetsTheClient(t *testing.T) {
	w := newWorld(t, nil, "127.0.0.1:1") // a port that no system gives to anybody by itself
	c, err := w.dialNet(t.Context(), "tcp", w.proxy.Addr())
	if err == nil { // else the reset is faster
		defer c.Close()
		must(t, c.SetReadDeadline(time.Now().Add(patience)))
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client gets %v, want a reset", err)
	}
	if s := w.proxy.Stats(); s.Unreachable != 1 {
		t.Errorf("%+v, want 1 connection without a gateway", s)
	}
}

func TestHalfClosedConnectionsStaySo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	w := newWorld(t, nil, l.Addr().String())
	c := w.tcp()
	gateway, err := l.Accept()
	must(t, err)
	defer gateway.Close()
	_, err = io.WriteString(c, "question")
	must(t, err)
	must(t, c.(*net.TCPConn).CloseWrite())
	question, err := io.ReadAll(gateway)
	must(t, err)
	_, err = io.WriteString(gateway, "answer to "+string(question))
	must(t, err)
	must(t, gateway.Close())
	answer, err := io.ReadAll(c)
	must(t, err)
	if string(answer) != "answer to question" {
		t.Errorf("got %q", answer)
	}
}

func TestCloseLeavesNothing(t *testing.T) { // with the leak check of TestMain
	for _, fault := range []func(*faultproxy.Proxy){
		func(*faultproxy.Proxy) {},
		func(p *faultproxy.Proxy) { p.Stall() },
		func(p *faultproxy.Proxy) { p.HalfOpen() },
		func(p *faultproxy.Proxy) { p.Refuse() },
		func(p *faultproxy.Proxy) { p.Hang() },
		func(p *faultproxy.Proxy) { p.Set(faultproxy.Faults{Latency: time.Hour}) },
		func(p *faultproxy.Proxy) { p.Set(faultproxy.Faults{BytesPerSecond: 1}) },
		func(p *faultproxy.Proxy) { p.OversizeFrame(faultproxy.FromGateway, 1<<60) },
	} {
		w := onSockets(t)
		c := w.client()
		c.expectEcho("x")
		fault(w.proxy)
		c.send("on its way")
		w.proxy.Close()
		if c.fails() == nil {
			t.Error("the connection lives on")
		}
		if _, err := w.dialNet(t.Context(), "tcp", w.proxy.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling a closed proxy gives %v, want that it is refused", err)
		}
		if n := w.proxy.Stats().Open; n != 0 {
			t.Errorf("%d connections are open", n)
		}
		must(t, w.proxy.Heal())
		w.proxy.Close()
	}
}

func TestGatewaysAreNamedByURLOrAddress(t *testing.T) {
	for _, test := range []struct{ gateway, url string }{
		{"127.0.0.1:8080", "ws://%"},
		{"ws://127.0.0.1:8080/some/path?token=x", "ws://%/some/path?token=x"},
		{"wss://gateway.example", "wss://%"},
	} {
		p, err := faultproxy.Start(test.gateway)
		must(t, err)
		if want := strings.Replace(test.url, "%", p.Addr(), 1); p.URL() != want {
			t.Errorf("the URL is %q for %q, want %q", p.URL(), test.gateway, want)
		}
		p.Close()
	}
	for _, gateway := range []string{"", "gateway", "nats://host", "ws://", ":80", "ws://a b"} {
		if p, err := faultproxy.Start(gateway); err == nil {
			p.Close()
			t.Errorf("%q was taken for a gateway", gateway)
		}
	}
	if _, err := faultproxy.Start("127.0.0.1:1", faultproxy.WithNetwork(nil, nil)); err == nil {
		t.Error("a network without functions was taken")
	}
	if _, err := faultproxy.Start("127.0.0.1:1", faultproxy.WithAddr("256.0.0.1:1")); err == nil {
		t.Error("an impossible address was taken")
	}
}
