package faultproxy_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/resclient/resclient-go/resgatetest/faultproxy"
)

// talk starts something that listens on TCP and says "hello, world" to everybody, and
// a proxy in front of it.
func talk() (*faultproxy.Proxy, func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "hello, world")
			c.Close()
		}
	}()
	p, err := faultproxy.Start(l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	return p, func() {
		p.Close()
		l.Close()
	}
}

// listen returns all that is said by a proxy.
func listen(p *faultproxy.Proxy) string {
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	all, _ := io.ReadAll(c)
	return string(all)
}

func ExampleStart() {
	proxy, stop := talk()
	defer stop()
	fmt.Println(listen(proxy))
	// Output: hello, world
}

func ExampleProxy_AfterBytes() {
	proxy, stop := talk()
	defer stop()
	proxy.AfterBytes(faultproxy.FromGateway, 5, proxy.Cut)
	fmt.Println(listen(proxy))
	// Output: hello
}

func ExampleProxy_Set() {
	proxy, stop := talk()
	defer stop()
	proxy.Set(faultproxy.Faults{Latency: 50 * time.Millisecond}, faultproxy.FromGateway)
	begun := time.Now()
	fmt.Println(listen(proxy), time.Since(begun) >= 50*time.Millisecond)
	// Output: hello, world true
}
