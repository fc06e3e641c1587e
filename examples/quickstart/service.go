package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// service is a RES service over NATS. It answers the gateways that ask for
// news.today, and tells them when there is a new edition.
type service struct {
	nc        *nats.Conn
	page      *page
	requests  chan *nats.Msg
	today     news
	published chan struct{} // a token for who waits for the next edition
}

// news is the model news.today.
type news struct {
	Edition int    `json:"edition"`
	Message string `json:"message"`
}

var messages = []string{
	"Rain expected", "Sun after all", "Bridge open again", "Cat finds its way home", "Bakery wins a prize",
	"Trains on time", "Harbour freezes over", "Lost ring turns up", "Library stays open late", "Bees like the new roof",
}

func edition(n int) news {
	return news{Edition: n, Message: messages[(n-1)%len(messages)]}
}

// newService connects to NATS and begins to listen.
func newService(url string, p *page) (*service, error) {
	nc, err := nats.Connect(url)
	if err != nil {
		return nil, fmt.Errorf("connect service to NATS: %w", err)
	}
	s := &service{nc: nc, page: p, requests: make(chan *nats.Msg, 100), today: edition(1), published: make(chan struct{})}
	for _, subject := range []string{"access.news.today", "get.news.today"} {
		if _, err := nc.ChanSubscribe(subject, s.requests); err != nil {
			nc.Close()
			return nil, fmt.Errorf("listen on %q: %w", subject, err)
		}
	}
	if err := nc.Flush(); err != nil {
		nc.Close()
		return nil, fmt.Errorf("wait for NATS: %w", err)
	}
	return s, nil
}

// run serves the news until ctx ends.
func (s *service) run(ctx context.Context, every time.Duration) {
	defer s.nc.Close()
	next := time.NewTicker(every)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case request := <-s.requests:
			s.answer(request)
		case <-next.C:
			s.today = edition(s.today.Edition + 1)
			s.page.line("service", "publishes edition %d", s.today.Edition)
			s.publish("event.news.today.change", map[string]any{"values": s.today})
			select {
			case s.published <- struct{}{}:
			default:
			}
		}
	}
}

// answer lets everyone read the news, and gives what they are now.
func (s *service) answer(request *nats.Msg) {
	var result any = map[string]any{"model": s.today}
	if request.Subject == "access.news.today" {
		result = map[string]any{"get": true}
	}
	s.publish(request.Reply, map[string]any{"result": result})
}

func (s *service) publish(subject string, payload any) {
	data, err := json.Marshal(payload)
	if err == nil {
		err = s.nc.Publish(subject, data)
	}
	if err != nil {
		s.page.line("service", "%v", err)
	}
}
