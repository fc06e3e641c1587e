package faultproxy

// Stats are figures of what a proxy has done since it was started.
type Stats struct {
	Accepted    int // connections that were passed on, or would have been
	Open        int // of them, those that are open
	Unreachable int // of them, those that were reset because the gateway could not be dialled
	Hung        int // connections that were accepted and left alone

	Cut        int // connections ended by the proxy, with or without half a frame
	Reset      int // connections ended by the proxy with a reset, but those that hung
	HalfOpened int // connections whose gateway side was closed alone

	FromClient, FromGateway Traffic // what was passed on, by who has sent it
}

// Traffic is what went in one direction.
type Traffic struct {
	Bytes      int64 // that were written
	Frames     int64 // data frames that were passed on, broken ones and those made up included
	Broken     int64 // of them, those that were cut, truncated, made too large or corrupted
	Compressed int64 // of them, those that began a compressed message
	Corrupted  int64 // bytes that were changed
	Discarded  int64 // bytes of clients that went to nobody, see [Proxy.HalfOpen]
}

// Stats returns the figures of this moment.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Open = len(p.conns)
	return s
}

func (p *Proxy) count(f func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.stats)
}

func (s *Stats) traffic(d Direction) *Traffic {
	if d == FromClient {
		return &s.FromClient
	}
	return &s.FromGateway
}
