package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// proxy starts an HTTP proxy on a local port, and has HTTP_PROXY and HTTPS_PROXY name it,
// with a password.
//
//	proxy STATUS    it connects to nothing, and answers this status
//	proxy gateway   it connects to the gateway of the script, whoever is asked for
//	proxy hangup    it ends connections without an answer
//	proxy mute      it never answers
//	proxy down      it is not there any more
//
// The environment's proxy is not for local addresses, so scripts use ws://gateway.invalid.
func proxy(ts *testscript.TestScript, _ bool, args []string) {
	addr := listen(ts, args)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		ts.Setenv(name, "http://user:hunter@"+addr)
	}
}

// web starts what is no gateway, and does as a proxy would, and has RES_URL name it.
func web(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv("RES_URL", "ws://"+listen(ts, args))
}

func listen(ts *testscript.TestScript, args []string) (addr string) {
	if len(args) != 1 {
		ts.Fatalf("usage: proxy or web STATUS|gateway|hangup|mute|down")
	}
	if args[0] == "down" {
		return "127.0.0.1:1" // which no system gives to anybody by itself
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	p := &scriptProxy{does: args[0], listener: l}
	if w := worldOf(ts); w.server != nil {
		p.gateway = w.server.Addr()
	}
	p.running.Go(p.accept)
	ts.Defer(p.close)
	return l.Addr().String()
}

type scriptProxy struct {
	does     string
	gateway  string
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func (p *scriptProxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.keep(c)
		p.running.Go(func() {
			if p.does != "mute" {
				defer c.Close()
				p.answer(c)
			}
		})
	}
}

func (p *scriptProxy) answer(c net.Conn) {
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil || p.does == "hangup" {
		return
	}
	if p.does != "gateway" || request.Method != http.MethodConnect {
		fmt.Fprintf(c, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", p.does) // without a reason
		return
	}
	to, err := net.Dial("tcp", p.gateway)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	p.keep(to)
	defer to.Close()
	fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\n")
	p.running.Go(func() {
		io.Copy(c, to)
		c.Close()
	})
	io.Copy(to, r)
}

func (p *scriptProxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
}

func (p *scriptProxy) close() {
	p.listener.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}
