package conformance_test

import (
	"bytes"
	"sync"

	"github.com/resclient/resclient-go/resgatetest/faultproxy"
	"github.com/resclient/resclient-go/wire"
)

// proxy stands between clients and the gateway. It can change, keep back and make
// up frames.
type proxy struct {
	*faultproxy.Proxy

	mu       sync.Mutex
	requests map[int]map[uint64]wire.Request // that have passed, by connection and id
}

// parcel is a frame on its way. An edit may change the frame or drop it, or keep it
// and deliver it later.
type parcel struct {
	*faultproxy.Message
	request *wire.Request // what it is, or what it answers; nil for events
}

// is reports whether the parcel is a request of a type about a resource, or the
// answer to one.
func (p *parcel) is(from faultproxy.Direction, kind wire.RequestType, rid string) bool {
	return p.From == from && p.request != nil && p.request.Type == kind && p.request.RID == rid
}

// replace replaces a part of the frame, if it is there.
func (p *parcel) replace(part, by string) {
	p.Data = bytes.Replace(p.Data, []byte(part), []byte(by), 1)
}

// newProxy starts a proxy. Edit sees every frame; nil leaves all as they are.
func (w *world) newProxy(edit func(*parcel)) *proxy {
	w.t.Helper()
	var opts []faultproxy.Option
	if w.fake() {
		opts = append(opts, faultproxy.WithNetwork(w.network.Listen, w.network.Dial), faultproxy.WithAddr("proxy:8080"))
	}
	started, err := faultproxy.Start(w.gateway.URL(), opts...)
	w.must(err)
	w.t.Cleanup(started.Close)
	p := &proxy{Proxy: started, requests: make(map[int]map[uint64]wire.Request)}
	if edit != nil {
		p.Intercept(func(m *faultproxy.Message) { edit(&parcel{Message: m, request: p.request(m)}) })
	}
	return p
}

// send makes up a frame of the gateway, on the latest connection.
func (p *proxy) send(frame string) {
	all := p.Conns()
	all[len(all)-1].Send(faultproxy.FromGateway, []byte(frame))
}

// request returns the request that a frame is, or answers.
func (p *proxy) request(m *faultproxy.Message) *wire.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	passed := p.requests[m.Conn.Number()]
	if m.From == faultproxy.FromClient {
		r, err := wire.ParseRequest(m.Data)
		if err != nil {
			return nil
		}
		if passed == nil {
			passed = make(map[uint64]wire.Request)
			p.requests[m.Conn.Number()] = passed
		}
		passed[r.ID] = r
		return &r
	}
	parsed, err := wire.Parse(m.Data)
	if err != nil {
		return nil
	}
	if a, ok := parsed.(*wire.Response); ok {
		if r, ok := passed[a.ID]; ok {
			return &r
		}
	}
	return nil
}
